#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tenure_server::fuzzing::scim_filter(bytes));
