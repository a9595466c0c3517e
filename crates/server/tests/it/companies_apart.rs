//! Two companies on one server: what is the other's is as what is not there, whoever asks, and stays as it is.

use crate::conversations::assign;
use crate::inboxes::{channel, public_inbox};
use crate::messages::receive;
use crate::openapi::path_of;
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;
use tenure_directory::CompanyId;
use tenure_directory::secret::{SecretKind, SecretText};
use tenure_server::http::Limits;
use tenure_server::operator::{AuditWish, CompanyRequest, OperatorReply};
use tenure_testkit::{Document, Reply, TestCompany, TestServer};

/// A method, a path with a parameter, and a body that suits it.
type Entry = (&'static str, &'static str, &'static str);

/// Every operation whose path has a parameter. A new one must be entered here.
const ENTRIES: [Entry; 38] = [
    ("GET", "/teammates/{teammate_id}", ""),
    ("GET", "/teammates/{teammate_id}/inboxes", ""),
    ("GET", "/teammates/{teammate_id}/conversations", ""),
    ("GET", "/teammates/{teammate_id}/invitation", ""),
    ("POST", "/teammates/{teammate_id}/invitation/resend", ""),
    ("PATCH", "/teammates/{teammate_id}", r#"{"first_name":"Zoe"}"#),
    ("GET", "/teams/{team_id}", ""),
    ("GET", "/teams/{team_id}/teammates", ""),
    ("POST", "/teams/{team_id}/teammates", r#"{"teammate_ids":["tea_2"]}"#),
    ("DELETE", "/teams/{team_id}/teammates", r#"{"teammate_ids":["tea_2"]}"#),
    ("GET", "/teammates/{teammate_id}/history", ""),
    ("GET", "/inboxes/{inbox_id}", ""),
    ("GET", "/inboxes/{inbox_id}/channels", ""),
    ("POST", "/inboxes/{inbox_id}/channels", r#"{"type":"custom"}"#),
    ("GET", "/channels/{channel_id}", ""),
    ("POST", "/channels/{channel_id}/incoming_messages", r#"{"sender":{"handle":"zoe"},"body":"Hello?"}"#),
    ("GET", "/conversations/{conversation_id}", ""),
    ("PATCH", "/conversations/{conversation_id}", r#"{"status":"archived"}"#),
    ("PUT", "/conversations/{conversation_id}/assignee", r#"{"assignee_id":"tea_2"}"#),
    ("GET", "/conversations/{conversation_id}/messages", ""),
    ("POST", "/conversations/{conversation_id}/messages", r#"{"body":"Hello!"}"#),
    ("GET", "/conversations/{conversation_id}/events", ""),
    ("GET", "/messages/{message_id}", ""),
    ("GET", "/events/{event_id}", ""),
    ("GET", "/webhooks/{webhook_id}", ""),
    ("PATCH", "/webhooks/{webhook_id}", r#"{"description":"Zoe"}"#),
    ("POST", "/webhooks/{webhook_id}/rotate_secret", ""),
    ("POST", "/webhooks/{webhook_id}/validate", ""),
    ("POST", "/webhooks/{webhook_id}/ping", ""),
    ("GET", "/webhooks/{webhook_id}/deliveries", ""),
    ("GET", "/webhooks/{webhook_id}/deliveries/{delivery_id}", ""),
    ("POST", "/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", ""),
    ("POST", "/webhooks/{webhook_id}/recover", r#"{"since":0}"#),
    ("POST", "/webhooks/{webhook_id}/replay-missing", r#"{"since":0}"#),
    ("DELETE", "/webhooks/{webhook_id}", ""),
    ("GET", "/invitations/{secret}", ""),
    ("POST", "/invitations/{secret}", ""),
    // At the end, since it blocks whom the others are about.
    ("DELETE", "/teammates/{teammate_id}", ""),
];

/// Teammates of the other company, each beside one that neither company has.
const FOREIGN_TEAMMATES: [(&str, &str); 4] = [
    ("tea_5", "tea_zz"),
    ("tea_6", "tea_0"),
    ("alt:email:eve@globex.example", "alt:email:nobody@globex.example"),
    ("eve@globex.example", "nobody@globex.example"),
];

/// Headers that are sent with `*`: none, and those that ask whether something exists.
const CONDITIONS: [&[&str]; 2] = [&[], &["if-match", "if-none-match"]];

/// Both companies have the admin `tea_1`, `tea_2`, the blocked `tea_3`, `tea_4`, the teams `tim_1` and `tim_2`, and had
/// `tim_3`; and the inbox `inb_1`, its channel `cha_1`, and the conversation `cnv_1` of `msg_1` and `msg_2`. The other one also
/// has `tea_5`, `tea_6`, `tim_4`, `inb_2`, `cha_2`, `cnv_2` and `msg_3`, and many more events. Neither has a webhook.
struct Companies {
    server: TestServer,
    own: TestCompany,
    other: TestCompany,
    /// The latest event of the other company, which has an id beyond those of the own one.
    event_of_the_other: String,
    token_of_a_blocked_teammate: String,
}

impl Companies {
    async fn new() -> Self {
        // All wrong tokens of a test come from one address and must be refused as such, not as too many.
        let limits = Limits { strangers_per_minute: 1_000_000, ..Limits::default() };
        let server = TestServer::with_limits(limits).await;
        let own = furnished(&server, "Acme", "acme.example").await;
        let other = furnished(&server, "Globex", "globex.example").await;
        for email in ["eve@globex.example", "finn@globex.example"] {
            other.teammate(email).await;
        }
        other.team(&server, "Abroad").await;
        other.join("tim_4", &["tea_2", "tea_5"]).await;
        public_inbox(&other, "Abroad").await;
        channel(&other, "inb_1").await;
        let body = json!({ "sender": { "handle": "eve@shop.example" }, "body": "Where is it?" });
        other.post("/channels/cha_2/incoming_messages", body).await.expect(202);
        assign(&other, "cnv_2", "tea_1").await;
        let token_of_a_blocked_teammate = own.token_of(&server, "tea_3").await;
        for company in [&own, &other] {
            company.delete("/teammates/tea_3").await.expect(204);
            company.operate(&server, CompanyRequest::DeleteTeam { team: "tim_3".to_owned() }).await;
        }
        for number in 0..40 {
            let change = json!({ "first_name": format!("Finn {number}") });
            other.patch("/teammates/tea_6", change).await.expect(204);
        }
        let event_of_the_other = other.get("/events?limit=1").await.expect(200).ids().remove(0);
        Self { server, own, other, event_of_the_other, token_of_a_blocked_teammate }
    }

    /// All that happened in the other company, and all that its own people see of it.
    async fn of_the_other(&self) -> (OperatorReply, Vec<String>) {
        let audit = CompanyRequest::Audit(AuditWish::default());
        let mut seen = Vec::new();
        for path in [
            "/teammates?limit=100",
            "/teams",
            "/teams/tim_1",
            "/teams/tim_4",
            "/teammates/custom_fields",
            "/inboxes",
            "/channels",
            "/conversations",
            "/conversations/cnv_1/messages",
            "/events?limit=100",
        ] {
            seen.push(self.other.get(path).await.expect(200).text());
        }
        (self.other.operate(&self.server, audit).await, seen)
    }

    /// Every kind of caller: what it shows, and how it is answered about an id that there is not.
    async fn callers(&self) -> Vec<(&'static str, Option<String>, u16)> {
        let Self { server, own, other, event_of_the_other: _, token_of_a_blocked_teammate } = self;
        let narrow = own.scoped(server, &["messages:read"]).await;
        let (teammate, scim) = (own.token_of(server, "tea_4").await, own.scim_token(server).await);
        let revoked = own.new_token(server, TestCompany::wish("company")).await;
        own.operate(server, CompanyRequest::RevokeToken { token: revoked.details.id }).await;
        vec![
            ("a company token", Some(own.token.clone()), 404),
            ("a company token without the scope", Some(narrow), 403),
            ("a teammate token", Some(teammate), 403),
            ("a SCIM token", Some(scim), 403),
            ("no token", None, 401),
            ("a revoked token", Some(revoked.token), 401),
            ("a blocked teammate's token", Some(token_of_a_blocked_teammate.clone()), 401),
            ("an unknown token", Some(unknown(SecretKind::Company, own.id)), 401),
            ("an unknown token of the other company", Some(unknown(SecretKind::Company, other.id)), 401),
        ]
    }

    /// What of the other company can stand in a path, each beside something of neither; and the team that is gone.
    fn foreign(&self, path: &str) -> Vec<(String, String)> {
        let owned = |(foreign, unknown): (&str, &str)| (foreign.to_owned(), unknown.to_owned());
        match parameter(path) {
            "teammate_id" => Vec::from(FOREIGN_TEAMMATES.map(owned)),
            "team_id" => Vec::from([("tim_4", "tim_zz"), ("tim_3", "tim_zz")].map(owned)),
            "inbox_id" => vec![owned(("inb_2", "inb_zz"))],
            "channel_id" => vec![owned(("cha_2", "cha_zz"))],
            "conversation_id" => vec![owned(("cnv_2", "cnv_zz"))],
            "message_id" => Vec::from([("msg_3", "msg_zz"), ("alt:uid:msg_3", "alt:uid:msg_zz")].map(owned)),
            "event_id" => vec![(self.event_of_the_other.clone(), "evt_zz".to_owned())],
            "webhook_id" => vec![owned(("whk_1", "whk_zz"))],
            "secret" => {
                let of_none = unknown(SecretKind::Invitation, CompanyId::new(99));
                vec![
                    (unknown(SecretKind::Invitation, self.other.id), of_none.clone()),
                    (self.other.token.clone(), of_none),
                ]
            }
            other => panic!("say what of another company a {{{other}}} can be"),
        }
    }

    async fn ask(&self, entry: Entry, id: &str, token: Option<&str>, conditions: &[&'static str]) -> Reply {
        let (method, path, body) = entry;
        let path = path.replace(&format!("{{{}}}", parameter(path)), id).replace("{delivery_id}", "dlv_1");
        let method = Method::from_bytes(method.as_bytes()).expect("an entry names a method");
        let mut request =
            self.server.http().request(method, format!("http://{}{path}", self.server.address()));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        for condition in conditions {
            request = request.header(*condition, "*");
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body);
        }
        self.own.send(request).await
    }
}

async fn furnished(server: &TestServer, name: &str, domain: &str) -> TestCompany {
    let company = server.company(name).await;
    // Invitations that are sent while a test runs would be changes that no request made.
    company.set(server, "invitations=hold").await;
    company.custom_field(server, "mentor", "teammate", &[]).await;
    company.custom_field(server, "level", "number", &[]).await;
    company.admin(&format!("ada@{domain}")).await;
    for person in ["ben", "cleo", "dan"] {
        company.teammate(&format!("{person}@{domain}")).await;
    }
    for team in ["Support", "Sales", "Gone"] {
        company.team(server, team).await;
    }
    company.join("tim_1", &["tea_1", "tea_4"]).await;
    let orders = public_inbox(&company, "Orders").await;
    channel(&company, &orders).await;
    for _ in 0..2 {
        receive(&company, "dee@shop.example").await;
    }
    assign(&company, "cnv_1", "tea_1").await;
    company
}

/// The name of a path's parameter; of two, the first.
fn parameter(path: &str) -> &str {
    let name = path.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    name.map(|(name, _)| name).expect("every entry has a parameter")
}

/// A well-formed secret that nobody was given.
fn unknown(kind: SecretKind, company: CompanyId) -> String {
    SecretText::mint(kind, company, [7; 32]).reveal().to_owned()
}

/// What a caller can see of an answer about an id, but for the id.
fn seen(reply: &Reply, id: &str) -> (u16, BTreeSet<String>, String) {
    let headers = reply.headers.keys().map(ToString::to_string).collect();
    (reply.status, headers, reply.text().replace(id, "ID"))
}

#[tokio::test]
async fn every_path_with_a_parameter_has_its_entry() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let document = Document::new(company.get("/openapi.json").await.expect(200).json());
    let documented = document.operations().into_iter().filter(|operation| operation.path.contains('{'));
    let documented: BTreeSet<_> = documented.map(|operation| (operation.method, operation.path)).collect();
    let entries = ENTRIES.map(|(method, path, _)| (method.to_owned(), path.to_owned()));
    assert_eq!(documented, BTreeSet::from(entries));
}

#[tokio::test]
async fn what_is_the_others_is_answered_as_what_is_not_there() {
    let companies = Companies::new().await;
    for (who, token, status) in companies.callers().await {
        for entry @ (method, path, _) in ENTRIES {
            let status = if path.starts_with("/invitations/") { 404 } else { status };
            for (foreign, unknown) in companies.foreign(path) {
                for conditions in CONDITIONS {
                    let about = format!("{method} {path} about {foreign} and {unknown} with {who}");
                    let of_foreign = companies.ask(entry, &foreign, token.as_deref(), conditions).await;
                    let of_unknown = companies.ask(entry, &unknown, token.as_deref(), conditions).await;
                    assert_eq!(of_foreign.status, status, "{about}: {of_foreign}");
                    assert_eq!(seen(&of_foreign, &foreign), seen(&of_unknown, &unknown), "{about}");
                }
            }
        }
    }
}

#[tokio::test]
async fn who_may_not_ask_cannot_tell_what_there_is() {
    let companies = Companies::new().await;
    let guarded = ENTRIES.into_iter().filter(|(_, path, _)| !path.starts_with("/invitations/"));
    let callers = companies.callers().await;
    let may_not = callers.iter().filter(|(_, _, status)| *status != 404);
    for (who, token, _) in may_not {
        for entry @ (method, path, _) in guarded.clone() {
            let (unknown, own): (_, &[&str]) = match parameter(path) {
                "team_id" => ("tim_zz", &["tim_1", "tim_2", "tim_3"]),
                "inbox_id" => ("inb_zz", &["inb_1"]),
                "channel_id" => ("cha_zz", &["cha_1"]),
                "conversation_id" => ("cnv_zz", &["cnv_1"]),
                "message_id" => ("msg_zz", &["msg_1", "msg_2"]),
                "event_id" => ("evt_zz", &["evt_1", "evt_6"]),
                "webhook_id" => continue,
                _ => ("tea_zz", &["tea_1", "tea_2", "tea_3"]),
            };
            let of_unknown = companies.ask(entry, unknown, token.as_deref(), &[]).await;
            for id in own {
                let of_own = companies.ask(entry, id, token.as_deref(), &[]).await;
                let about = format!("{method} {path} about {id} with {who}");
                assert_eq!(seen(&of_own, id), seen(&of_unknown, unknown), "{about}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_the_companys_own_is_found() {
    let companies = Companies::new().await;
    let token = Some(companies.own.token.as_str());
    for entry @ (method, path, _) in ENTRIES {
        let (active, blocked) = match parameter(path) {
            "teammate_id" => ("tea_2", Some("tea_3")),
            "team_id" => ("tim_1", None),
            "inbox_id" => ("inb_1", None),
            "channel_id" => ("cha_1", None),
            "conversation_id" => ("cnv_1", None),
            "message_id" => ("alt:uid:msg_1", None),
            // After the company, its token, a setting and two fields, the first teammate.
            "event_id" => ("evt_6", None),
            _ => continue,
        };
        let reply = companies.ask(entry, active, token, &[]).await;
        assert!(matches!(reply.status, 200 | 202 | 204), "{method} {path} about {active}: {reply}");
        if let Some(blocked) = blocked {
            let reply = companies.ask(entry, blocked, token, &[]).await;
            // Only a new invitation is not for blocked ones.
            let wanted: &[u16] = if path.ends_with("/resend") { &[409] } else { &[200, 204] };
            assert!(wanted.contains(&reply.status), "{method} {path} about {blocked}: {reply}");
        }
    }
}

#[tokio::test]
async fn nothing_that_is_asked_in_one_company_changes_the_other() {
    let companies = Companies::new().await;
    let before = companies.of_the_other().await;
    for (_, token, _) in companies.callers().await {
        for entry @ (_, path, _) in ENTRIES {
            let (foreign, unknown): (Vec<_>, Vec<_>) = companies.foreign(path).into_iter().unzip();
            // The other company has these ids too.
            let own =
                ["tea_2", "tea_3", "tim_1", "tim_2", "tim_3", "inb_1", "cha_1", "cnv_1", "msg_1", "evt_6"];
            let own = own.map(str::to_owned);
            for id in own.iter().chain(&foreign).chain(&unknown) {
                companies.ask(entry, id, token.as_deref(), &[]).await;
            }
        }
    }
    assert_eq!(companies.of_the_other().await, before);
}

#[tokio::test]
async fn the_others_teammates_in_a_body_are_answered_as_unknown_ones() {
    let companies = Companies::new().await;
    let requests = [
        ("POST", "/teams/tim_1/teammates", r#"{"teammate_ids":["ID"]}"#, 404),
        ("POST", "/teams/tim_1/teammates", r#"{"teammate_ids":["tea_2","ID"]}"#, 404),
        ("DELETE", "/teams/tim_1/teammates", r#"{"teammate_ids":["ID"]}"#, 404),
        ("POST", "/teammates", r#"{"email":"new@acme.example","custom_fields":{"mentor":"ID"}}"#, 400),
        ("PATCH", "/teammates/tea_2", r#"{"custom_fields":{"mentor":"ID"}}"#, 400),
        ("POST", "/inboxes", r#"{"name":"New","teammate_ids":["tea_2","ID"]}"#, 404),
        ("PATCH", "/conversations/cnv_1", r#"{"assignee_id":"ID"}"#, 400),
        ("PUT", "/conversations/cnv_1/assignee", r#"{"assignee_id":"ID"}"#, 400),
        ("POST", "/conversations/cnv_1/messages", r#"{"body":"Hello!","author_id":"ID"}"#, 400),
    ];
    let before = companies.of_the_other().await;
    for (method, path, body, status) in requests {
        for (foreign, unknown) in FOREIGN_TEAMMATES {
            let ask = |id: &str| {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                let request = companies.own.request(method, path).header("content-type", "application/json");
                companies.own.send(request.body(body.replace("ID", id)))
            };
            let (of_foreign, of_unknown) = (ask(foreign).await, ask(unknown).await);
            assert_eq!(of_foreign.status, status, "{method} {path} with {foreign}: {of_foreign}");
            assert_eq!(
                seen(&of_foreign, foreign),
                seen(&of_unknown, unknown),
                "{method} {path} with {foreign}"
            );
        }
    }
    assert_eq!(companies.of_the_other().await, before);
}

#[tokio::test]
async fn a_page_token_of_the_other_is_answered_as_a_damaged_one() {
    let companies = Companies::new().await;
    let Companies { own, other, .. } = &companies;
    let document = Document::new(own.get("/openapi.json").await.expect(200).json());
    let mut lists = BTreeSet::new();
    for operation in document.operations() {
        let is_about_a_webhook = operation.path.contains("{webhook_id}");
        if operation.method != "GET" || !operation.needs_token || is_about_a_webhook {
            continue;
        }
        // As in `what_is_the_companys_own_is_found`.
        let path = path_of(&operation.path.replace("{event_id}", "evt_6"), "1");
        let Some(next) = other.get(&format!("{path}?limit=1")).await.expect(200).next() else { continue };
        let (_, token) = next.split_once("page_token=").unwrap();
        for query in ["limit=1&page_token=", "page_token="] {
            let of_foreign = own.get(&format!("{path}?{query}{token}")).await.expect(400);
            let of_damaged = own.get(&format!("{path}?{query}AAAA")).await;
            assert_eq!(seen(&of_foreign, token), seen(&of_damaged, "AAAA"), "{path}?{query}");
        }
        lists.insert(operation.path);
    }
    let wanted = [
        "/teammates",
        "/teammates/custom_fields",
        "/teammates/{teammate_id}/inboxes",
        "/teammates/{teammate_id}/conversations",
        "/teammates/{teammate_id}/history",
        "/teams",
        "/teams/{team_id}/teammates",
        "/inboxes",
        "/inboxes/{inbox_id}/channels",
        "/channels",
        "/conversations",
        "/conversations/{conversation_id}/messages",
        "/conversations/{conversation_id}/events",
        "/events",
    ];
    assert_eq!(lists, BTreeSet::from(wanted.map(str::to_owned)));
}

#[tokio::test]
async fn what_the_other_uses_up_is_free() {
    let companies = Companies::new().await;
    let body = json!({ "email": "EVE@globex.example", "username": "finn" });
    assert_eq!(companies.own.post("/teammates", body).await.status, 201);
}

#[tokio::test]
async fn an_idempotency_key_of_the_other_replays_nothing() {
    let companies = Companies::new().await;
    let create = |company: &TestCompany| {
        let request = company.request(Method::POST, "/teammates").header("idempotency-key", "one-key");
        request.json(&json!({ "email": "new@both.example" }))
    };
    companies.other.send(create(&companies.other)).await.expect(201);
    let created = companies.own.send(create(&companies.own)).await.expect(201);
    assert_eq!((created.header("idempotent-replayed"), created.json()["id"].as_str()), (None, Some("tea_5")));
}

#[tokio::test]
async fn a_token_shows_its_own_company_alone() {
    let companies = Companies::new().await;
    for (company, name) in [(&companies.own, "Acme"), (&companies.other, "Globex")] {
        let shown = company.get("/me").await.expect(200).json();
        assert_eq!(
            (shown["id"].as_str(), shown["name"].as_str()),
            (Some(&*company.id.to_string()), Some(name))
        );
    }
}
