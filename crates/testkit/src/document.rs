//! An OpenAPI document, and holding answers to it.

use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

/// An operation of a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// The path's template, such as `/teams/{team_id}`.
    pub path: String,
    /// The method in upper case.
    pub method: String,
    /// Whether it needs a token.
    pub needs_token: bool,
}

/// An OpenAPI document.
pub struct Document {
    document: Value,
    validators: Mutex<BTreeMap<String, Validator>>,
}

impl Document {
    /// A document from its JSON.
    ///
    /// # Panics
    /// When it is no object with paths.
    pub fn new(mut document: Value) -> Self {
        assert!(document["paths"].is_object(), "an OpenAPI document has paths");
        if document["openapi"].as_str().is_some_and(|version| version.starts_with("3.0")) {
            allow_null_where_nullable(&mut document);
        }
        Self { document, validators: Mutex::default() }
    }

    /// All operations.
    pub fn operations(&self) -> Vec<Operation> {
        let paths = self.document["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(path, item)| {
            METHODS.iter().filter_map(move |method| {
                let operation = item.get(*method)?;
                let needs_token = operation["security"].as_array().is_some_and(|needed| !needed.is_empty());
                Some(Operation { path: path.clone(), method: method.to_uppercase(), needs_token })
            })
        });
        operations.collect()
    }

    /// Whether the document has an operation.
    pub fn has(&self, method: &str, template: &str) -> bool {
        self.document["paths"][template].get(method.to_lowercase()).is_some()
    }

    /// The statuses that an operation may answer with.
    pub fn statuses(&self, method: &str, template: &str) -> Vec<u16> {
        let responses = &self.document["paths"][template][method.to_lowercase()]["responses"];
        let statuses = responses.as_object().into_iter().flatten();
        statuses.filter_map(|(status, _)| status.parse().ok()).collect()
    }

    /// What of an answer's body is not as the document says; nothing, where the document gives no schema.
    pub fn faults(&self, method: &str, template: &str, status: u16, body: &[u8]) -> Vec<String> {
        let method = method.to_lowercase();
        let mut response = &self.document["paths"][template][&method]["responses"][status.to_string()];
        if let Some(reference) = response["$ref"].as_str() {
            response = self.document.pointer(reference.trim_start_matches('#')).unwrap();
        }
        let schema = &response["content"]["application/json"]["schema"];
        if schema.is_null() {
            return vec![];
        }
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return vec!["the body is not JSON".to_owned()];
        };
        let key = format!("{method} {template} {status}");
        let mut validators = self.validators.lock().unwrap();
        let validator = validators.entry(key).or_insert_with(|| self.validator(schema));
        let faults = validator.iter_errors(&body);
        faults.map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
    }

    /// References in the schema point into `components`, so it is carried along.
    fn validator(&self, schema: &Value) -> Validator {
        let whole = json!({ "allOf": [schema], "components": self.document["components"] });
        jsonschema::validator_for(&whole).unwrap()
    }
}

/// OpenAPI 3.0 says `nullable` where JSON Schema has another type beside the first.
fn allow_null_where_nullable(value: &mut Value) {
    if value["nullable"] == true && value["type"].is_string() {
        value["type"] = json!([value["type"], "null"]);
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(allow_null_where_nullable),
        Value::Object(entries) => entries.values_mut().for_each(allow_null_where_nullable),
        _ => {}
    }
}
