//! A client of a server in another process.

use crate::reply::Reply;
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;

/// A client of the API with a token and connections of its own; clones share the connections.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Api {
    /// A client of the server at a URL.
    pub fn new(url: &str, token: &str) -> Self {
        let http = crate::http_client::local_client().timeout(Duration::from_mins(1)).build().unwrap();
        Self { http, url: url.to_owned(), token: token.to_owned() }
    }

    /// The token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A request to a path or a whole URL, with the token.
    pub fn request(&self, method: Method, target: &str) -> reqwest::RequestBuilder {
        let base = if target.starts_with('/') { self.url.as_str() } else { "" };
        self.http.request(method, format!("{base}{target}")).bearer_auth(&self.token)
    }

    /// Sends a request to a path or a whole URL; an error when no whole answer came.
    pub async fn try_send(
        &self,
        method: Method,
        target: &str,
        body: Option<Value>,
    ) -> reqwest::Result<Reply> {
        let mut request = self.request(method, target);
        if let Some(body) = &body {
            request = request.json(body);
        }
        Reply::read_whole(request.send().await?).await
    }

    /// GET.
    pub async fn get(&self, target: &str) -> Reply {
        self.try_send(Method::GET, target, None).await.unwrap()
    }

    /// POST.
    pub async fn post(&self, target: &str, body: Value) -> Reply {
        self.try_send(Method::POST, target, Some(body)).await.unwrap()
    }

    /// DELETE without a body.
    pub async fn delete(&self, target: &str) -> Reply {
        self.try_send(Method::DELETE, target, None).await.unwrap()
    }
}
