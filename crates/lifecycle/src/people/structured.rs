//! YAML, JSON (which YAML contains) and TOML: a list of people, by itself or under `people`.

use crate::people::field::Field;
use crate::people::{Given, Place, Reading};
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned as YamlSpanned;
use std::collections::BTreeMap;
use toml::Spanned as TomlSpanned;

type YamlRow = BTreeMap<String, YamlSpanned<Value>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct YamlPeople {
    people: Vec<YamlSpanned<YamlRow>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TomlPeople {
    #[serde(default)]
    people: Vec<TomlSpanned<BTreeMap<String, TomlSpanned<toml::Value>>>>,
}

impl Reading<'_> {
    pub(super) fn yaml(&mut self, text: &str, source: usize) {
        let is_list = text.lines().map(str::trim_start).find(|line| {
            !line.is_empty() && !line.starts_with('#') && !line.starts_with("---") && !line.starts_with('%')
        });
        let is_list = is_list.is_some_and(|line| line.starts_with('-') || line.starts_with('['));
        let read = if is_list {
            serde_saphyr::from_str_with_options::<Vec<YamlSpanned<YamlRow>>>(text, options_for(text))
        } else {
            serde_saphyr::from_str_with_options::<YamlPeople>(text, options_for(text)).map(|file| file.people)
        };
        match read {
            Ok(rows) => {
                for row in rows {
                    let place = yaml_place(&row, source);
                    let cells = row.value.into_iter().map(|(name, cell)| {
                        let place = yaml_place(&cell, source);
                        (name, place, cell.value)
                    });
                    self.structured_row(Place { column: 0, ..place }, cells.collect());
                }
            }
            Err(error) => {
                let place = error.location().map(|location| (location.line(), location.column()));
                let (line, column) = place.unwrap_or_default();
                let place = Place { source, line, column };
                let message = error.without_snippet().to_string().replace('\n', " ");
                self.problem(
                    place,
                    format!("{message}; a people file is a list of people, each with `email`"),
                );
            }
        }
    }

    pub(super) fn toml(&mut self, text: &str, source: usize) {
        let place = |at: usize| {
            let before = &text[..at.min(text.len())];
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
            let number = |number| u64::try_from(number).unwrap_or(u64::MAX);
            Place { source, line: number(line), column: number(column) }
        };
        match toml::from_str::<TomlPeople>(text) {
            Ok(file) => {
                for row in file.people {
                    let at = Place { column: 0, ..place(row.span().start) };
                    let cells = row.into_inner().into_iter().map(|(name, cell)| {
                        let at = place(cell.span().start);
                        (name, at, json_of(cell.into_inner()))
                    });
                    self.structured_row(at, cells.collect());
                }
            }
            Err(error) => {
                let at = error.span().map_or(Place { source, line: 0, column: 0 }, |span| place(span.start));
                let message = error.message().trim_end().replace('\n', ", ");
                self.problem(
                    at,
                    format!("{message}; a people file has tables [[people]], each with `email`"),
                );
            }
        }
    }

    fn structured_row(&mut self, place: Place, cells: Vec<(String, Place, Value)>) {
        let mut known: Vec<(Field, Place, Value)> = Vec::with_capacity(cells.len());
        for (name, at, value) in cells {
            if name == "custom_fields" {
                match value {
                    Value::Object(fields) => known.extend(
                        fields.into_iter().map(|(name, value)| (Field::CustomField(name), at, value)),
                    ),
                    Value::Null => {}
                    _ => self.problem(at, "custom_fields: must be a map from names to values"),
                }
            } else if let Some(field) = self.column(&name, at) {
                known.push((field, at, value));
            }
        }
        self.row(place, known.iter().map(|(field, at, value)| (field, *at, Given::Value(value.clone()))));
    }
}

/// How much a text may hold: as many nodes as it has bytes, which aliases cannot multiply. By default a quarter of a million
/// are taken, which large companies have.
fn options_for(text: &str) -> serde_saphyr::Options {
    let mut options = serde_saphyr::Options::default();
    if let Some(budget) = &mut options.budget {
        let size = text.len().max(1_000);
        budget.max_nodes = budget.max_nodes.max(size);
        budget.max_events = budget.max_events.max(size.saturating_mul(2));
        budget.max_total_scalar_bytes = budget.max_total_scalar_bytes.max(size);
    }
    options
}

fn yaml_place<T>(spanned: &YamlSpanned<T>, source: usize) -> Place {
    Place { source, line: spanned.referenced.line(), column: spanned.referenced.column() }
}

fn json_of(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Array(values) => Value::Array(values.into_iter().map(json_of).collect()),
        toml::Value::Table(table) => {
            Value::Object(table.into_iter().map(|(name, value)| (name, json_of(value))).collect())
        }
        other @ (toml::Value::String(_)
        | toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)) => serde_json::to_value(other).unwrap_or_default(),
    }
}
