//! Where secrets and personal data lie, and where they must not.

use crate::invitations::{Mail, mail_to, mails_to};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tenure_directory::secret::{SecretKind, SecretText};
use tenure_journal::{Stream, Version};
use tenure_server::operator::{AuditWish, CompanyRequest, OperatorReply};
use tenure_testkit::{Reply, TestCompany, TestServer};

/// A company in which about everything has happened, with all secrets that were given out.
struct Walked {
    company: TestCompany,
    tokens: Vec<String>,
    invitations: Vec<String>,
}

/// What is personal of the teammates in [`walk`].
const PERSONAL: [&str; 6] =
    ["ana@x.example", "anna@x.example", "cy@x.example", "Quijana", "quijana_1", "dulcinea"];

async fn walk(server: &TestServer) -> Walked {
    let company = server.company("Acme").await;
    company.custom_field(server, "Nick", "string", &[]).await;
    let ana =
        json!({ "email": "ana@x.example", "last_name": "Quijana", "custom_fields": { "Nick": "dulcinea" } });
    let create = company.request(Method::POST, "/teammates").header("Idempotency-Key", "k");
    company.send(create.json(&ana)).await.expect(201);
    let tokens = vec![
        company.token.clone(),
        company.scoped(server, &["teammates:read"]).await,
        company.token_of(server, "tea_1").await,
        company.scim_token(server).await,
    ];
    for token in &tokens {
        company.with_token(token).get("/me").await;
        company.with_token(format!("{token}x")).get("/me").await.expect(401);
    }
    let change = json!({ "email": "anna@x.example", "username": "quijana_1" });
    company.patch("/teammates/tea_1", change).await.expect(204);
    let team = company.team(server, "Support").await;
    company.join(&team, &["tea_1"]).await;
    company.operate(server, CompanyRequest::RevokeToken { token: "tok_2".to_owned() }).await;
    let invitations = walk_invitations(server, &company).await;
    company.get("/teammates?as_of=2026-01-01T00:00:00Z").await.expect(200);
    server.node().engine.snapshot_all().await.expect("a snapshot can be written");
    Walked { company, tokens, invitations }
}

/// Ana's invitation is accepted, Cy's is sent twice, and Dee is blocked; the secrets of all four links.
async fn walk_invitations(server: &TestServer, company: &TestCompany) -> Vec<String> {
    let of_ana = mail_to(server, company, "tea_1").await;
    company.get(&of_ana.link()).await.expect(200);
    company.send(company.request(Method::POST, &of_ana.link())).await.expect(200);
    let (cy, dee) = (company.teammate("cy@x.example").await, company.teammate("dee@x.example").await);
    mail_to(server, company, &cy).await;
    let resend = company.request(Method::POST, &format!("/teammates/{cy}/invitation/resend"));
    company.send(resend).await.expect(204);
    let of_cy = mails_to(server, company, &cy, 2).await;
    let of_dee = mail_to(server, company, &dee).await;
    company.delete(&format!("/teammates/{dee}")).await.expect(204);
    company.get(&of_dee.link()).await.expect(404);
    [of_ana, of_dee].iter().chain(&of_cy).map(Mail::secret).collect()
}

/// All files under a folder, with what they hold.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let paths: Vec<_> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    let mut found: Vec<_> = paths.iter().filter(|path| path.is_dir()).flat_map(|path| files(path)).collect();
    for path in paths.into_iter().filter(|path| path.is_file()) {
        // A draft may have got its name by now.
        if let Ok(bytes) = std::fs::read(&path) {
            found.push((path, bytes));
        }
    }
    found
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The files that hold one of these texts.
pub(crate) fn holding<'a>(files: &'a [(PathBuf, Vec<u8>)], texts: &[impl AsRef<str>]) -> Vec<&'a Path> {
    let holds_one = |bytes: &[u8]| texts.iter().any(|text| holds(bytes, text.as_ref()));
    files.iter().filter(|(_, bytes)| holds_one(bytes)).map(|(path, _)| path.as_path()).collect()
}

#[tokio::test]
async fn the_text_of_a_token_is_in_no_file() {
    let server = TestServer::start().await;
    let walked = walk(&server).await;
    let running = files(server.folder());
    let folder = server.stop().await;
    let stopped = files(folder.path());
    for files in [running, stopped] {
        let holding = holding(&files, &walked.tokens);
        assert!(holding.is_empty() && !files.is_empty(), "{holding:?}");
    }
}

#[tokio::test]
async fn the_secret_of_an_invitation_is_in_its_mail_alone() {
    let server = TestServer::start().await;
    let walked = walk(&server).await;
    let folder = server.stop().await;
    let files = files(folder.path());
    for secret in &walked.invitations {
        let holding = holding(&files, &[secret]);
        assert_eq!(holding.len(), 1, "{holding:?}");
        assert!(holding[0].extension().is_some_and(|extension| extension == "eml"), "{holding:?}");
    }
}

#[tokio::test]
async fn personal_data_is_in_the_journal_its_snapshots_and_the_mail_alone() {
    let server = TestServer::start().await;
    walk(&server).await;
    let folder = server.stop().await;
    let files = files(folder.path());
    let holding = holding(&files, &PERSONAL);
    assert!(!holding.is_empty());
    for path in holding {
        let place = path.strip_prefix(folder.path()).unwrap().to_string_lossy().into_owned();
        let belongs = ["journal.db", "snapshots/", "outbox/"].iter().any(|known| place.starts_with(known));
        assert!(belongs, "{place}");
    }
}

#[tokio::test]
async fn events_keep_personal_data_apart() {
    let server = TestServer::start().await;
    let company = walk(&server).await.company;
    let stream = Stream(company.id.number());
    let events = server.node().engine.journal().read_stream(stream, Version(0), 1000).await.unwrap();
    for personal in PERSONAL {
        let mut apart = events.iter().filter_map(|event| event.personal.as_deref());
        assert!(apart.any(|data| data.contains(personal)), "{personal} is in no event");
        for event in &events {
            assert!(!event.body.contains(personal), "{}: {}", event.name, event.body);
        }
    }
}

/// All that an answer says, its headers included.
fn said(reply: &Reply) -> String {
    format!("{:?} {}", reply.headers, reply.text())
}

#[tokio::test]
async fn no_answer_repeats_a_token_that_does_not_work() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let token = &company.token;
    let unknown = SecretText::mint(SecretKind::Company, company.id, [7; 32]);
    let revoked = company.scoped(&server, &["teammates:read"]).await;
    company.operate(&server, CompanyRequest::RevokeToken { token: "tok_2".to_owned() }).await;
    for sent in [
        format!("Bearer {token}x"),
        format!("Bearer {}", &token[..token.len() - 1]),
        format!("Bearer {token} {token}"),
        format!("Bearer {}", token.replace("tnr_co_", "tnr_tm_")),
        format!("Bearer {}", token.replace("tnr_co_", "")),
        format!("Bearer {}", unknown.reveal()),
        format!("Bearer {revoked}"),
        format!("Basic {token}"),
        token.clone(),
    ] {
        let request = server.http().get(format!("http://{}/teammates", server.address()));
        let reply = company.send(request.header("Authorization", &sent)).await.expect(401);
        let part = &sent[sent.len() - 40..sent.len() - 10];
        assert!(!said(&reply).contains(part), "{reply}");
    }
}

#[tokio::test]
async fn no_answer_repeats_a_token_that_works() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for path in ["/me", "/teammates", "/teammates/tea_9", "/nothing", "/healthz", "/openapi.json"] {
        let reply = company.get(path).await;
        assert!(!said(&reply).contains(&company.token), "{path}: {reply}");
    }
}

#[tokio::test]
async fn no_page_of_an_invitation_repeats_its_secret() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    let mail = mail_to(&server, &company, "tea_1").await;
    for method in [Method::GET, Method::POST, Method::POST] {
        let page = company.send(company.request(method, &mail.link())).await;
        assert!(!said(&page).contains(&mail.secret()), "{page}");
    }
}

#[tokio::test]
async fn operators_are_shown_no_secret_a_second_time() {
    let server = TestServer::start().await;
    let Walked { company, tokens, invitations } = walk(&server).await;
    for ask in [
        CompanyRequest::Show,
        CompanyRequest::Export,
        CompanyRequest::ListTokens,
        CompanyRequest::Audit(AuditWish::default()),
    ] {
        let shown = serde_json::to_string(&company.operate(&server, ask).await).unwrap();
        for secret in tokens.iter().chain(&invitations) {
            assert!(!shown.contains(secret.as_str()), "{shown}");
        }
    }
}

#[tokio::test]
async fn no_event_tells_a_secret_or_what_one_is_known_by() {
    let server = TestServer::start().await;
    let Walked { company, tokens, invitations } = walk(&server).await;
    let stream = Stream(company.id.number());
    let events = server.node().engine.journal().read_stream(stream, Version(0), 1000).await.unwrap();
    let bodies = events.iter().map(|event| serde_json::from_str::<Value>(&event.body).unwrap());
    let digests: Vec<_> = bodies.filter_map(|body| body["digest"].as_str().map(str::to_owned)).collect();
    assert!(digests.len() >= tokens.len() + invitations.len(), "{} digests", digests.len());
    for list in ["/events", "/teammates/tea_1/history"] {
        let told = company.get(&format!("{list}?limit=100")).await.expect(200);
        assert_eq!(told.next(), None, "{list}");
        assert!(told.text().contains("invitation.accepted"), "{list}: {told}");
        for secret in tokens.iter().chain(&invitations).chain(&digests) {
            assert!(!told.text().contains(secret.as_str()), "{list}: {told}");
        }
    }
}

#[tokio::test]
async fn a_new_token_is_not_shown_by_debug() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let new = company.new_token(&server, TestCompany::wish("company")).await;
    let shown = format!("{new:?} {:?}", OperatorReply::NewToken(new.clone()));
    assert!(!shown.contains(&new.token), "{shown}");
}
