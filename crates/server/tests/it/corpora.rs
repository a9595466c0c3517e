//! What the fuzzers found worth keeping (`fuzz/corpus`), fed to the same functions without a fuzzer.

use std::path::Path;
use tenure_server::fuzzing;

/// Feeds every file of a corpus; how many there were.
fn feed(corpus: &str, parser: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(corpus);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files: Vec<_> = files.map(|entry| entry.expect("the folder can be read").path()).collect();
    for file in &files {
        let bytes = std::fs::read(file).expect("a corpus holds files");
        let fed = std::panic::catch_unwind(|| parser(&bytes));
        assert!(fed.is_ok(), "{}", file.display());
    }
    files.len()
}

macro_rules! corpora {
    ($($name:ident),*) => {$(
        #[test]
        fn $name() {
            assert!(feed(stringify!($name), fuzzing::$name) > 0);
        }
    )*};
}

corpora!(body, head, page_token, token, email, idempotency_key, operator, scim_filter, scim_patch);
