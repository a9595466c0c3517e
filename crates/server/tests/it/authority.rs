//! Who may do what: every operation of our own OpenAPI document, asked with every token that must not suffice.

use crate::inboxes::{channel, inbox};
use crate::messages::receive;
use crate::openapi::path_of;
use reqwest::Method;
use std::collections::BTreeSet;
use std::time::Duration;
use tenure_directory::secret::{SecretKind, SecretText};
use tenure_directory::{CompanyId, Scope};
use tenure_server::http::Limits;
use tenure_server::operator::{CompanyRequest, TokenWish};
use tenure_testkit::{Document, Operation, Reply, TestCompany, TestServer};

/// What an operation asks of a token.
#[derive(Debug, Clone, Copy)]
enum Need {
    /// That it is a REST token.
    Rest,
    /// That it is company-level and has the scope.
    Company(&'static str),
    /// The same, or that it is of the teammate in the path and has the scope.
    CompanyOrSelf(&'static str),
}

use Need::{Company, CompanyOrSelf, Rest};

/// What every operation that needs a token asks of it. A new one must be entered here.
const NEEDS: [(&str, &str, Need); 48] = [
    ("GET", "/me", Rest),
    ("GET", "/teammates", Company("teammates:read")),
    ("POST", "/teammates", Company("teammates:write")),
    ("GET", "/teammates/custom_fields", Company("custom_fields:read")),
    ("GET", "/teammates/{teammate_id}", CompanyOrSelf("teammates:read")),
    ("PATCH", "/teammates/{teammate_id}", Company("teammates:write")),
    ("DELETE", "/teammates/{teammate_id}", Company("teammates:write")),
    ("GET", "/teammates/{teammate_id}/inboxes", CompanyOrSelf("inboxes:read")),
    ("GET", "/teammates/{teammate_id}/conversations", CompanyOrSelf("conversations:read")),
    ("GET", "/teammates/{teammate_id}/invitation", Company("teammates:read")),
    ("POST", "/teammates/{teammate_id}/invitation/resend", Company("teammates:write")),
    ("GET", "/teams", Company("teams:read")),
    ("GET", "/teams/{team_id}", Company("teams:read")),
    ("GET", "/teams/{team_id}/teammates", Company("teams:read")),
    ("POST", "/teams/{team_id}/teammates", Company("teams:write")),
    ("DELETE", "/teams/{team_id}/teammates", Company("teams:write")),
    ("GET", "/inboxes", Company("inboxes:read")),
    ("POST", "/inboxes", Company("inboxes:write")),
    ("GET", "/inboxes/{inbox_id}", Company("inboxes:read")),
    ("GET", "/inboxes/{inbox_id}/channels", Company("inboxes:read")),
    ("POST", "/inboxes/{inbox_id}/channels", Company("inboxes:write")),
    ("GET", "/channels", Company("inboxes:read")),
    ("GET", "/channels/{channel_id}", Company("inboxes:read")),
    ("POST", "/channels/{channel_id}/incoming_messages", Company("conversations:write")),
    ("GET", "/conversations", Company("conversations:read")),
    ("GET", "/conversations/{conversation_id}", Company("conversations:read")),
    ("PATCH", "/conversations/{conversation_id}", Company("conversations:write")),
    ("PUT", "/conversations/{conversation_id}/assignee", Company("conversations:write")),
    ("GET", "/conversations/{conversation_id}/messages", Company("conversations:read")),
    ("POST", "/conversations/{conversation_id}/messages", Company("conversations:write")),
    ("GET", "/conversations/{conversation_id}/events", Company("events:read")),
    ("GET", "/messages/{message_id}", Company("conversations:read")),
    ("GET", "/events", Company("events:read")),
    ("GET", "/events/{event_id}", Company("events:read")),
    ("GET", "/teammates/{teammate_id}/history", Company("events:read")),
    ("GET", "/webhooks", Company("webhooks:read")),
    ("POST", "/webhooks", Company("webhooks:write")),
    ("GET", "/webhooks/{webhook_id}", Company("webhooks:read")),
    ("PATCH", "/webhooks/{webhook_id}", Company("webhooks:write")),
    ("DELETE", "/webhooks/{webhook_id}", Company("webhooks:write")),
    ("POST", "/webhooks/{webhook_id}/rotate_secret", Company("webhooks:write")),
    ("POST", "/webhooks/{webhook_id}/validate", Company("webhooks:write")),
    ("POST", "/webhooks/{webhook_id}/ping", Company("webhooks:write")),
    ("GET", "/webhooks/{webhook_id}/deliveries", Company("webhooks:read")),
    ("GET", "/webhooks/{webhook_id}/deliveries/{delivery_id}", Company("webhooks:read")),
    ("POST", "/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", Company("webhooks:write")),
    ("POST", "/webhooks/{webhook_id}/recover", Company("webhooks:write")),
    ("POST", "/webhooks/{webhook_id}/replay-missing", Company("webhooks:write")),
];

/// Every operation that needs no token. A new one must be entered here, and tell nothing of a company.
const OPEN: [(&str, &str); 5] = [
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/invitations/{secret}"),
    ("POST", "/invitations/{secret}"),
];

impl Need {
    fn scope(self) -> Option<&'static str> {
        match self {
            Rest => None,
            Company(scope) | CompanyOrSelf(scope) => Some(scope),
        }
    }
}

/// A server whose company has the admin `tea_1`, the teammate `tea_2`, and the first of everything else that
/// stands in a path. There is no webhook: making one asks for a challenge.
struct Site {
    server: TestServer,
    company: TestCompany,
    guarded: Vec<(Operation, Need)>,
}

impl Site {
    async fn new() -> Self {
        // All wrong tokens of a test come from one address and must be refused as such, not as too many.
        let limits = Limits { strangers_per_minute: 1_000_000, ..Limits::default() };
        let server = TestServer::with_limits(limits).await;
        let company = server.company("Acme").await;
        company.admin("ada@acme.example").await;
        company.teammate("ben@acme.example").await;
        company.team(&server, "Support").await;
        let orders = inbox(&company, "Orders", &[]).await;
        channel(&company, &orders).await;
        receive(&company, "dee@shop.example").await;
        let operations = document(&company).await.operations();
        let guarded = operations.into_iter().filter(|operation| operation.needs_token);
        let guarded = guarded.map(|operation| (need_of(&operation), operation));
        let guarded = guarded.map(|(need, operation)| (operation, need)).collect();
        Self { server, company, guarded }
    }

    /// Asks an operation about a teammate and the first of everything else, with these `Authorization` headers.
    async fn ask(&self, operation: &Operation, teammate: &str, authorization: &[String]) -> Reply {
        // The first two events are of the company and its token, and nobody is told of them.
        let path = operation.path.replace("{teammate_id}", teammate).replace("{event_id}", "evt_3");
        let path = path_of(&path, "1");
        let method = Method::from_bytes(operation.method.as_bytes()).expect("the document names methods");
        let mut request =
            self.server.http().request(method, format!("http://{}{path}", self.server.address()));
        for value in authorization {
            request = request.header("authorization", value);
        }
        self.company.send(request).await
    }

    /// A token of the company, or of a teammate, with all scopes but this.
    async fn token_without(&self, scope: &str, teammate: Option<&str>) -> String {
        let wish = TestCompany::wish(if teammate.is_some() { "teammate" } else { "company" });
        let scopes = names().filter(|name| *name != scope).map(str::to_owned).collect();
        let wish = TokenWish { scopes, teammate: teammate.map(str::to_owned), ..wish };
        self.company.new_token(&self.server, wish).await.token
    }

    async fn revoked_token(&self) -> String {
        let token = self.company.new_token(&self.server, TestCompany::wish("company")).await;
        self.company.operate(&self.server, CompanyRequest::RevokeToken { token: token.details.id }).await;
        token.token
    }

    async fn expired_token(&self) -> String {
        let wish = TokenWish { expires_in: Some("1h".to_owned()), ..TestCompany::wish("company") };
        let token = self.company.new_token(&self.server, wish).await.token;
        self.server.clock().advance(Duration::from_hours(1));
        token
    }

    async fn token_of_a_blocked_teammate(&self) -> String {
        let teammate = self.company.teammate("cleo@acme.example").await;
        let token = self.company.token_of(&self.server, &teammate).await;
        self.company.delete(&format!("/teammates/{teammate}")).await.expect(204);
        token
    }
}

async fn document(company: &TestCompany) -> Document {
    Document::new(company.get("/openapi.json").await.expect(200).json())
}

fn need_of(operation: &Operation) -> Need {
    let Operation { method, path, .. } = operation;
    let entry = NEEDS.iter().find(|(of_method, of_path, _)| of_method == method && of_path == path);
    let (_, _, need) = entry.unwrap_or_else(|| panic!("{method} {path} has no entry in NEEDS"));
    *need
}

/// The names of all scopes.
fn names() -> impl Iterator<Item = &'static str> {
    Scope::ALL.iter().map(|scope| scope.name())
}

fn bearer(token: &str) -> [String; 1] {
    [format!("Bearer {token}")]
}

/// A well-formed secret that nobody was given.
fn unknown(kind: SecretKind, company: CompanyId) -> String {
    SecretText::mint(kind, company, [7; 32]).reveal().to_owned()
}

fn mistyped(token: &str) -> String {
    let (start, last) = token.split_at(token.len() - 1);
    format!("{start}{}", if last == "0" { "1" } else { "0" })
}

#[track_caller]
fn assert_refused(reply: &Reply, about: &str, status: u16, code: &str, part: &str) {
    assert_eq!((reply.status, reply.code().as_str()), (status, code), "{about}: {reply}");
    assert!(reply.message().contains(part), "{about}: no {part:?} in {reply}");
    for name in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-request-id"] {
        assert!(reply.header(name).is_some(), "{about}: no {name}");
    }
}

fn named(operation: &Operation, with: &str) -> String {
    format!("{} {} with {with}", operation.method, operation.path)
}

#[tokio::test]
async fn every_operation_of_the_document_has_its_entry() {
    let site = Site::new().await;
    let entry = |method: &str, path: &str, needs_token| Operation {
        path: path.to_owned(),
        method: method.to_owned(),
        needs_token,
    };
    let guarded = NEEDS.map(|(method, path, _)| entry(method, path, true));
    let open = OPEN.map(|(method, path)| entry(method, path, false));
    let entries: BTreeSet<_> = guarded.into_iter().chain(open).collect();
    let documented: BTreeSet<_> = document(&site.company).await.operations().into_iter().collect();
    assert_eq!(documented, entries);
}

/// What is no working token: what it is, the headers, the code and a part of the message.
async fn no_working_tokens(site: &Site) -> Vec<(&'static str, Vec<String>, &'static str, &'static str)> {
    let (good, company) = (site.company.token.as_str(), site.company.id);
    let (revoked, expired) = (site.revoked_token().await, site.expired_token().await);
    let of_blocked = site.token_of_a_blocked_teammate().await;
    let some = |token: &str| bearer(token).to_vec();
    let (missing, other) = ("Authorization: Bearer <token>", "only the scheme Bearer is understood");
    let (form, checksum) = ("is not of the form that tokens have", "has a wrong checksum");
    let gone = "this token is unknown or was revoked";
    vec![
        ("no header", vec![], "token.missing", missing),
        ("another scheme", vec![format!("Basic {good}")], "token.missing", other),
        ("no scheme", vec![good.to_owned()], "token.missing", other),
        ("a scheme alone", vec!["Bearer".to_owned()], "token.missing", other),
        ("another text", some("letmein"), "token.malformed", form),
        ("a prefix alone", some("tnr_co_"), "token.malformed", form),
        ("two tokens", [some(good), some(good)].concat(), "token.malformed", form),
        ("a mistyped token", some(&mistyped(good)), "token.mistyped", checksum),
        ("a token cut off", some(&good[..good.len() - 1]), "token.mistyped", checksum),
        ("a token in upper case", some(&good.to_uppercase()), "token.malformed", form),
        ("an unknown token", some(&unknown(SecretKind::Company, company)), "token.unknown", gone),
        ("an unknown teammate token", some(&unknown(SecretKind::Teammate, company)), "token.unknown", gone),
        (
            "a token of no company",
            some(&unknown(SecretKind::Company, CompanyId::new(99))),
            "token.unknown",
            gone,
        ),
        ("an invitation's secret", some(&unknown(SecretKind::Invitation, company)), "token.unknown", gone),
        ("a revoked token", some(&revoked), "token.unknown", gone),
        ("an expired token", some(&expired), "token.expired", "this token has expired"),
        ("a blocked teammate's token", some(&of_blocked), "token.teammate_blocked", "is blocked"),
    ]
}

#[tokio::test]
async fn without_a_working_token_every_operation_answers_401() {
    let site = Site::new().await;
    for (what, headers, code, part) in no_working_tokens(&site).await {
        for (operation, _) in &site.guarded {
            let reply = site.ask(operation, "tea_2", &headers).await;
            assert_refused(&reply, &named(operation, what), 401, code, part);
            assert_eq!(reply.json()["_error"]["title"], "Unauthenticated");
            let challenge = reply.header("www-authenticate").unwrap_or_default();
            assert!(challenge.starts_with("Bearer "), "{} asks for {challenge:?}", named(operation, what));
        }
    }
}

#[tokio::test]
async fn a_revoked_token_is_answered_as_one_that_never_was() {
    let site = Site::new().await;
    let tokens = [
        site.revoked_token().await,
        unknown(SecretKind::Company, site.company.id),
        unknown(SecretKind::Teammate, site.company.id),
        unknown(SecretKind::Company, CompanyId::new(99)),
    ];
    for (operation, _) in &site.guarded {
        let mut answers = BTreeSet::new();
        for token in &tokens {
            let reply = site.ask(operation, "tea_2", &bearer(token)).await;
            let challenge = reply.header("www-authenticate").map(str::to_owned);
            answers.insert((reply.status, challenge, reply.text()));
        }
        assert_eq!(answers.len(), 1, "{} tells them apart: {answers:?}", named(operation, "such a token"));
    }
}

#[tokio::test]
async fn a_scim_token_is_told_which_kind_is_needed() {
    let site = Site::new().await;
    let token = site.company.scim_token(&site.server).await;
    for (operation, _) in &site.guarded {
        let reply = site.ask(operation, "tea_2", &bearer(&token)).await;
        let part = "use a company-level token here";
        assert_refused(&reply, &named(operation, "a SCIM token"), 403, "token.wrong_kind", part);
    }
}

#[tokio::test]
async fn a_token_without_the_scope_is_told_which_is_missing_and_which_it_has() {
    let site = Site::new().await;
    for (operation, need) in &site.guarded {
        let Some(scope) = need.scope() else { continue };
        let token = site.token_without(scope, None).await;
        let reply = site.ask(operation, "tea_2", &bearer(&token)).await;
        let about = named(operation, "all scopes but one");
        assert_refused(&reply, &about, 403, "token.scope_missing", &format!("the scope {scope} is missing"));
        let told = reply.message();
        let (_, told) = told.split_once("; this token has: ").expect("it says what the token has");
        assert_eq!(
            told.split(", ").collect::<Vec<_>>(),
            names().filter(|name| *name != scope).collect::<Vec<_>>(),
            "{about}"
        );
    }
}

#[tokio::test]
async fn the_one_scope_that_an_operation_needs_is_enough() {
    let site = Site::new().await;
    for (operation, need) in &site.guarded {
        let token = site.company.scoped(&site.server, &[need.scope().unwrap_or("messages:send")]).await;
        let reply = site.ask(operation, "tea_2", &bearer(&token)).await;
        // Bodies are not sent, and missing ones are told only to those who may; and so is that there is no webhook.
        let may = matches!(reply.status, 200 | 202 | 204 | 400 | 409) || reply.code() == "webhook.unknown";
        assert!(may, "{}: {reply}", named(operation, "its one scope"));
    }
}

#[tokio::test]
async fn a_teammate_token_manages_nobody() {
    let site = Site::new().await;
    let token = site.company.token_of(&site.server, "tea_1").await;
    for (operation, need) in &site.guarded {
        let others: &[&str] = match need {
            Rest => &[],
            Company(_) => &["tea_1", "tea_2"],
            CompanyOrSelf(_) => &["tea_2", "alt:email:ben@acme.example", "tea_zz"],
        };
        for teammate in others {
            let reply = site.ask(operation, teammate, &bearer(&token)).await;
            let about = named(operation, "a teammate token");
            assert_refused(
                &reply,
                &about,
                403,
                "token.company_level_needed",
                "user management needs a company-level token",
            );
        }
    }
}

#[tokio::test]
async fn a_teammate_token_reads_what_is_its_own() {
    let site = Site::new().await;
    let token = site.company.token_of(&site.server, "tea_2").await;
    for (operation, need) in &site.guarded {
        if let Rest | CompanyOrSelf(_) = need {
            for own in ["tea_2", "alt:email:BEN@acme.example"] {
                let reply = site.ask(operation, own, &bearer(&token)).await;
                assert_eq!(reply.status, 200, "{}: {reply}", named(operation, "its own teammate's token"));
            }
        }
    }
}

#[tokio::test]
async fn a_teammate_token_needs_the_scope_for_its_own_too() {
    let site = Site::new().await;
    for (operation, need) in &site.guarded {
        let CompanyOrSelf(scope) = need else { continue };
        let token = site.token_without(scope, Some("tea_2")).await;
        let reply = site.ask(operation, "tea_2", &bearer(&token)).await;
        let part = format!("the scope {scope} is missing");
        assert_refused(&reply, &named(operation, "its own token"), 403, "token.scope_missing", &part);
    }
}

#[tokio::test]
async fn blocking_a_teammate_ends_its_token_with_the_next_request() {
    let site = Site::new().await;
    let theirs = site.company.with_token(site.company.token_of(&site.server, "tea_2").await);
    theirs.get("/me").await.expect(200);
    site.company.patch("/teammates/tea_2", serde_json::json!({ "is_blocked": true })).await.expect(204);
    assert_eq!(theirs.get("/me").await.status, 401);
}

#[tokio::test]
async fn revoking_a_token_ends_it_with_the_next_request() {
    let site = Site::new().await;
    let token = site.company.new_token(&site.server, TestCompany::wish("company")).await;
    let theirs = site.company.with_token(token.token);
    theirs.get("/me").await.expect(200);
    site.company.operate(&site.server, CompanyRequest::RevokeToken { token: token.details.id }).await;
    assert_eq!(theirs.get("/me").await.status, 401);
}

#[tokio::test]
async fn a_token_ends_with_its_time() {
    let site = Site::new().await;
    let wish = TokenWish { expires_in: Some("60s".to_owned()), ..TestCompany::wish("company") };
    let theirs = site.company.with_token(site.company.new_token(&site.server, wish).await.token);
    site.server.clock().advance(Duration::from_secs(59));
    theirs.get("/me").await.expect(200);
    site.server.clock().advance(Duration::from_secs(1));
    assert_eq!(theirs.get("/me").await.status, 401);
}

#[tokio::test]
async fn what_needs_no_token_tells_nothing_of_a_company() {
    let server = TestServer::start().await;
    let company = server.company("Zanzibar Holdings").await;
    company.admin("quentin@zanzibar.example").await;
    company.team(&server, "Ostrich Desk").await;
    company.custom_field(&server, "shoe_size", "number", &[]).await;
    company.get("/teammates/alt:email:quentin@zanzibar.example").await.expect(200);
    let link = unknown(SecretKind::Invitation, company.id);
    let documented = OPEN.map(|(method, path)| (method, path.replace("{secret}", &link)));
    let pages = ["/openapi.json", "/docs", "/docs/", "/docs/swagger-initializer.js"];
    let token = company.token.to_lowercase();
    for (method, path) in documented.into_iter().chain(pages.map(|path| ("GET", path.to_owned()))) {
        let url = format!("http://{}{path}", server.address());
        let request = server.http().request(Method::from_bytes(method.as_bytes()).unwrap(), url);
        let reply = company.send(request).await;
        let wanted = if path.starts_with("/invitations/") { 404 } else { 200 };
        assert_eq!(reply.status, wanted, "{method} {path}: {reply}");
        let told = format!("{:?}\n{}", reply.headers, reply.text()).to_lowercase();
        for canary in ["zanzibar", "quentin", "ostrich", "shoe_size", token.as_str()] {
            assert!(!told.contains(canary), "{method} {path} tells {canary:?}: {told}");
        }
    }
}

#[tokio::test]
async fn what_needs_no_token_takes_no_notice_of_a_wrong_one() {
    let site = Site::new().await;
    let stranger = site.company.with_token("letmein");
    for path in ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs/"] {
        assert_eq!(stranger.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_link_of_no_invitation_is_answered_alike_whatever_is_in_it() {
    let site = Site::new().await;
    let links = [
        unknown(SecretKind::Invitation, site.company.id),
        unknown(SecretKind::Invitation, CompanyId::new(99)),
        mistyped(&unknown(SecretKind::Invitation, site.company.id)),
        site.company.token.clone(),
        "tea_2".to_owned(),
        "%FF".to_owned(),
    ];
    let mut answers = BTreeSet::new();
    for link in &links {
        for method in [Method::GET, Method::POST] {
            let reply =
                site.company.send(site.company.request(method, &format!("/invitations/{link}"))).await;
            answers.insert((reply.status, reply.header("content-type").map(str::to_owned), reply.text()));
        }
    }
    assert_eq!(answers.iter().map(|(status, _, _)| *status).collect::<Vec<_>>(), [404], "{answers:?}");
}
