//! An answer, and its picture for snapshots.

use reqwest::header::HeaderMap;
use serde_json::Value;
use std::fmt;

/// Headers that a picture shows; the rest differs from run to run or is the same everywhere.
const SHOWN: [&str; 9] = [
    "allow",
    "content-type",
    "etag",
    "idempotent-replayed",
    "location",
    "retry-after",
    "www-authenticate",
    "content-encoding",
    "connection",
];

/// An answer of the server, read to its end.
#[derive(Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        Self::read_whole(response).await.unwrap()
    }

    /// Reads an answer to its end; an error when that does not come.
    pub async fn read_whole(response: reqwest::Response) -> reqwest::Result<Self> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { status, headers, body: response.bytes().await?.to_vec() })
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self}"))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// A header that is a number.
    ///
    /// # Panics
    /// When it is missing or no number.
    pub fn number(&self, name: &str) -> i64 {
        self.header(name)
            .and_then(|value| value.parse().ok())
            .unwrap_or_else(|| panic!("no {name} in {self}"))
    }

    /// The answer, if it has this status.
    ///
    /// # Panics
    /// When it has another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// The message of an error.
    pub fn message(&self) -> String {
        self.json()["_error"]["message"].as_str().unwrap_or_default().to_owned()
    }

    /// The stable code of an error.
    pub fn code(&self) -> String {
        self.json()["_error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// What is wrong with each field that an error is about.
    pub fn details(&self) -> Value {
        self.json()["_error"]["details"].clone()
    }

    /// The ids of a list's items.
    pub fn ids(&self) -> Vec<String> {
        let list = self.json();
        let items = list["_results"].as_array().unwrap_or_else(|| panic!("no list: {self}"));
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }

    /// The path and query of a list's next page.
    pub fn next(&self) -> Option<String> {
        let next = self.json()["_pagination"]["next"].as_str()?.to_owned();
        let path = next.strip_prefix(crate::PUBLIC_URL);
        Some(path.unwrap_or_else(|| panic!("{next} does not start with the public URL")).to_owned())
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status)?;
        for name in SHOWN {
            if let Some(value) = self.header(name) {
                writeln!(f, "{name}: {value}")?;
            }
        }
        if self.body.is_empty() {
            return Ok(());
        }
        match serde_json::from_slice::<Value>(&self.body) {
            Ok(value) => write!(f, "\n{}", serde_json::to_string_pretty(&value).unwrap()),
            Err(_) => write!(f, "\n{}", self.text()),
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
