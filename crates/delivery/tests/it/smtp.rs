//! Mail over SMTP, to a small server that notes what it is told and answers as it is ordered to.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::Address;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tenure_delivery::{
    Finished, InvitationMail, MailRoute, Password, Sender, SmtpPost, SmtpSetupFault, SmtpUrl,
    WebhookDisabledMail,
};
use tenure_directory::custom_field::FieldValues;
use tenure_directory::email::EmailAddress;
use tenure_directory::invitation::Invitation;
use tenure_directory::teammate::{Availability, Presence, Role, Standing, Teammate};
use tenure_directory::text::{PersonName, Username};
use tenure_directory::{TeammateId, Timestamp, Version};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// How the server behaves. Without anything it is a plain one that takes everything.
#[derive(Clone, Copy, Default)]
struct Manners {
    /// What it offers after EHLO.
    offers: &'static [&'static str],
    /// What it says to AUTH, to RCPT, and to the end of a mail, instead of yes.
    to_auth: Option<&'static str>,
    to_rcpt: Option<&'static str>,
    to_mail: Option<&'static str>,
    /// Whether it hangs up once it has a whole mail.
    hangs_up: bool,
    /// Whether it never says anything.
    is_silent: bool,
}

/// What the server was told.
#[derive(Default)]
struct Noted {
    connections: usize,
    commands: Vec<String>,
    mails: Vec<String>,
}

struct MailServer {
    port: u16,
    noted: Arc<Mutex<Noted>>,
}

impl MailServer {
    async fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let noted = Arc::new(Mutex::new(Noted::default()));
        let shared = Arc::clone(&noted);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                tokio::spawn(converse(stream, manners, Arc::clone(&shared)));
            }
        });
        Self { port, noted }
    }

    fn url(&self, user: &str, query: &str) -> SmtpUrl {
        SmtpUrl::parse(&format!("smtp://{user}127.0.0.1:{}{query}", self.port)).unwrap()
    }

    fn post(&self) -> SmtpPost {
        SmtpPost::new(self.url("", ""), None).unwrap()
    }

    fn commands(&self) -> Vec<String> {
        self.noted.lock().unwrap().commands.clone()
    }

    fn mails(&self) -> Vec<String> {
        self.noted.lock().unwrap().mails.clone()
    }

    fn connections(&self) -> usize {
        self.noted.lock().unwrap().connections
    }

    fn was_told(&self, start: &str) -> bool {
        self.commands().iter().any(|command| command.starts_with(start))
    }
}

/// One conversation, until the client leaves or the server hangs up.
async fn converse(stream: TcpStream, manners: Manners, noted: Arc<Mutex<Noted>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    if manners.is_silent {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        return Ok(());
    }
    stream.write_all(b"220 mail.test at your service\r\n").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end().to_owned();
        noted.lock().unwrap().commands.push(command.clone());
        let verb = command.split([' ', ':']).next().unwrap_or_default();
        let answer = match verb {
            "EHLO" => hello(manners.offers),
            "AUTH" => manners.to_auth.unwrap_or("235 welcome\r\n").to_owned(),
            "RCPT" => manners.to_rcpt.unwrap_or("250 go on\r\n").to_owned(),
            "DATA" => {
                stream.write_all(b"354 go ahead\r\n").await?;
                let mail = whole_mail(&mut stream).await?;
                noted.lock().unwrap().mails.push(mail);
                if manners.hangs_up {
                    return Ok(());
                }
                manners.to_mail.unwrap_or("250 taken\r\n").to_owned()
            }
            "MAIL" | "NOOP" | "QUIT" => "250 fine\r\n".to_owned(),
            _ => "502 not here\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes()).await?;
        if verb == "QUIT" {
            return Ok(());
        }
    }
}

fn hello(offers: &[&str]) -> String {
    let lines: Vec<&str> = std::iter::once("mail.test").chain(offers.iter().copied()).collect();
    let last = lines.len() - 1;
    let line =
        |(index, line): (usize, &&str)| format!("250{}{line}\r\n", if index == last { ' ' } else { '-' });
    lines.iter().enumerate().map(line).collect::<Vec<_>>().concat()
}

/// A mail up to the line with a dot, without the dots that were put before others.
async fn whole_mail(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut mail = String::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        if line == ".\r\n" || line.is_empty() {
            return Ok(mail);
        }
        mail.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

/// Sends a small mail to an address.
async fn send_to(post: &SmtpPost, to: &str) -> Result<(), tenure_delivery::SmtpError> {
    let mail = format!("From: no-reply@tenure.test\r\nTo: {to}\r\nSubject: hello\r\n\r\nHello.\r\n");
    post.send(&address("no-reply@tenure.test"), &address(to), mail.as_bytes()).await
}

/// A teammate of whom only the name and the address matter. The name is taken as it is, as from an old journal.
fn teammate(email: &str, first_name: &str) -> Teammate {
    let name = |text: &str| serde_json::from_value::<PersonName>(json!(text)).unwrap();
    Teammate {
        id: TeammateId::new(1),
        email: EmailAddress::parse(email).unwrap(),
        username: Username::parse("ana").unwrap(),
        first_name: name(first_name),
        last_name: name(""),
        role: Role::Admin,
        availability: Availability::Available,
        standing: Standing::Active,
        custom_fields: FieldValues::default(),
        invitation: Invitation::None,
        presence: Presence::Present,
        relations: None,
        created_at: Timestamp::default(),
        revision: Version::ZERO,
        updated_at: Timestamp::default(),
    }
}

fn invitation(company: &str, teammate: &Teammate, sender: Option<&Sender>) -> Finished {
    let mail = InvitationMail {
        company,
        teammate,
        link: "http://tenure.test/invitations/tnr_inv_1_secret",
        public_url: "http://tenure.test",
        message_id: "invitation.cmp_1.tea_1.3",
        sent_at: Timestamp::from_ms(1_767_225_600_000),
    };
    mail.finish(sender).unwrap()
}

/// The lines of a mail's head, each whole.
fn head(mail: &str) -> Vec<String> {
    let (head, _) = mail.split_once("\r\n\r\n").unwrap();
    head.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
}

fn header(mail: &str, name: &str) -> String {
    let head = head(mail);
    let mut values = head.iter().filter_map(|line| line.strip_prefix(&format!("{name}: ")));
    let value = values.next().unwrap_or_else(|| panic!("no {name} in {mail}"));
    assert!(values.next().is_none(), "{name} is there twice in {mail}");
    value.to_owned()
}

#[tokio::test]
async fn a_mail_is_taken_as_it_is_for_whom_it_is() {
    let server = MailServer::start(Manners::default()).await;
    let mail = "Subject: dots\r\n\r\n.\r\n..\r\n.a line that begins with a dot\r\nbye\r\n";
    let (from, to) = (address("no-reply@tenure.test"), address("Ana.Lopez@x.example"));
    server.post().send(&from, &to, mail.as_bytes()).await.unwrap();
    assert_eq!(
        server.commands(),
        ["EHLO tenure.test", "MAIL FROM:<no-reply@tenure.test>", "RCPT TO:<Ana.Lopez@x.example>", "DATA"]
    );
    assert_eq!(server.mails()[0].trim_end(), mail.trim_end());
}

#[tokio::test]
async fn several_mails_go_over_one_connection_until_it_is_hung_up() {
    let server = MailServer::start(Manners::default()).await;
    let post = server.post();
    post.ready(&address("no-reply@tenure.test")).await.unwrap();
    for _ in 0..3 {
        send_to(&post, "ana@x.example").await.unwrap();
    }
    assert_eq!((server.connections(), server.mails().len()), (1, 3));
    post.hang_up().await;
    assert!(server.was_told("QUIT"));
    send_to(&post, "ana@x.example").await.unwrap();
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn many_mails_at_once_open_few_connections() {
    let server = MailServer::start(Manners::default()).await;
    let post = server.post();
    let sent = futures_util::future::join_all((0..20).map(|_| send_to(&post, "ana@x.example"))).await;
    assert!(sent.iter().all(Result::is_ok), "{sent:?}");
    assert!(server.connections() <= 4 && server.mails().len() == 20);
}

#[tokio::test]
async fn who_has_a_password_signs_in() {
    let server = MailServer::start(Manners { offers: &["AUTH LOGIN PLAIN"], ..Manners::default() }).await;
    let apart = server.url("", "").signed_in_as(Some("tenure".to_owned()), Some(Password::new("hunter2")));
    for url in [server.url("tenure:hunter2@", ""), apart] {
        let post = SmtpPost::new(url, None).unwrap();
        send_to(&post, "ana@x.example").await.unwrap();
    }
    let expected = format!("AUTH PLAIN {}", STANDARD.encode("\0tenure\0hunter2"));
    assert_eq!(server.commands().iter().filter(|command| **command == expected).count(), 2);
}

#[tokio::test]
async fn a_refused_password_is_not_repeated() {
    let said = "535 5.7.8 no: AHRlbnVyZQBodW50ZXIy aHVudGVyMg== hunter2\r\n";
    let manners = Manners { offers: &["AUTH PLAIN"], to_auth: Some(said), ..Manners::default() };
    let server = MailServer::start(manners).await;
    let post = SmtpPost::new(server.url("tenure:hunter2@", ""), None).unwrap();
    let error = send_to(&post, "ana@x.example").await.unwrap_err();
    let text = format!("{error} {error:?} {post:?}");
    assert!(error.is_permanent() && text.contains("535 5.7.8 no: … … …"), "{text}");
    assert!(text.contains("while signing in") && !text.contains("hunter"), "{text}");
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn no_password_is_sent_without_the_tls_that_was_asked_for() {
    let server = MailServer::start(Manners { offers: &["AUTH PLAIN"], ..Manners::default() }).await;
    let post = SmtpPost::new(server.url("tenure:hunter2@", "?tls=required"), None).unwrap();
    let error = send_to(&post, "ana@x.example").await.unwrap_err();
    assert!(error.is_permanent() && error.to_string().contains("STARTTLS"), "{error}");
    assert!(!server.was_told("AUTH") && !server.was_told("MAIL"));
}

#[test]
fn no_password_is_sent_in_the_clear_to_another_machine() {
    let url = SmtpUrl::parse("smtp://tenure:hunter2@mail.example.com?tls=none").unwrap();
    let fault = SmtpPost::new(url, None).unwrap_err();
    assert_eq!(fault, SmtpSetupFault::InTheClear);
    assert!(!fault.to_string().contains("hunter2"));
}

#[tokio::test]
async fn what_the_server_refuses_is_told_with_its_words_and_whether_it_may_change_its_mind() {
    for (answer, is_permanent, told) in [
        ("421 4.3.2 closing down\r\n", false, "421 4.3.2 closing down"),
        ("451 4.7.1 greylisted, come back\r\n", false, "451 4.7.1 greylisted, come back"),
        ("550-5.1.1 no such user:\r\n550 5.1.1 <ana@x.example>\r\n", true, "550 5.1.1 no such user: <…>"),
        ("554 \u{1b}[31mred\u{202e}\u{7}\r\n", true, "554 [31mred"),
        ("552 see http://tenure.test/invitations/tnr_inv_1_secret\r\n", true, "552 see …"),
    ] {
        for at_rcpt in [true, false] {
            let manners = if at_rcpt {
                Manners { to_rcpt: Some(answer), ..Manners::default() }
            } else {
                Manners { to_mail: Some(answer), ..Manners::default() }
            };
            let server = MailServer::start(manners).await;
            let error = send_to(&server.post(), "ana@x.example").await.unwrap_err();
            let text = error.to_string();
            assert!(error.is_permanent() == is_permanent && text.ends_with(told), "{text}");
            assert!(!text.contains("ana@") && !text.contains("secret"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_refused_mail_keeps_no_other_from_being_sent() {
    let server = MailServer::start(Manners { to_rcpt: Some("550 no\r\n"), ..Manners::default() }).await;
    let post = server.post();
    for _ in 0..6 {
        assert!(send_to(&post, "ana@x.example").await.is_err());
    }
    assert_eq!(server.connections(), 6);
}

#[tokio::test]
async fn a_server_that_hangs_up_after_the_mail_has_not_taken_it() {
    let server = MailServer::start(Manners { hangs_up: true, ..Manners::default() }).await;
    let error = send_to(&server.post(), "ana@x.example").await.unwrap_err();
    assert!(!error.is_permanent() && error.to_string().contains("while sending"), "{error}");
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn a_server_that_is_silent_is_given_up() {
    let server = MailServer::start(Manners { is_silent: true, ..Manners::default() }).await;
    let post = server.post().answered_within(Duration::from_millis(100));
    let error = send_to(&post, "ana@x.example").await.unwrap_err();
    assert!(!error.is_permanent() && error.to_string().contains("did not answer within 100ms"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told() {
    let port = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().port();
    let url = SmtpUrl::parse(&format!("smtp://127.0.0.1:{port}")).unwrap();
    let mail_server = SmtpPost::new(url, None).unwrap();
    let error = mail_server.ready(&address("no-reply@tenure.test")).await.unwrap_err();
    assert!(!error.is_permanent(), "{error}");
    assert!(error.to_string().contains(&format!("127.0.0.1 port {port} cannot be reached")), "{error}");
}

#[tokio::test]
async fn addresses_beyond_ascii_go_to_servers_that_take_them() {
    let server = MailServer::start(Manners { offers: &["8BITMIME", "SMTPUTF8"], ..Manners::default() }).await;
    let ana = teammate("用户@例子.广告", "Ana");
    let mail = invitation("Acme", &ana, None);
    server.post().send(&mail.from, &mail.to, &mail.bytes).await.unwrap();
    assert!(server.was_told("MAIL FROM:<no-reply@tenure.test> SMTPUTF8"), "{:?}", server.commands());
    assert!(server.was_told("RCPT TO:<用户@例子.广告>"), "{:?}", server.commands());
    assert_eq!(header(&server.mails()[0], "To"), "Ana <用户@例子.广告>");
}

#[tokio::test]
async fn an_address_beyond_ascii_is_not_sent_to_a_server_that_takes_none() {
    let server = MailServer::start(Manners { offers: &["8BITMIME"], ..Manners::default() }).await;
    let error = send_to(&server.post(), "d\u{f6}rte@x.example").await.unwrap_err();
    assert!(error.is_permanent() && error.to_string().contains("SMTPUTF8"), "{error}");
    assert!(!server.was_told("MAIL"));
}

#[tokio::test]
async fn a_domain_beyond_ascii_has_a_form_that_every_server_takes() {
    let server = MailServer::start(Manners::default()).await;
    let ana = teammate("ana@b\u{fc}cher.example", "Zo\u{eb}");
    let mail = invitation("Acme", &ana, None);
    server.post().send(&mail.from, &mail.to, &mail.bytes).await.unwrap();
    assert!(server.was_told("RCPT TO:<ana@xn--bcher-kva.example>"), "{:?}", server.commands());
    let taken = &server.mails()[0];
    assert!(taken.is_ascii() && header(taken, "To").ends_with("<ana@xn--bcher-kva.example>"), "{taken}");
    let (_, body) = taken.split_once("\r\n\r\n").unwrap();
    assert!(String::from_utf8_lossy(&mail.bytes).contains(body.trim_end()), "{taken}");
}

/// Names that a careless head would not survive.
const NAMES: [&str; 9] = [
    "Ana\r\nBcc: bo@evil.example",
    "Ana\nBcc: bo@evil.example\n\nHello",
    "Ana\r\n.\r\nMAIL FROM:<bo@evil.example>",
    "Ana\u{2028}Bcc: bo@evil.example\u{85}Cc: bo@evil.example",
    "Ana\u{202e}elpmaxe.live@ob\u{2066}",
    "Ana\u{0}\u{7}\u{1b}[2J",
    "\u{ff1c}bo\u{ff20}evil.example\u{ff1e}\u{ff1a}",
    "\" <bo@evil.example>, \"",
    "=?utf-8?q?=0D=0ABcc:_bo@evil.example?=",
];

#[tokio::test]
async fn no_name_reaches_a_head_raw() {
    let server = MailServer::start(Manners::default()).await;
    let post = server.post();
    let expected = ["Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"];
    for name in NAMES {
        let ana = teammate("ana@x.example", name);
        let mail = invitation(name, &ana, None);
        post.send(&mail.from, &mail.to, &mail.bytes).await.unwrap();
        let taken = server.mails().pop().unwrap();
        let lines = head(&taken);
        let mut names: Vec<_> = lines.iter().filter_map(|line| line.split(':').next()).collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{taken}");
        assert!(header(&taken, "To").ends_with("<ana@x.example>"), "{taken}");
        let (head, _) = taken.split_once("\r\n\r\n").unwrap();
        let is_plain = |character: char| character == '\r' || character == '\n' || !character.is_control();
        assert!(head.is_ascii() && head.chars().all(is_plain), "{taken:?}");
        assert!(!head.replace("\r\n", "").contains(['\r', '\n']), "{taken:?}");
    }
    assert_eq!(server.mails().len(), NAMES.len());
    let mut recipients = server.commands().into_iter().filter(|command| command.starts_with("RCPT"));
    assert!(recipients.all(|command| command == "RCPT TO:<ana@x.example>"));
}

#[tokio::test]
async fn one_invitation_has_one_message_id_whoever_sends_it_and_however_often() {
    let server = MailServer::start(Manners::default()).await;
    let sender = Sender::parse("Harbor Coffee <mail@other.example>").unwrap();
    let route = MailRoute::Smtp(Box::new(SmtpPost::new(server.url("", ""), Some(sender)).unwrap()));
    let ana = teammate("ana@x.example", "Ana");
    for sender in [None, route.sender()] {
        let mail = invitation("Acme", &ana, sender);
        route.ready(&mail.from).await.unwrap();
        route.deliver("cmp_1-tea_1-invitation-3", mail).await.unwrap();
    }
    route.sync().await.unwrap();
    let mails = server.mails();
    for mail in &mails {
        assert_eq!(header(mail, "Message-ID"), "<invitation.cmp_1.tea_1.3@tenure.test>");
    }
    assert_eq!(header(&mails[0], "From"), "Tenure <no-reply@tenure.test>");
    assert_eq!(header(&mails[1], "From"), "\"Harbor Coffee\" <mail@other.example>");
    assert!(server.was_told("MAIL FROM:<mail@other.example>") && server.was_told("QUIT"));
}

#[test]
fn a_sender_is_an_address_with_or_without_a_name() {
    for good in ["mail@x.example", "Harbor <mail@x.example>", "\"Harbor, Ltd.\" <mail@x.example>"] {
        assert!(Sender::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "Harbor",
        "mail@",
        "Harbor <mail@x.example",
        "a@x.example, b@x.example",
        "Harbor <mail@x.example>\r\nBcc: bo@evil.example",
        "Har\u{202e}bor <mail@x.example>",
    ] {
        assert!(Sender::parse(bad).is_err(), "{bad}");
    }
}

/// The mail about a webhook that nothing is wrong with but its answers.
fn webhook_mail(answers: &[String], to: &Teammate) -> String {
    let mail = WebhookDisabledMail {
        company: "Harbor & Sons",
        slug: "harbor",
        to,
        url_host: "hooks.example.com",
        webhook: "whk_3".to_owned(),
        reason: "no delivery succeeded for 5 days",
        first_failure: Some(Timestamp::from_ms(1_767_225_600_900)),
        last_answers: answers,
        public_url: "https://tenure.test",
        message_id: "webhook-disabled.cmp_1.whk_3.9.tea_1",
        sent_at: Timestamp::from_ms(1_767_657_600_000),
    };
    String::from_utf8(mail.finish(None).unwrap().bytes).unwrap()
}

#[test]
fn the_mail_about_a_disabled_webhook_says_which_why_since_when_and_what_to_do() {
    let ana = teammate("ana@x.example", "Ana");
    let answers: Vec<String> = (1..=6).map(|number| format!("50{number} no")).collect();
    let mail = webhook_mail(&answers, &ana);
    assert_eq!(header(&mail, "Subject"), "A webhook of Harbor & Sons was disabled");
    assert_eq!(header(&mail, "Message-ID"), "<webhook-disabled.cmp_1.whk_3.9.tea_1@tenure.test>");
    for told in [
        "The webhook whk_3 of Harbor & Sons was disabled. Nothing is sent to hooks.example.com any more.\r\n",
        "Why: no delivery succeeded for 5 days\r\nFailing since: 2026-01-01T00:00:00Z\r\n",
        "  - 502 no\r\n  - 503 no\r\n  - 504 no\r\n  - 505 no\r\n  - 506 no\r\n\r\n",
        "  tenure webhook enable whk_3 --company harbor\r\n",
        "  PATCH https://tenure.test/webhooks/whk_3 {\"is_enabled\": true}\r\n",
        "  POST https://tenure.test/webhooks/whk_3/recover {\"since\": 1767225600}\r\n",
        "<strong>Harbor &#38; Sons</strong>",
        "<pre>PATCH https://tenure.test/webhooks/whk_3 {&#34;is_enabled&#34;: true}</pre>",
    ] {
        assert!(mail.contains(told), "no {told:?} in {mail}");
    }
    assert!(!mail.contains("501 no"), "{mail}");
}

#[test]
fn an_answer_of_an_endpoint_is_a_line_of_text_whatever_it_holds() {
    let ana = teammate("ana@x.example", "Ana");
    let answers =
        ["200\r\n.\r\nRCPT TO:<bo@evil.example>\u{0}".to_owned(), "<script>alert(1)</script>".to_owned()];
    let mail = webhook_mail(&answers, &ana);
    assert!(mail.contains("  - 200  .  RCPT TO:<bo@evil.example>\r\n"), "{mail}");
    assert!(mail.contains("<li>&#60;script&#62;alert(1)&#60;/script&#62;</li>"), "{mail}");
    assert!(webhook_mail(&[], &ana).contains("  - none is known\r\n"));
    let long = webhook_mail(&["x".repeat(5000)], &ana);
    assert!(!long.contains(&"x".repeat(400)) && long.split("\r\n").all(|line| line.len() <= 998), "{long}");
}
