//! Invitations: the mail in the outbox, the link in it, and what is told about them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use tenure_directory::secret::{SecretKind, SecretText};
use tenure_testkit::{PUBLIC_URL, Reply, TestCompany, TestServer};
use tokio::time::Instant;

/// How long a mail may take to be written. A held one is looked at every five seconds.
const PATIENCE: Duration = Duration::from_secs(20);
const WEEK: Duration = Duration::from_hours(7 * 24);
const ALMOST_A_WEEK: Duration = Duration::from_millis(7 * 24 * 60 * 60 * 1000 - 1);

/// A mail of the outbox.
pub(crate) struct Mail {
    /// The file's name.
    name: String,
    /// The whole mail.
    text: String,
}

impl Mail {
    /// The lines of the head, each whole.
    fn head(&self) -> Vec<String> {
        let (head, _) = self.text.split_once("\r\n\r\n").expect("a mail has a head and a body");
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", "\t");
        unfolded.split("\r\n").map(str::to_owned).collect()
    }

    /// A header that must be there once.
    fn header(&self, name: &str) -> String {
        let head = self.head();
        let mut values = head.iter().filter_map(|line| line.split_once(": ")).filter(|(n, _)| *n == name);
        let (_, value) = values.next().unwrap_or_else(|| panic!("no {name} in {}", self.text));
        assert!(values.next().is_none(), "{name} is there twice in {}", self.text);
        value.to_owned()
    }

    fn boundary(&self) -> String {
        let kind = self.header("Content-Type");
        let (_, boundary) = kind.split_once("boundary=").expect("the mail has parts");
        boundary.trim_matches('"').to_owned()
    }

    /// A part of the body, such as `text/plain`, decoded.
    fn part(&self, kind: &str) -> String {
        let delimiter = format!("--{}", self.boundary());
        let mut parts = self.text.split(&delimiter).filter_map(|part| part.split_once("\r\n\r\n"));
        let (head, body) = parts
            .find(|(head, _)| head.contains(&format!("Content-Type: {kind}")))
            .unwrap_or_else(|| panic!("no {kind} in {}", self.text));
        let encoding = head.split("Content-Transfer-Encoding: ").nth(1).unwrap_or("7bit");
        match encoding.split("\r\n").next() {
            Some("base64") => {
                let digits: String = body.split_whitespace().collect();
                let bytes = STANDARD.decode(digits).expect("the part is base64");
                String::from_utf8(bytes).expect("the part is text")
            }
            Some("quoted-printable") => from_quoted_printable(&body.replace("=\r\n", "")),
            _ => body.to_owned(),
        }
    }

    /// The path of the link: it must be under the public URL.
    pub(crate) fn link(&self) -> String {
        let text = self.part("text/plain");
        let link = text.split_whitespace().find(|word| word.contains("/invitations/"));
        let link = link.unwrap_or_else(|| panic!("no link in {text}"));
        let path =
            link.strip_prefix(PUBLIC_URL).unwrap_or_else(|| panic!("{link} is not under the public URL"));
        path.to_owned()
    }

    /// The secret in the link.
    pub(crate) fn secret(&self) -> String {
        self.link().trim_start_matches("/invitations/").to_owned()
    }
}

fn from_quoted_printable(text: &str) -> String {
    let mut pieces = text.split('=');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (code, plain) = piece.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).expect("two hexadecimal digits follow a ="));
        bytes.extend_from_slice(plain.as_bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A header's text as a mail program shows it: with its encoded words (RFC 2047) decoded.
fn shown(raw: &str) -> String {
    let mut shown = String::new();
    let mut rest = raw;
    let mut follows_word = false;
    while let Some((before, after)) = rest.split_once("=?") {
        let parts: Vec<&str> = after.splitn(4, '?').collect();
        let &[_, encoding, text, tail] = parts.as_slice() else { break };
        // White space between two encoded words is not shown.
        if !(follows_word && before.trim().is_empty()) {
            shown.push_str(before);
        }
        if encoding.eq_ignore_ascii_case("b") {
            let bytes = STANDARD.decode(text).expect("the word is base64");
            shown.push_str(&String::from_utf8_lossy(&bytes));
        } else {
            shown.push_str(&from_quoted_printable(&text.replace('_', " ")));
        }
        rest = tail.strip_prefix('=').unwrap_or(tail);
        follows_word = true;
    }
    shown + rest
}

/// The one mailbox of a header: the name as a mail program shows it, and the address.
fn mailbox(raw: &str) -> (String, String) {
    let Some((name, address)) = raw.rsplit_once('<') else { return (String::new(), raw.to_owned()) };
    let address =
        address.strip_suffix('>').unwrap_or_else(|| panic!("something follows the address in {raw}"));
    let name = name.trim_end();
    let Some(quoted) = name.strip_prefix('"') else {
        let is_phrase = |c: char| c.is_ascii_alphanumeric() || " -_.=?/+".contains(c);
        assert!(name.chars().all(is_phrase), "the name breaks out of its place in {raw}");
        return (shown(name), address.to_owned());
    };
    let quoted = quoted.strip_suffix('"').unwrap_or_else(|| panic!("the quotes are open in {raw}"));
    let mut plain = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        assert_ne!(character, '"', "the quotes end early in {raw}");
        plain.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    (plain, address.to_owned())
}

/// All mails of the outbox, in order of their names.
pub(crate) fn mails(server: &TestServer) -> Vec<Mail> {
    let entries = std::fs::read_dir(server.folder().join("outbox")).expect("the outbox can be read");
    let paths = entries.map(|entry| entry.expect("the outbox can be read").path());
    let mut mails: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .map(|path| Mail {
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            text: std::fs::read_to_string(&path).expect("a mail is UTF-8"),
        })
        .collect();
    // A longer number is a later one.
    mails.sort_by_key(|mail| (mail.name.len(), mail.name.clone()));
    mails
}

/// The mails of a teammate's invitations, oldest first, once there are as many as wanted.
pub(crate) async fn mails_to(
    server: &TestServer,
    company: &TestCompany,
    teammate: &str,
    wanted: usize,
) -> Vec<Mail> {
    let prefix = format!("{}-{teammate}-", company.id);
    let until = Instant::now() + PATIENCE;
    loop {
        let mut mails = mails(server);
        mails.retain(|mail| mail.name.starts_with(&prefix));
        if mails.len() >= wanted {
            return mails;
        }
        assert!(Instant::now() < until, "{} of {wanted} invitations of {teammate} were sent", mails.len());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The latest mail of a teammate's invitation.
pub(crate) async fn mail_to(server: &TestServer, company: &TestCompany, teammate: &str) -> Mail {
    mails_to(server, company, teammate, 1).await.pop().expect("there is at least one")
}

/// A company where Ana (`tea_1`) was invited, and the path of her link.
async fn invited(server: &TestServer) -> (TestCompany, String) {
    let company = server.company("Acme").await;
    let ana = company.teammate("ana@x.example").await;
    let link = mail_to(server, &company, &ana).await.link();
    (company, link)
}

/// A person's request: without any token.
async fn follow(server: &TestServer, company: &TestCompany, method: Method, link: &str) -> Reply {
    company.send(server.http().request(method, format!("http://{}{link}", server.address()))).await
}

async fn look(server: &TestServer, company: &TestCompany, link: &str) -> Reply {
    follow(server, company, Method::GET, link).await
}

async fn accept(server: &TestServer, company: &TestCompany, link: &str) -> Reply {
    follow(server, company, Method::POST, link).await
}

async fn status_of(company: &TestCompany, teammate: &str) -> String {
    let invitation = company.get(&format!("/teammates/{teammate}/invitation")).await.expect(200).json();
    invitation["status"].as_str().unwrap_or_default().to_owned()
}

async fn resend(company: &TestCompany, teammate: &str) -> Reply {
    company.send(company.request(Method::POST, &format!("/teammates/{teammate}/invitation/resend"))).await
}

#[tokio::test]
async fn a_created_teammate_gets_a_mail() {
    let server = TestServer::start().await;
    let company = server.company("Acme & Sons").await;
    let ana = json!({ "email": "ana@x.example", "first_name": "Ana", "last_name": "López" });
    company.post("/teammates", ana).await.expect(201);
    let mail = mail_to(&server, &company, "tea_1").await;
    let text = mail.text.replace(&mail.boundary(), "BOUNDARY").replace(&mail.secret(), "SECRET");
    insta::assert_snapshot!(text.replace('\r', ""), @r#"
    Message-ID: <invitation.cmp_1.tea_1.3@tenure.test>
    Date: Thu, 01 Jan 2026 00:00:00 +0000
    From: Tenure <no-reply@tenure.test>
    To: =?utf-8?b?QW5hIEzDs3Bleg==?= <ana@x.example>
    Subject: You are invited to join Acme & Sons
    MIME-Version: 1.0
    Content-Type: multipart/alternative;
     boundary="BOUNDARY"

    --BOUNDARY
    Content-Type: text/plain; charset=utf-8
    Content-Transfer-Encoding: 7bit

    You are invited to join Acme & Sons.

    To accept, open this link within 7 days:

    http://tenure.test/invitations/SECRET

    The link works once and is for you alone. If you did not expect it, do nothing.

    --BOUNDARY
    Content-Type: text/html; charset=utf-8
    Content-Transfer-Encoding: 7bit

    <!doctype html><html lang="en"><body><p>You are invited to join <strong>Acme &#38; Sons</strong>.</p><p><a href="http://tenure.test/invitations/SECRET">Accept the invitation</a> within 7 days.</p><p>The link works once and is for you alone. If you did not expect it, do nothing.</p></body></html>

    --BOUNDARY--
    "#);
}

#[tokio::test]
async fn the_head_says_from_whom_to_whom_and_when() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let ana = json!({ "email": "Ana.Lopez@X.example", "first_name": "Ana" });
    company.post("/teammates", ana).await.expect(201);
    let mail = mail_to(&server, &company, "tea_1").await;
    assert_eq!(mailbox(&mail.header("From")), ("Tenure".to_owned(), "no-reply@tenure.test".to_owned()));
    assert_eq!(mailbox(&mail.header("To")), ("Ana".to_owned(), "Ana.Lopez@X.example".to_owned()));
    assert_eq!(mail.header("Date"), "Thu, 01 Jan 2026 00:00:00 +0000");
    assert_eq!(mail.header("Message-ID"), "<invitation.cmp_1.tea_1.3@tenure.test>");
}

#[tokio::test]
async fn text_and_html_lead_to_the_same_link_under_the_public_url() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    company.teammate("ana@x.example").await;
    let mail = mail_to(&server, &company, "tea_1").await;
    let href = format!("<a href=\"{PUBLIC_URL}{}\">", mail.link());
    assert!(mail.part("text/html").contains(&href), "{}", mail.text);
    assert!(mail.link().starts_with("/invitations/tnr_inv_1_"));
}

#[tokio::test]
async fn lines_are_as_mail_wants_them() {
    let server = TestServer::start().await;
    let company = server.company(&"Zoë and Sons ".repeat(19)).await;
    let ana = json!({ "email": "ana@x.example", "first_name": "Ana Maria ".repeat(25) });
    company.post("/teammates", ana).await.expect(201);
    let mail = mail_to(&server, &company, "tea_1").await;
    for line in mail.text.split("\r\n") {
        assert!(line.len() <= 998 && !line.contains(['\r', '\n']), "{line:?}");
    }
    let (head, _) = mail.text.split_once("\r\n\r\n").unwrap();
    assert!(head.is_ascii() && head.lines().all(|line| line.len() <= 78), "{head}");
}

/// First and last names that a careless head would not survive.
const NAMES: [(&str, &str); 20] = [
    ("", ""),
    ("Ana", ""),
    ("", "López"),
    ("Ana", "O'Brien"),
    ("Ana \"The Boss\"", "Lopez"),
    ("\"", "\""),
    ("Back\\slash", "\\\""),
    ("Lopez, Ana", "bo@evil.example"),
    ("Ana <bo@evil.example>", "<>"),
    ("Ana", "(a comment)"),
    ("Team: Ana;", "bo@evil.example,"),
    ("Łukasz", "Żółć"),
    ("山田", "太郎"),
    ("🦊", "Fox"),
    ("=?utf-8?q?The_Boss?=", ""),
    ("=?utf-8?b?VGhlIEJvc3M=?= <boss@evil.example>", "=?"),
    ("?=", "=?=?=?"),
    ("two  spaces", "three   spaces"),
    ("Bcc: bo@evil.example", "Subject: gone"),
    ("a.b-c_d", "J. R. R."),
];

#[tokio::test]
async fn no_name_of_a_person_breaks_out_of_its_place() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let expected = ["Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"];
    for (index, (first, last)) in NAMES.into_iter().enumerate() {
        let person =
            json!({ "email": format!("p{index}@x.example"), "first_name": first, "last_name": last });
        let created = company.post("/teammates", person).await.expect(201).json();
        let mail = mail_to(&server, &company, created["id"].as_str().unwrap()).await;
        let name = format!("{first} {last}").trim().to_owned();
        assert_eq!(mailbox(&mail.header("To")), (name, format!("p{index}@x.example")), "{}", mail.text);
        let head = mail.head();
        let mut names: Vec<_> = head.iter().filter_map(|line| line.split(':').next()).collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{}", mail.text);
    }
}

#[tokio::test]
async fn no_long_name_of_a_person_is_changed_by_folding() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let names =
        ["n".repeat(256), "no ".repeat(85), "é".repeat(256), "\"no\" ".repeat(51), "ж, ж ".repeat(51)];
    for (index, first) in names.iter().enumerate() {
        let person = json!({ "email": format!("p{index}@x.example"), "first_name": first });
        let created = company.post("/teammates", person).await.expect(201).json();
        let mail = mail_to(&server, &company, created["id"].as_str().unwrap()).await;
        assert_eq!(mailbox(&mail.header("To")).0, first.trim(), "{}", mail.text);
    }
}

#[tokio::test]
async fn no_name_of_a_company_changes_what_the_mail_says() {
    let server = TestServer::start().await;
    for name in [
        "Dunder, \"Mifflin\" <Paper>",
        "株式会社",
        "Zoë & Co Zoë, Zoë",
        "=?utf-8?q?The_Boss?=",
        "Acme =?utf-8?b?VGhlIEJvc3M=?= Corp",
        "Zoë =?utf-8?q?The_Boss?=",
        "Bcc: bo@evil.example",
        "A long name of a company that goes on and on until it needs a second line, and a third",
    ] {
        let company = server.company(name).await;
        company.teammate("ana@x.example").await;
        let mail = mail_to(&server, &company, "tea_1").await;
        let subject = shown(&mail.header("Subject"));
        assert_eq!(subject, format!("You are invited to join {name}"), "{}", mail.text);
        assert!(mail.part("text/plain").contains(name), "{}", mail.text);
    }
}

#[tokio::test]
async fn html_shows_the_name_of_a_company_as_text() {
    let server = TestServer::start().await;
    let company = server.company("<script>alert('x')</script> & \"Sons\"").await;
    company.teammate("ana@x.example").await;
    let mail = mail_to(&server, &company, "tea_1").await;
    let page = look(&server, &company, &mail.link()).await.expect(200);
    for html in [mail.part("text/html"), page.text()] {
        assert!(html.contains("&#60;script&#62;") && !html.contains("<script"), "{html}");
    }
}

#[tokio::test]
async fn a_name_with_a_line_break_is_refused_and_no_mail_is_sent() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for name in
        ["a\r\nBcc: bo@evil.example", "a\nb", "a\rb", "a\u{85}b", "a\u{2028}b", "a\u{2029}b", "a\u{b}b"]
    {
        for field in ["first_name", "last_name"] {
            let reply = company.post("/teammates", json!({ "email": "ana@x.example", field: name })).await;
            assert_eq!(reply.status, 400, "{field} {name:?}: {reply}");
        }
    }
    // The mails are sent in order, so one that was asked for earlier would be there by now.
    company.teammate("bo@x.example").await;
    mail_to(&server, &company, "tea_1").await;
    assert_eq!(mails(&server).len(), 1);
}

#[tokio::test]
async fn mail_goes_to_the_address_as_it_was_given() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for email in [
        "Ana.Lopez+tag@Sub.Example.co.uk",
        "o'brien@x.example",
        "=?utf-8?q?boss?=@x.example",
        "d\u{f6}rte@s\u{f6}rensen.example",
        "用户@例子.广告",
    ] {
        let teammate = company.teammate(email).await;
        let mail = mail_to(&server, &company, &teammate).await;
        assert_eq!(mailbox(&mail.header("To")).1, email, "{}", mail.text);
    }
}

#[tokio::test]
async fn the_page_of_a_link_says_who_is_invited_where() {
    let server = TestServer::start().await;
    let (company, link) = invited(&server).await;
    insta::assert_snapshot!(look(&server, &company, &link).await, @r#"
    200
    content-type: text/html; charset=utf-8

    <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Invitation</title><style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.5rem 1.5rem}</style></head><body><h1>Join Acme</h1><p>You are invited as ana@x.example.</p><form method="post"><button type="submit">Accept the invitation</button></form></body></html>
    "#);
}

#[tokio::test]
async fn the_page_of_a_link_is_kept_and_passed_on_by_nobody() {
    let server = TestServer::start().await;
    let (company, link) = invited(&server).await;
    let page = look(&server, &company, &link).await.expect(200);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
}

#[tokio::test]
async fn looking_at_a_link_changes_nothing() {
    let server = TestServer::start().await;
    let (company, link) = invited(&server).await;
    let first = look(&server, &company, &link).await.expect(200);
    follow(&server, &company, Method::HEAD, &link).await.expect(200);
    let second = look(&server, &company, &link).await.expect(200);
    assert_eq!(second.text(), first.text());
    assert_eq!(status_of(&company, "tea_1").await, "pending");
}

#[tokio::test]
async fn the_button_of_the_page_accepts() {
    let server = TestServer::start().await;
    let (company, link) = invited(&server).await;
    insta::assert_snapshot!(accept(&server, &company, &link).await, @r#"
    200
    content-type: text/html; charset=utf-8

    <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Welcome</title><style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.5rem 1.5rem}</style></head><body><h1>Welcome to Acme</h1><p>The invitation is accepted.</p></body></html>
    "#);
    assert_eq!(status_of(&company, "tea_1").await, "accepted");
}

#[tokio::test]
async fn a_link_works_once() {
    let server = TestServer::start().await;
    let (company, link) = invited(&server).await;
    accept(&server, &company, &link).await.expect(200);
    insta::assert_snapshot!(accept(&server, &company, &link).await, @r#"
    410
    content-type: text/html; charset=utf-8

    <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Invitation</title><style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.5rem 1.5rem}</style></head><body><h1>This link does not work</h1><p>this invitation was accepted already; you can sign in</p></body></html>
    "#);
    assert_eq!(look(&server, &company, &link).await.status, 410);
}

#[tokio::test]
async fn a_link_works_for_seven_days() {
    let server = TestServer::start().await;
    let (company, link) = invited(&server).await;
    server.clock().advance(ALMOST_A_WEEK);
    assert_eq!(look(&server, &company, &link).await.status, 200);
    assert_eq!(status_of(&company, "tea_1").await, "pending");
}

#[tokio::test]
async fn after_seven_days_a_link_is_gone() {
    let server = TestServer::start().await;
    let (company, link) = invited(&server).await;
    server.clock().advance(WEEK);
    assert_eq!(look(&server, &company, &link).await.status, 410);
    assert_eq!(accept(&server, &company, &link).await.status, 410);
    assert_eq!(status_of(&company, "tea_1").await, "expired");
}

#[tokio::test]
async fn a_secret_that_is_of_no_invitation_is_unknown() {
    let server = TestServer::start().await;
    let (company, link) = invited(&server).await;
    let never_sent = SecretText::mint(SecretKind::Invitation, company.id, [7; 32]);
    let mistyped = format!("{}{}", &link[..link.len() - 1], if link.ends_with('x') { 'y' } else { 'x' });
    for link in [
        format!("/invitations/{}", never_sent.reveal()),
        format!("/invitations/{}", company.token),
        link.to_uppercase().replace("/INVITATIONS/", "/invitations/"),
        link[..link.len() - 1].to_owned(),
        mistyped,
        "/invitations/x".to_owned(),
        "/invitations/%FF".to_owned(),
        "/invitations/%00".to_owned(),
    ] {
        assert_eq!(look(&server, &company, &link).await.status, 404, "{link}");
        assert_eq!(accept(&server, &company, &link).await.status, 404, "{link}");
    }
    assert_eq!(status_of(&company, "tea_1").await, "pending");
}

#[tokio::test]
async fn the_page_of_an_unknown_link_tells_nothing() {
    let server = TestServer::start().await;
    let (company, _) = invited(&server).await;
    insta::assert_snapshot!(look(&server, &company, "/invitations/x").await, @r#"
    404
    content-type: text/html; charset=utf-8

    <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Invitation</title><style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.5rem 1.5rem}</style></head><body><h1>This link does not work</h1><p>this link belongs to no open invitation; ask your administrator for a new one</p></body></html>
    "#);
}

#[tokio::test]
async fn a_change_of_address_ends_the_link_that_was_sent_to_the_old_one() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let ana = company.teammate("ana@x.example").await;
    let link = mail_to(&server, &company, &ana).await.link();
    company.patch(&format!("/teammates/{ana}"), json!({ "email": "anna@x.example" })).await.expect(204);
    assert_eq!(company.get(&link).await.status, 404);
    assert_eq!(company.send(company.request(Method::POST, &link)).await.status, 404);
}

#[tokio::test]
async fn blocking_a_teammate_ends_its_link() {
    let server = TestServer::start().await;
    let (company, link) = invited(&server).await;
    company.delete("/teammates/tea_1").await.expect(204);
    assert_eq!(look(&server, &company, &link).await.status, 404);
    assert_eq!(accept(&server, &company, &link).await.status, 404);
}

#[tokio::test]
async fn an_invitation_on_its_way_is_pending() {
    let server = TestServer::start().await;
    let (company, _) = invited(&server).await;
    insta::assert_snapshot!(company.get("/teammates/tea_1/invitation").await, @r#"
    200
    content-type: application/json
    etag: "d34786e6cd78eab6"

    {
      "_links": {
        "self": "http://tenure.test/teammates/tea_1/invitation"
      },
      "expires_at": 1767830400,
      "status": "pending"
    }
    "#);
}

#[tokio::test]
async fn sending_again_makes_a_new_link_and_ends_the_old_one() {
    let server = TestServer::start().await;
    let (company, old) = invited(&server).await;
    resend(&company, "tea_1").await.expect(204);
    assert_eq!(look(&server, &company, &old).await.status, 404);
    let new = mails_to(&server, &company, "tea_1", 2).await.pop().unwrap().link();
    assert_ne!(new, old);
    assert_eq!(accept(&server, &company, &old).await.status, 404);
    assert_eq!(accept(&server, &company, &new).await.status, 200);
}

#[tokio::test]
async fn sending_again_helps_where_a_link_has_expired() {
    let server = TestServer::start().await;
    let (company, _) = invited(&server).await;
    server.clock().advance(WEEK);
    resend(&company, "tea_1").await.expect(204);
    let new = mails_to(&server, &company, "tea_1", 2).await.pop().unwrap().link();
    server.clock().advance(ALMOST_A_WEEK);
    assert_eq!(accept(&server, &company, &new).await.status, 200);
}

#[tokio::test]
async fn after_it_was_accepted_an_invitation_is_not_sent_again() {
    let server = TestServer::start().await;
    let (company, link) = invited(&server).await;
    accept(&server, &company, &link).await.expect(200);
    insta::assert_snapshot!(resend(&company, "tea_1").await, @r#"
    409
    content-type: application/json

    {
      "_error": {
        "code": "invitation.accepted",
        "message": "teammate tea_1 has accepted an invitation already and needs no other",
        "status": 409,
        "title": "Conflict"
      }
    }
    "#);
}

#[tokio::test]
async fn a_blocked_teammate_is_not_invited_again() {
    let server = TestServer::start().await;
    let (company, _) = invited(&server).await;
    company.delete("/teammates/tea_1").await.expect(204);
    insta::assert_snapshot!(resend(&company, "tea_1").await, @r#"
    409
    content-type: application/json

    {
      "_error": {
        "code": "teammate.blocked",
        "message": "teammate tea_1 is blocked; reactivate it first (tenure teammate reactivate)",
        "status": 409,
        "title": "Conflict"
      }
    }
    "#);
}

#[tokio::test]
async fn held_invitations_wait_until_they_are_released() {
    let server = TestServer::start().await;
    let (company, other) = (server.company("Acme").await, server.company("Globex").await);
    company.set(&server, "invitations=hold").await;
    let ana = company.teammate("ana@x.example").await;
    // The sender takes them in order: when this one is sent, Ana's was looked at.
    let bo = other.teammate("bo@x.example").await;
    mail_to(&server, &other, &bo).await;
    assert_eq!(mails(&server).len(), 1);
    assert_eq!(status_of(&company, &ana).await, "held");
    company.set(&server, "invitations=send").await;
    assert_eq!(status_of(&company, &ana).await, "pending");
    server.clock().advance(Duration::from_secs(61));
    let link = mail_to(&server, &company, &ana).await.link();
    assert_eq!(accept(&server, &company, &link).await.status, 200);
}

#[tokio::test]
async fn no_invitation_is_sent_twice_by_a_restart() {
    let server = TestServer::start().await;
    let (company, link) = invited(&server).await;
    // When the next one is sent, the first is settled.
    company.teammate("bo@x.example").await;
    mail_to(&server, &company, "tea_2").await;
    let server = server.restart().await;
    let request = server.http().post(format!("http://{}/teammates", server.address()));
    let request = request.bearer_auth(&company.token).json(&json!({ "email": "cy@x.example" }));
    company.send(request).await.expect(201);
    mail_to(&server, &company, "tea_3").await;
    let of_ana = mails_to(&server, &company, "tea_1", 1).await;
    assert_eq!(of_ana.iter().map(Mail::link).collect::<Vec<_>>(), [link]);
    assert_eq!(mails(&server).len(), 3);
}
