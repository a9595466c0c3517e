//! The two companies that the bad requests are sent to.

use super::rows::{add_to_support, keyed};
use crate::inboxes::{channel, public_inbox};
use serde_json::json;
use tenure_server::operator::{AuditWish, CompanyRequest, OperatorReply};
use tenure_testkit::{TestCompany, TestServer};

/// The lists that look back and have a second page in the fixture.
pub(super) const PAGED: [&str; 7] = [
    "/teammates",
    "/teams",
    "/teams/tim_1/teammates",
    "/teammates/custom_fields",
    "/inboxes",
    "/channels",
    "/conversations",
];

/// Acme has the last admin `tea_1`, `tea_2`, the blocked `tea_3`, `tea_4`, the teams `tim_1` (with `tea_1` and `tea_2`)
/// and `tim_2`, and had `tim_3`; and two inboxes, each with one channel, over which one conversation came in. Globex has more of
/// everything, so that some of its ids exist in it alone.
pub(super) struct Fixture {
    pub(super) server: TestServer,
    pub(super) acme: TestCompany,
    globex: TestCompany,
    pub(super) pages: PageTokens,
}

/// Tokens of second pages, in the order of [`PAGED`].
pub(super) struct PageTokens {
    pub(super) own: Vec<String>,
    pub(super) foreign: Vec<String>,
}

impl Fixture {
    pub(super) async fn new() -> Self {
        let server = TestServer::start().await;
        let ours =
            ["ada@acme.example", "ben@acme.example", "cleo@acme.example", "jos\u{e9}@b\u{fc}cher.example"];
        let theirs = ["ann", "bob", "carl", "dora", "eve", "finn", "gina"]
            .map(|name| format!("{name}@globex.example"));
        let acme = furnished(&server, "Acme", &ours, &["Support", "Sales", "Gone"], 2).await;
        let globex =
            furnished(&server, "Globex", &theirs, &["Support", "Sales", "Law", "Press", "Abroad"], 3).await;
        acme.delete("/teammates/tea_3").await.expect(204);
        acme.operate(&server, CompanyRequest::DeleteTeam { team: "tim_3".to_owned() }).await;
        assert_eq!(acme.get("/teammates").await.ids(), ["tea_1", "tea_2", "tea_3", "tea_4"]);
        keyed(add_to_support("tea_1"), "used").send(&acme).await.expect(204);
        let pages = PageTokens { own: second_pages(&acme).await, foreign: second_pages(&globex).await };
        Self { server, acme, globex, pages }
    }

    /// All that happened and all that is, in both companies.
    pub(super) async fn everything(&self) -> Vec<(OperatorReply, [String; 3])> {
        let mut everything = Vec::new();
        for company in [&self.acme, &self.globex] {
            let audit = company.operate(&self.server, CompanyRequest::Audit(AuditWish::default())).await;
            let (teammates, teams) = (company.get("/teammates").await, company.get("/teams").await);
            let conversations = company.get("/conversations").await;
            everything.push((audit, [teammates.text(), teams.text(), conversations.text()]));
        }
        everything
    }
}

async fn furnished(
    server: &TestServer,
    name: &str,
    emails: &[impl AsRef<str>],
    teams: &[&str],
    desks: usize,
) -> TestCompany {
    const FIELDS: [(&str, &str, &[&str]); 7] = [
        ("nickname", "string", &[]),
        ("level", "number", &[]),
        ("is_remote", "boolean", &[]),
        ("joined", "datetime", &[]),
        ("grade", "enum", &["A", "B"]),
        ("mentor", "teammate", &[]),
        ("desk", "inbox", &[]),
    ];
    let company = server.company(name).await;
    // Invitations that are sent while the table runs would be changes that no request made.
    company.set(server, "invitations=hold").await;
    for (field, kind, choices) in FIELDS {
        company.custom_field(server, field, kind, choices).await;
    }
    for (index, email) in emails.iter().enumerate() {
        let email: &str = email.as_ref();
        company.post("/teammates", json!({ "email": email, "is_admin": index == 0 })).await.expect(201);
    }
    for team in teams {
        company.team(server, team).await;
    }
    company.join("tim_1", &["tea_1", "tea_2"]).await;
    for number in 1..=desks {
        let inbox = public_inbox(&company, &format!("Desk {number}")).await;
        let path = format!("/channels/{}/incoming_messages", channel(&company, &inbox).await);
        let message = json!({ "sender": { "handle": "dee@shop.example" }, "body": "Where is it?" });
        company.post(&path, message).await.expect(202);
    }
    company
}

async fn second_pages(company: &TestCompany) -> Vec<String> {
    let mut tokens = Vec::new();
    for list in PAGED {
        let next = company.get(&format!("{list}?limit=1")).await.next().expect("the list has two pages");
        let (_, token) = next.split_once("page_token=").expect("the next page has a token");
        tokens.push(token.to_owned());
    }
    tokens
}
