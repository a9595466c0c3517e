//! The house rules that no compiler holds. A message says what to do.

#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Which crates of ours each crate may stand on (`ARCHITECTURE.md`, "The crates"). Arrows point one way.
const ARROWS: [(&str, &[&str]); 10] = [
    ("directory", &[]),
    ("journal", &[]),
    ("scim", &[]),
    ("engine", &["directory", "journal"]),
    ("delivery", &["directory", "engine", "journal"]),
    ("server", &["delivery", "directory", "engine", "journal", "scim"]),
    ("client", &[]),
    ("lifecycle", &["client"]),
    ("testkit", &["delivery", "directory", "engine", "journal", "server"]),
    ("tenure", &["client", "directory", "engine", "journal", "lifecycle", "server"]),
];

/// The faces of the server. None sees another; what they share is in `http`.
const FACES: [&str; 3] = ["rest", "scim", "operator"];

const LONGEST_FILE: usize = 700;
const EMPTY_NAMES: [&str; 7] = ["util", "utils", "helper", "helpers", "common", "misc", "manager"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// All files under a folder with an ending, by their path from the root, with their text.
fn files(folder: &str, ending: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && name != "corpus" {
                folders.push(path);
            } else if name.ends_with(ending) {
                let shown = path.strip_prefix(root()).unwrap().display().to_string();
                found.insert(shown, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

fn sources() -> BTreeMap<String, String> {
    files("crates", ".rs").into_iter().chain(files("xtask", ".rs")).collect()
}

#[test]
fn arrows_between_crates_point_one_way() {
    for (name, allowed) in ARROWS {
        let manifest = std::fs::read_to_string(root().join(format!("crates/{name}/Cargo.toml"))).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default();
        let dependencies = dependencies.split("\n[").next().unwrap_or_default();
        let ours = dependencies.lines().filter_map(|line| line.strip_prefix("tenure-"));
        let ours: BTreeSet<_> = ours.filter_map(|line| line.split(['.', ' ']).next()).collect();
        let extra: Vec<_> = ours.difference(&allowed.iter().copied().collect()).copied().collect();
        assert!(
            extra.is_empty(),
            "{name} may not depend on {extra:?}: turn the arrow round, or change the table"
        );
    }
}

#[test]
fn every_crate_is_in_the_table_of_arrows() {
    let entries = std::fs::read_dir(root().join("crates")).unwrap();
    let crates: BTreeSet<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let known: BTreeSet<_> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(crates, known, "add the new crate to the table, and to ARCHITECTURE.md");
}

#[test]
fn no_face_of_the_server_sees_another() {
    for face in FACES {
        for (path, text) in files(&format!("crates/server/src/{face}"), ".rs") {
            for other in FACES.iter().filter(|other| **other != face) {
                let seen = text.contains(&format!("crate::{other}"));
                assert!(!seen, "{path} uses {other}: move what both need into http/");
            }
        }
    }
    for (path, text) in files("crates/server/src/http", ".rs") {
        for face in FACES {
            assert!(!text.contains(&format!("crate::{face}")), "{path} uses {face}: http/ knows no face");
        }
    }
}

#[test]
fn every_file_says_what_it_is() {
    for (path, text) in sources() {
        assert!(text.starts_with("//! "), "{path} must begin with a line `//!` that says what it holds");
    }
}

#[test]
fn no_file_holds_more_than_one_idea() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= LONGEST_FILE, "{path} has {lines} lines: split it at its second idea");
    }
}

#[test]
fn every_name_tells_something() {
    for (path, _) in sources() {
        let name = Path::new(&path).file_stem().unwrap().to_string_lossy().into_owned();
        assert!(!EMPTY_NAMES.contains(&name.as_str()), "{path}: name the file after what it does");
    }
}

#[test]
fn every_exception_explains_itself() {
    let excuse = concat!("#[", "allow(");
    for (path, text) in sources() {
        assert!(!text.contains(excuse), "{path}: use #[expect(…, reason = \"…\")]");
        for (at, _) in text.match_indices(concat!("[", "expect(")) {
            let end = text[at..].find(")]").map_or(text.len(), |end| at + end);
            assert!(text[at..end].contains("reason ="), "{path}: an exception needs its reason");
        }
    }
}

#[test]
fn numbers_are_read_as_they_were_written() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let line = manifest.lines().find(|line| line.starts_with("serde_json = ")).unwrap();
    assert!(
        line.contains("float_roundtrip"),
        "without it a replay differs from the live state by a last digit"
    );
}

#[test]
fn the_licence_is_there() {
    let licence = std::fs::read_to_string(root().join("LICENSE")).unwrap();
    assert!(licence.contains("Apache License") && licence.contains("Version 2.0"));
}
