//! The SCIM side of the same company: for what REST does not offer on some servers, and for comparing.

use crate::client::{ClientOptions, part};
use crate::error::{Error, SetupError};
use crate::server_url::ServerUrl;
use crate::transport::{Answer, Call, Kind, Transport};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// How many resources are asked for at once.
const PAGE: usize = 100;
/// A list that does not end after so many resources is not believed.
const RESOURCES_AT_MOST: usize = 5_000_000;

/// A User, as SCIM tells of it (RFC 7643, section 4.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScimUser {
    /// Its id.
    pub id: String,
    /// Its name for signing in, here the address.
    #[serde(default)]
    pub user_name: String,
    /// What the identity provider calls it.
    #[serde(default)]
    pub external_id: Option<String>,
    /// Whether it may sign in.
    #[serde(default = "yes")]
    pub active: bool,
    /// Its names.
    #[serde(default)]
    pub name: Option<ScimName>,
    /// What else the server said.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

const fn yes() -> bool {
    true
}

/// The names of a User.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScimName {
    /// The first name.
    #[serde(default)]
    pub given_name: Option<String>,
    /// The last name.
    #[serde(default)]
    pub family_name: Option<String>,
}

impl ScimUser {
    /// Its address: the primary one of `emails`, else the first, else `userName`.
    pub fn email(&self) -> &str {
        let emails =
            self.other.get("emails").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let primary = emails.iter().find(|email| email["primary"] == true).or(emails.first());
        primary.and_then(|email| email["value"].as_str()).unwrap_or(&self.user_name)
    }
}

/// What a SCIM service says that it supports (RFC 7643, section 5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a feature of its own, as the RFC lists them")]
pub struct ScimFeatures {
    /// PATCH.
    pub patch: bool,
    /// Bulk requests.
    pub bulk: bool,
    /// Filters.
    pub filter: bool,
    /// Whether there are Groups.
    pub groups: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    total_results: usize,
    #[serde(default, rename = "Resources")]
    resources: Vec<ScimUser>,
}

/// A client of a SCIM service. Clones share everything.
#[derive(Clone)]
pub struct ScimClient {
    transport: Arc<Transport>,
}

impl fmt::Debug for ScimClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScimClient").field("url", &self.transport.base().to_string()).finish_non_exhaustive()
    }
}

impl ScimClient {
    /// A client; the URL is that of the service, such as `https://…/scim/v2`.
    pub fn new(options: ClientOptions) -> Result<Self, SetupError> {
        Ok(Self { transport: Arc::new(Transport::new(options)?) })
    }

    /// Where the service is.
    pub fn url(&self) -> &ServerUrl {
        self.transport.base()
    }

    /// All Users, by index pages (RFC 7644, section 3.4.2.4). A list that ends before it says is an error: who is missing
    /// would be taken for somebody who left.
    pub async fn users(&self) -> Result<Vec<ScimUser>, Error> {
        let mut all: BTreeMap<String, ScimUser> = BTreeMap::new();
        let mut seen = 0;
        loop {
            let path = format!("/Users?startIndex={}&count={PAGE}", seen + 1);
            let answer = self.ask(Method::GET, &path, None).await?;
            let list: List = answer.json()?;
            seen += list.resources.len();
            let is_empty = list.resources.is_empty();
            all.extend(list.resources.into_iter().map(|user| (user.id.clone(), user)));
            if seen >= list.total_results {
                return Ok(all.into_values().collect());
            }
            if is_empty || seen > RESOURCES_AT_MOST {
                let why = format!("it says that there are {} Users and gives {seen}", list.total_results);
                return Err(Error::Unreadable { request: answer.request, why });
            }
        }
    }

    /// The User with a `userName`.
    pub async fn user_by_name(&self, user_name: &str) -> Result<Option<ScimUser>, Error> {
        let quoted = Value::from(user_name).to_string();
        let path = format!("/Users?filter={}", part(&format!("userName eq {quoted}")));
        let list: List = self.ask(Method::GET, &path, None).await?.json()?;
        Ok(list.resources.into_iter().find(|user| user.user_name.eq_ignore_ascii_case(user_name)))
    }

    /// Creates a User.
    pub async fn create_user(&self, email: &str, name: &ScimName) -> Result<ScimUser, Error> {
        let body = json!({
            "schemas": [USER_SCHEMA], "userName": email, "active": true, "name": name,
            "emails": [{ "value": email, "primary": true }],
        });
        self.ask(Method::POST, "/Users", Some(body)).await?.json()
    }

    /// Deactivates a User.
    pub async fn deactivate_user(&self, id: &str) -> Result<(), Error> {
        let operations = json!([{ "op": "replace", "path": "active", "value": false }]);
        let body = json!({ "schemas": [PATCH_SCHEMA], "Operations": operations });
        self.ask(Method::PATCH, &format!("/Users/{}", part(id)), Some(body)).await.map(drop)
    }

    /// What the service says that it supports.
    pub async fn features(&self) -> Result<ScimFeatures, Error> {
        let config: Value = self.ask(Method::GET, "/ServiceProviderConfig", None).await?.json()?;
        let says = |name: &str| config[name]["supported"] == true;
        let groups = self.ask(Method::GET, "/Groups?count=1", None).await;
        Ok(ScimFeatures {
            patch: says("patch"),
            bulk: says("bulk"),
            filter: says("filter"),
            groups: groups.is_ok(),
        })
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Answer, Error> {
        let kind = if method == Method::GET { Kind::Read } else { Kind::Write };
        let url = self.transport.base().join(path);
        let content_type = "application/scim+json";
        self.transport.send(Call { method, url, kind, body, content_type, idempotency_key: None }).await
    }
}
