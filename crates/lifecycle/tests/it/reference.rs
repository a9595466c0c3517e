//! `docs/settings.md` is what the code says. `UPDATE_DOCS=1 cargo test -p tenure-lifecycle` writes it anew.

use std::collections::BTreeSet;
use std::path::Path;
use tenure_lifecycle::settings::{REFERENCE, Settings, reference};

#[test]
fn every_setting_is_in_the_reference() {
    let defaults = serde_json::to_value(Settings::default()).unwrap();
    let mut known = BTreeSet::new();
    for (table, keys) in defaults.as_object().unwrap() {
        let keys = keys.as_object().unwrap();
        if keys.is_empty() {
            known.insert((table.as_str(), ""));
        }
        known.extend(keys.keys().map(|key| (table.as_str(), key.as_str())));
    }
    let told: BTreeSet<_> = REFERENCE.iter().map(|(table, key, _)| (*table, *key)).collect();
    assert_eq!(told, known);
}

#[test]
fn the_page_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/settings.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, reference()).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(page, reference(), "write it anew: UPDATE_DOCS=1 cargo test -p tenure-lifecycle");
}
