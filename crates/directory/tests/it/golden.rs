//! The durable form of every event. `tests/golden/NAME.N.json` is the N-th shape in which an event of that name was ever
//! written; these files are only ever added, since journals keep what they hold.

#![expect(clippy::disallowed_methods, reason = "golden files are files")]

use crate::samples::{company_events, registry_events};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tenure_directory::{Encoded, Event, RegistryEvent};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The golden files of a name, by the number of their shape.
fn shapes_of(name: &str) -> BTreeMap<u32, Value> {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap());
    let shapes = entries.filter_map(|entry| {
        let file = entry.file_name().into_string().unwrap();
        let number = file.strip_prefix(name)?.strip_prefix('.')?.strip_suffix(".json")?.parse().ok()?;
        Some((number, serde_json::from_slice(&std::fs::read(entry.path()).unwrap()).unwrap()))
    });
    shapes.collect()
}

fn written(encoded: &Encoded) -> Value {
    let parsed = |text: &String| serde_json::from_str::<Value>(text).unwrap();
    json!({ "name": encoded.name, "body": parsed(&encoded.body), "personal": encoded.personal.as_ref().map(parsed) })
}

fn decode<E, F: Fn(&str, &str, Option<&str>) -> E>(shape: &Value, decode: F) -> E {
    let personal = (!shape["personal"].is_null()).then(|| shape["personal"].to_string());
    decode(shape["name"].as_str().unwrap(), &shape["body"].to_string(), personal.as_deref())
}

/// Writes the first golden file of a name that has none; an existing file is never touched.
fn write_first(encoded: &Encoded) {
    let file = folder().join(format!("{}.1.json", encoded.name));
    std::fs::write(&file, format!("{:#}\n", written(encoded))).unwrap();
}

fn check_newest(encoded: &Encoded) {
    let shapes = shapes_of(encoded.name);
    let (number, newest) = shapes.last_key_value().unwrap();
    assert_eq!(
        *newest,
        written(encoded),
        "{} is written in another shape than {number}; journals hold the old one, so keep reading it and add the new \
         shape as {}.{}.json",
        encoded.name,
        encoded.name,
        number + 1
    );
}

#[test]
fn every_event_is_written_in_its_newest_golden_shape() {
    let samples = company_events().into_iter().map(|event| event.encode());
    let samples: Vec<_> = samples.chain(registry_events().iter().map(RegistryEvent::encode)).collect();
    let new: Vec<_> = samples.iter().filter(|encoded| shapes_of(encoded.name).is_empty()).collect();
    for encoded in &new {
        write_first(encoded);
    }
    assert!(
        new.is_empty(),
        "golden files were written for new events; look at them and commit them: {new:?}"
    );
    samples.iter().for_each(check_newest);
}

#[test]
fn the_newest_golden_shape_of_every_event_reads_as_the_event() {
    for event in company_events() {
        let shapes = shapes_of(event.name());
        let read = decode(shapes.last_key_value().unwrap().1, Event::decode).unwrap();
        assert_eq!(read, event);
    }
    for event in registry_events() {
        let shapes = shapes_of(event.name());
        let read = decode(shapes.last_key_value().unwrap().1, RegistryEvent::decode).unwrap();
        assert_eq!(read, event);
    }
}

#[test]
fn every_shape_that_was_ever_written_is_read() {
    for name in Event::NAMES {
        for (number, shape) in shapes_of(name) {
            assert!(decode(&shape, Event::decode).is_ok(), "{name}.{number}");
        }
    }
    for name in RegistryEvent::NAMES {
        for (number, shape) in shapes_of(name) {
            assert!(decode(&shape, RegistryEvent::decode).is_ok(), "{name}.{number}");
        }
    }
}

#[test]
fn there_is_a_sample_of_every_event() {
    let names: Vec<_> = company_events().iter().map(Event::name).collect();
    assert_eq!(names, Event::NAMES);
    let names: Vec<_> = registry_events().iter().map(RegistryEvent::name).collect();
    assert_eq!(names, RegistryEvent::NAMES);
}

#[test]
fn an_unknown_name_or_an_unknown_field_is_never_skipped() {
    let unknown = Event::decode("teammate.teleported", "{}", None).unwrap_err();
    assert!(unknown.to_string().contains("written by a newer Tenure"), "{unknown}");
    let shape =
        Event::decode("teammate.blocked", r#"{"teammate":"tea_1","reason":"left"}"#, None).unwrap_err();
    assert!(shape.to_string().contains("teammate.blocked"), "{shape}");
}

#[test]
fn personal_data_is_kept_apart_and_an_erased_event_is_still_read() {
    for event in company_events() {
        let Encoded { name, body, .. } = event.encode();
        for personal in ["ana@example.com", "Ana", "López", "ana_lopez"] {
            assert!(!body.contains(personal), "{name} has {personal} in its body: {body}");
        }
        assert!(Event::decode(name, &body, None).is_ok(), "{name} without its personal part");
    }
}

#[test]
fn every_event_has_a_sentence_for_the_audit_without_personal_data() {
    for event in company_events() {
        let sentence = event.sentence();
        assert!(!sentence.is_empty(), "{}", event.name());
        for personal in ["ana@example.com", "Ana", "López", "ana_lopez"] {
            assert!(!sentence.contains(personal), "{sentence}");
        }
    }
}
