//! The SCIM face (`contract/scim.md`, `contract/scim-clients.md`), through real requests. Files are laid out as the contract's
//! tables are; a test is named after the row that it holds.

#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that fails")]

mod bulk;
mod discovery;
mod documented;
mod entra;
mod errors;
mod etags;
mod filters;
mod groups;
mod history;
mod okta;
mod pages;
mod patches;
mod projections;
mod search;
mod users;
mod where_it_is;

use reqwest::Method;
use serde_json::{Value, json};
use tenure_testkit::{Reply, TestCompany, TestServer};

pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub(crate) const FIELDS: &str = "urn:ietf:params:scim:schemas:extension:frontapp:teammate_custom_fields";
pub(crate) const TEAMMATE: &str = "urn:tenure:params:scim:schemas:extension:1.0:Teammate";
pub(crate) const BASE: &str = "http://tenure.test/scim/v2";

/// A company with an identity provider, on a server of its own.
pub(crate) struct Scim {
    pub(crate) server: TestServer,
    pub(crate) rest: TestCompany,
    idp: TestCompany,
}

impl Scim {
    pub(crate) async fn start() -> Self {
        Self::on(TestServer::start().await).await
    }

    pub(crate) async fn on(server: TestServer) -> Self {
        let rest = server.company("Acme").await;
        let idp = rest.with_token(rest.scim_token(&server).await);
        Self { server, rest, idp }
    }

    /// Requests with another token.
    pub(crate) fn with_token(&self, token: &str) -> TestCompany {
        self.idp.with_token(token)
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.idp.request(method, &format!("/scim/v2{path}"))
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        self.idp.send(request).await
    }

    async fn with_body(&self, method: Method, path: &str, body: &Value) -> Reply {
        let request = self.request(method, path).header("content-type", "application/scim+json");
        self.send(request.body(body.to_string())).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.with_body(Method::POST, path, &body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.with_body(Method::PUT, path, &body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// PATCH with these operations.
    pub(crate) async fn patch(&self, path: &str, operations: Value) -> Reply {
        self.with_body(Method::PATCH, path, &patch(operations)).await
    }

    /// A list with a filter.
    pub(crate) async fn filter(&self, path: &str, filter: &str) -> Reply {
        self.get(&format!("{path}?filter={}", encoded(filter))).await
    }

    /// Creates a user; its id.
    pub(crate) async fn user(&self, user_name: &str) -> String {
        self.created("/Users", user(user_name)).await
    }

    /// Creates a group with these members; its id.
    pub(crate) async fn group(&self, name: &str, members: &[&str]) -> String {
        self.created("/Groups", group(name, members)).await
    }

    pub(crate) async fn created(&self, path: &str, body: Value) -> String {
        let created = self.post(path, body).await.expect(201).json();
        created["id"].as_str().unwrap().to_owned()
    }

    /// The ids of a group's members.
    pub(crate) async fn members(&self, group: &str) -> Vec<String> {
        let group = self.get(&format!("/Groups/{group}")).await.expect(200).json();
        values(&group["members"])
    }
}

/// A text as a part of a query.
pub(crate) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The `value` of each.
pub(crate) fn values(list: &Value) -> Vec<String> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().map(|item| item["value"].as_str().unwrap().to_owned()).collect()
}

/// The ids of a list's resources.
pub(crate) fn ids(list: &Reply) -> Vec<String> {
    let list = list.json();
    let resources = list["Resources"].as_array().unwrap_or_else(|| panic!("no list: {list}"));
    resources.iter().map(|resource| resource["id"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn user(user_name: &str) -> Value {
    json!({"schemas": [USER], "userName": user_name})
}

pub(crate) fn group(name: &str, members: &[&str]) -> Value {
    let members: Vec<_> = members.iter().map(|id| json!({"value": id})).collect();
    json!({"schemas": [GROUP], "displayName": name, "members": members})
}

pub(crate) fn patch(operations: Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
}

/// An object with more members.
pub(crate) fn with(mut object: Value, more: Value) -> Value {
    let (Value::Object(members), Value::Object(more)) = (&mut object, more) else { unreachable!() };
    members.extend(more);
    object
}

/// The `scimType` of an error, after looking at what every error has.
#[track_caller]
pub(crate) fn scim_type(error: &Reply) -> String {
    let body = error.json();
    assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]), "{error}");
    assert_eq!(body["status"], json!(error.status.to_string()), "{error}");
    assert!(body["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{error}");
    assert_eq!(error.header("content-type"), Some("application/scim+json; charset=utf-8"), "{error}");
    body["scimType"].as_str().unwrap_or_default().to_owned()
}
