//! JSON written straight into bytes, for the answers that are asked for most.

/// Writes a text as it is.
pub(crate) fn raw(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// Writes `true` or `false`.
pub(crate) fn flag(out: &mut Vec<u8>, value: bool) {
    raw(out, if value { "true" } else { "false" });
}

/// Writes a text as a JSON string, as `serde_json` does.
pub(crate) fn text(out: &mut Vec<u8>, text: &str) {
    let is_plain = text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    if is_plain {
        out.push(b'"');
        raw(out, text);
        out.push(b'"');
    } else {
        serde_json::to_writer(out, text).expect("writing a text to bytes cannot fail");
    }
}
