//! A company to test with: requests with its token, and things made in one line.

use crate::reply::Reply;
use crate::server::TestServer;
use reqwest::Method;
use serde_json::{Value, json};
use tenure_directory::id::CompanyId;
use tenure_server::operator::{CompanyRequest, NewToken, OperatorReply, OperatorRequest, TokenWish};

/// A company with a company-level token that has every scope and no rate limit.
#[derive(Clone)]
pub struct TestCompany {
    /// Its id.
    pub id: CompanyId,
    /// Its short name.
    pub slug: String,
    /// The token that requests carry.
    pub token: String,
    base: String,
    http: reqwest::Client,
}

impl TestCompany {
    pub(crate) async fn found(server: &TestServer, name: &str) -> Self {
        let request = OperatorRequest::CreateCompany { name: name.to_owned(), slug: None };
        let OperatorReply::Company(created) = server.operate(request).await else { unreachable!() };
        let mut company = Self {
            id: created.id.parse().unwrap(),
            slug: created.slug,
            token: String::new(),
            base: format!("http://{}", server.address()),
            http: server.http().clone(),
        };
        company.token = company.new_token(server, TestCompany::wish("company")).await.token;
        company
    }

    /// The wish for a token of a kind, with every scope and no limit.
    pub fn wish(kind: &str) -> TokenWish {
        TokenWish {
            kind: kind.to_owned(),
            teammate: None,
            scopes: vec![],
            rate_limit: Some("unlimited".to_owned()),
            expires_in: None,
            note: None,
        }
    }

    /// Asks something of the operator plane about this company.
    pub async fn operate(&self, server: &TestServer, ask: CompanyRequest) -> OperatorReply {
        server.operate(OperatorRequest::Company { company: Some(self.slug.clone()), ask }).await
    }

    /// Makes a token.
    pub async fn new_token(&self, server: &TestServer, wish: TokenWish) -> NewToken {
        let OperatorReply::NewToken(token) = self.operate(server, CompanyRequest::CreateToken(wish)).await
        else {
            unreachable!()
        };
        token
    }

    /// Makes a company-level token with these scopes; its text.
    pub async fn scoped(&self, server: &TestServer, scopes: &[&str]) -> String {
        let scopes = scopes.iter().map(ToString::to_string).collect();
        self.new_token(server, TokenWish { scopes, ..Self::wish("company") }).await.token
    }

    /// Makes a token that acts as a teammate; its text.
    pub async fn token_of(&self, server: &TestServer, teammate: &str) -> String {
        let teammate = Some(teammate.to_owned());
        self.new_token(server, TokenWish { teammate, ..Self::wish("teammate") }).await.token
    }

    /// Makes a SCIM token, setting single sign-on first; its text.
    pub async fn scim_token(&self, server: &TestServer) -> String {
        self.operate(server, CompanyRequest::SetSso { metadata: "<EntityDescriptor/>".to_owned() }).await;
        self.new_token(server, Self::wish("scim")).await.token
    }

    /// Makes a team; its id.
    pub async fn team(&self, server: &TestServer, name: &str) -> String {
        let ask = CompanyRequest::CreateTeam { name: name.to_owned(), is_private: false };
        let OperatorReply::Team(team) = self.operate(server, ask).await else { unreachable!() };
        team.id
    }

    /// Configures a custom field; its id.
    pub async fn custom_field(
        &self,
        server: &TestServer,
        name: &str,
        kind: &str,
        choices: &[&str],
    ) -> String {
        let (name, kind) = (name.to_owned(), kind.to_owned());
        let choices = choices.iter().map(ToString::to_string).collect();
        let ask = CompanyRequest::CreateCustomField { name, kind, choices };
        let OperatorReply::CustomField(field) = self.operate(server, ask).await else { unreachable!() };
        field.id
    }

    /// Changes a setting, such as `reactivation=api`.
    pub async fn set(&self, server: &TestServer, setting: &str) {
        self.operate(server, CompanyRequest::Set { settings: vec![setting.to_owned()] }).await;
    }

    /// The same company, with requests carrying another token.
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: token.into(), ..self.clone() }
    }

    /// A request with the token, to be completed and sent with [`TestCompany::send`].
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    /// Sends a request.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        Reply::read(request.send().await.unwrap()).await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    /// PATCH with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    /// DELETE without a body.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// DELETE with a JSON body.
    pub async fn delete_with(&self, path: &str, body: Value) -> Reply {
        self.send(self.request(Method::DELETE, path).json(&body)).await
    }

    /// Creates a teammate; its id.
    pub async fn teammate(&self, email: &str) -> String {
        self.create(json!({ "email": email })).await
    }

    /// Creates a teammate who is an administrator; its id.
    pub async fn admin(&self, email: &str) -> String {
        self.create(json!({ "email": email, "is_admin": true })).await
    }

    async fn create(&self, body: Value) -> String {
        let created = self.post("/teammates", body).await.expect(201);
        created.json()["id"].as_str().unwrap().to_owned()
    }

    /// Puts teammates into a team.
    pub async fn join(&self, team: &str, teammates: &[&str]) {
        self.post(&format!("/teams/{team}/teammates"), json!({ "teammate_ids": teammates }))
            .await
            .expect(204);
    }
}
