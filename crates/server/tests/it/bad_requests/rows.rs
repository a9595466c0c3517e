//! A row of the table: a request that is to be refused, and how it must be answered.

use super::{INVALID, NOT_JSON};
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt;
use tenure_testkit::{Reply, TestCompany};

/// A request that is to be refused.
pub(super) struct Ask {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<Vec<u8>>,
}

pub(super) fn ask(method: &'static str, path: impl Into<String>) -> Ask {
    Ask { method, path: path.into(), headers: vec![], body: None }
}

pub(super) fn keyed(ask: Ask, key: &str) -> Ask {
    ask.header("idempotency-key", key)
}

/// A request that would change nothing even if it were carried out.
pub(super) fn add_to_support(teammate: &str) -> Ask {
    ask("POST", "/teams/tim_1/teammates").json(json!({ "teammate_ids": [teammate] }).to_string())
}

impl Ask {
    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(super) fn json(self, body: impl Into<Vec<u8>>) -> Self {
        self.header("content-type", "application/json").body(body)
    }

    pub(super) fn gets(self, status: u16, code: &'static str, part: impl Into<String>) -> Row {
        Row { ask: self, status, code, part: part.into(), allow: &[] }
    }

    pub(super) async fn send(&self, company: &TestCompany) -> Reply {
        let method = Method::from_bytes(self.method.as_bytes()).expect("a method is letters");
        let mut request = company.request(method, &self.path);
        for (name, value) in &self.headers {
            request = request.header(*name, value.as_bytes());
        }
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        company.send(request).await
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(self.body.as_deref().unwrap_or_default());
        let start: String = body.chars().take(120).collect();
        write!(f, "{} {:.120} {:?} {start:?}", self.method, self.path, self.headers)
    }
}

/// A bad request, and how it is answered: the status, the code, and a part of the message or of a detail.
pub(super) struct Row {
    pub(super) ask: Ask,
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) part: String,
    /// The methods of `Allow`, sorted; empty where there is no such header.
    pub(super) allow: &'static [&'static str],
}

impl Row {
    /// What of an answer is not as it must be.
    pub(super) fn fault(&self, reply: &Reply) -> Option<String> {
        let answer: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let error = &answer["_error"];
        let message = error["message"].as_str().unwrap_or_default();
        let details = error["details"].as_array().into_iter().flatten();
        let details: Vec<_> = details.filter_map(Value::as_str).collect();
        let told = format!("{message}\n{}", details.join("\n"));
        let is_number = |name| reply.header(name).is_some_and(|value| value.parse::<u64>().is_ok());
        let is_about_the_body = matches!(self.code, INVALID | NOT_JSON);
        let has_a_place = told.contains(" line ") || told.contains(" offset ");
        let checks = [
            ("status", reply.status == self.status),
            ("_error.status", error["status"] == self.status),
            ("_error.title", error["title"] == title_of(self.status)),
            ("_error.message", !message.is_empty() && told.contains(&self.part)),
            ("_error.code", error["code"] == self.code),
            ("leading words", !is_about_the_body || message.starts_with("Body did not satisfy requirements")),
            ("_error.details", !is_about_the_body || !details.is_empty()),
            ("the place", self.code != NOT_JSON || has_a_place),
            ("allow", allowed_by(reply) == self.allow),
            ("content-type", reply.header("content-type") == Some("application/json")),
            ("x-request-id", reply.header("x-request-id").is_some_and(|id| !id.is_empty())),
            ("x-ratelimit-limit", is_number("x-ratelimit-limit")),
            ("x-ratelimit-remaining", is_number("x-ratelimit-remaining")),
            ("x-ratelimit-reset", is_number("x-ratelimit-reset")),
        ];
        let wrong: Vec<_> = checks.iter().filter(|(_, holds)| !holds).map(|(what, _)| *what).collect();
        let Self { ask, status, code, part, .. } = self;
        (!wrong.is_empty()).then(|| {
            format!("{ask}\n  wanted {status} {code} {part:?}; wrong: {}\n{reply}\n", wrong.join(", "))
        })
    }
}

fn allowed_by(reply: &Reply) -> Vec<&str> {
    let allow = reply.header("allow").unwrap_or_default();
    let mut methods: Vec<_> = allow.split(',').map(str::trim).filter(|method| !method.is_empty()).collect();
    methods.sort_unstable();
    methods
}

fn title_of(status: u16) -> &'static str {
    match status {
        400 => "Bad request",
        403 => "Forbidden",
        404 => "Not found",
        405 => "Method not allowed",
        409 => "Conflict",
        412 => "Precondition failed",
        414 => "URI too long",
        415 => "Unsupported media type",
        422 => "Unprocessable entity",
        other => panic!("no row expects {other}"),
    }
}
