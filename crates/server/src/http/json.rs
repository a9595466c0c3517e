//! JSON as it comes in: strict where leniency would hide a mistake (`contract/reliability.md`, "Security").

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use std::fmt;
use tenure_directory::custom_field::number_as_json;
use tenure_directory::text::repeated;

/// The largest magnitude of a number: beyond it a double is not exact (RFC 7493, section 2.2).
const MAX_NUMBER: f64 = 9_007_199_254_740_991.0;

/// A value. Objects keep their order and have no key twice.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Boolean(bool),
    Number(f64),
    Text(Box<str>),
    Array(Vec<Json>),
    Object(Vec<(Box<str>, Json)>),
}

impl Json {
    /// Reads a whole text, or says what is wrong and where.
    pub(crate) fn parse(bytes: &[u8], max_depth: usize) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            format!("it is not UTF-8; the first bad byte is at offset {}", error.valid_up_to())
        })?;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let value = Nested { depth: 0, max_depth }
            .deserialize(&mut deserializer)
            .map_err(|error| error.to_string())?;
        deserializer.end().map_err(|error| error.to_string())?;
        Ok(value)
    }

    /// What kind of value it is, for messages.
    pub(crate) const fn describe(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Boolean(_) => "a boolean",
            Json::Number(_) => "a number",
            Json::Text(_) => "a string",
            Json::Array(_) => "an array",
            Json::Object(_) => "an object",
        }
    }

    /// The value as libraries take it; a whole number as one without a point.
    pub(crate) fn into_value(self) -> serde_json::Value {
        match self {
            Json::Null => serde_json::Value::Null,
            Json::Boolean(value) => value.into(),
            Json::Number(value) => number_as_json(value).into(),
            Json::Text(value) => String::from(value).into(),
            Json::Array(values) => values.into_iter().map(Json::into_value).collect(),
            Json::Object(entries) => {
                entries.into_iter().map(|(key, value)| (String::from(key), value.into_value())).collect()
            }
        }
    }

    /// The value in one canonical spelling: keys sorted, no white space. Two bodies that mean the same share it.
    pub(crate) fn canonical(&self) -> serde_json::Value {
        match self {
            Json::Null => serde_json::Value::Null,
            Json::Boolean(value) => (*value).into(),
            Json::Number(value) => (*value).into(),
            Json::Text(value) => value.as_ref().into(),
            Json::Array(values) => values.iter().map(Json::canonical).collect(),
            Json::Object(entries) => {
                entries.iter().map(|(key, value)| (String::from(key.as_ref()), value.canonical())).collect()
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Nested {
    depth: usize,
    max_depth: usize,
}

impl Nested {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= self.max_depth {
            return Err(E::custom(format!("arrays and objects may nest at most {} deep", self.max_depth)));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

fn number<E: serde::de::Error>(value: f64) -> Result<Json, E> {
    if value.abs() > MAX_NUMBER {
        return Err(E::custom(format!("a number must be between -{MAX_NUMBER} and {MAX_NUMBER}")));
    }
    Ok(Json::Number(value))
}

fn text<E: serde::de::Error>(value: &str) -> Result<Box<str>, E> {
    if value.contains('\0') {
        return Err(E::custom("a string must not contain the character U+0000"));
    }
    Ok(value.into())
}

impl<'de> DeserializeSeed<'de> for Nested {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

#[expect(clippy::cast_precision_loss, reason = "values beyond the exact range of a double are refused")]
impl<'de> Visitor<'de> for Nested {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Boolean(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Json, E> {
        number(value as f64)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Json, E> {
        number(value as f64)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Json, E> {
        number(value)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Json, E> {
        text(value).map(Json::Text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(value) = values.next_element_seed(inner)? {
            array.push(value);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let mut object: Vec<(Box<str>, Json)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            let key = text::<A::Error>(&key)?;
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(format!("the key \"{}\" is there twice", repeated(&key))));
            }
            object.push((key, entries.next_value_seed(inner)?));
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_hide_a_mistake_is_refused_with_its_place() {
        let deep = "[".repeat(10_000);
        for (text, part) in [
            ("{\"a\":1,\"a\":2}", "twice"),
            ("{\"a\":1", "EOF"),
            ("[1] x", "trailing"),
            (deep.as_str(), "64 deep"),
            ("12345678901234567890", "between"),
            ("1e400", "out of range"),
            ("\"\\ud800\"", "hex escape"),
            ("\"\\u0000\"", "U+0000"),
            ("NaN", "expected"),
            ("", "EOF"),
        ] {
            let error = Json::parse(text.as_bytes(), 64).unwrap_err();
            assert!(error.contains(part), "{text:.20}: {error}");
        }
        assert!(Json::parse(b"\"\xff\"", 64).unwrap_err().contains("offset 1"));
    }

    #[test]
    fn the_canonical_form_does_not_depend_on_spelling() {
        let one = Json::parse(b"{\"b\":1,\"a\":[true,null]}", 64).unwrap();
        let other = Json::parse(b" { \"a\" : [true , null], \"b\":1.0 }", 64).unwrap();
        assert_eq!(one.canonical(), other.canonical());
    }
}
