//! One attempt over real sockets: what comes back, what is cut, and what is never connected to.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::future::join_all;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tenure_delivery::webhook::egress::{EgressRules, Forbidden};
use tenure_delivery::webhook::post::{
    ANSWER_WITHIN, Answer, BODY_AT_MOST, Call, HttpPost, HttpPostOptions, Looking, Lookup, Post, PostError,
    REFUSED_AFTER,
};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::Url;

const BODY: &str = r#"{"type":"teammate.created"}"#;
const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
/// `hello`, as gzip packs it.
const GZIPPED: [u8; 25] =
    [31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 203, 72, 205, 201, 201, 7, 0, 134, 166, 16, 54, 5, 0, 0, 0];

/// A root that signs nothing but [`LEAF`]. All three are DER in base64, made for these tests and valid until 2120.
const ROOT: &str = "\
    MIIBezCCASKgAwIBAgIUSVz2eBb4zpbkd0uO9x8i/4DK6+UwCgYIKoZIzj0EAwIwGzEZMBcGA1UEAwwQVGVudXJlIHRlc3Qg\
    cm9vdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGzEZMBcGA1UEAwwQVGVudXJlIHRlc3Qgcm9vdDBZMBMG\
    ByqGSM49AgEGCCqGSM49AwEHA0IABJ9KOEqkcjmLouRgsHrrLGdjdQzaMz0SwSid3Hq9i8W41ieagqXdyntFHNp9JRjZ/xsB\
    0YGsQGA78mpOUt2gkzqjQjBAMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgIEMB0GA1UdDgQWBBRnlqWykD6U1F3M\
    +55ic9qSAB9TjDAKBggqhkjOPQQDAgNHADBEAiB4u+SSqUJkTw1FdpK4kXueX6eE2HaOoGDzRFM8/Yz14AIge28/ul1EVbeT\
    ub8rGNF089VjEk/WwIn+myNd5nlfeWk=";
/// The certificate of `receiver.example` and 127.0.0.1.
const LEAF: &str = "\
    MIIBxTCCAWqgAwIBAgIUMPRqss0mvD4DrctSEd46xwDaJrgwCgYIKoZIzj0EAwIwGzEZMBcGA1UEAwwQVGVudXJlIHRlc3Qg\
    cm9vdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGzEZMBcGA1UEAwwQcmVjZWl2ZXIuZXhhbXBsZTBZMBMG\
    ByqGSM49AgEGCCqGSM49AwEHA0IABEohefmYI7wOhfh8I1+diV7GZSalNlfZ8WAfY8MqK59hY+s53pSpro/aQOYLklg0cg4V\
    KQ8opCgY2lXGoNVscNOjgYkwgYYwDAYDVR0TAQH/BAIwADATBgNVHSUEDDAKBggrBgEFBQcDATAhBgNVHREEGjAYghByZWNl\
    aXZlci5leGFtcGxlhwR/AAABMB0GA1UdDgQWBBQBLsttx/0dUgi/TMLE+IfSKtyu+jAfBgNVHSMEGDAWgBRnlqWykD6U1F3M\
    +55ic9qSAB9TjDAKBggqhkjOPQQDAgNJADBGAiEAwj4lXfu34A+DWCPtRLC7gjXfTE21DTObEkn9H9D/39cCIQDWqjaNzizV\
    PmTBerGezsWgLcQi82GeA6s56uaUWffUiw==";
/// The key of [`LEAF`]; it opens nothing else.
const LEAF_KEY: &str = "\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrt3eYNibEb440JkkTwI2grXyR7b+RZoWCQNWRbHqg3ihRANC\
    AARKIXn5mCO8DoX4fCNfnYlexmUmpTZX2fFgH2PDKiufYWPrOd6Uqa6P2kDmC5JYNHIOFSkPKKQoGNpVxqDVbHDT";

/// What a receiver does after what it says at once.
#[derive(Clone, Copy)]
enum Then {
    Close,
    Trickle,
    Flood,
}

/// A receiver on loopback, and what it was asked.
struct Receiver {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    async fn start(at_once: impl Into<Vec<u8>>, then: Then) -> Self {
        Self::start_with(None, at_once.into(), then).await
    }

    async fn start_tls() -> Self {
        let decoded = |text: &str| STANDARD.decode(text).unwrap();
        let key = PrivatePkcs8KeyDer::from(decoded(LEAF_KEY));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(decoded(LEAF))], key.into())
            .unwrap();
        Self::start_with(Some(TlsAcceptor::from(Arc::new(config))), NO_CONTENT.into(), Then::Close).await
    }

    async fn start_with(tls: Option<TlsAcceptor>, at_once: Vec<u8>, then: Then) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                // The other side may go at any moment, and these tests are about the other side.
                let _ = match &tls {
                    None => serve(socket, &noted, &at_once, then).await,
                    Some(tls) => match tls.accept(socket).await {
                        Ok(socket) => serve(socket, &noted, &at_once, then).await,
                        Err(error) => Err(error),
                    },
                };
            }
        });
        Self { address, asked }
    }

    fn url(&self, path: &str) -> Url {
        url(&format!("http://{}{path}", self.address))
    }

    /// Its URL under a name.
    fn named(&self, scheme: &str, name: &str) -> Url {
        url(&format!("{scheme}://{name}:{}/", self.address.port()))
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: S,
    asked: &Mutex<Vec<String>>,
    at_once: &[u8],
    then: Then,
) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(BODY.as_bytes()) {
        if socket.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    asked.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
    socket.write_all(at_once).await?;
    socket.flush().await?;
    match then {
        Then::Close => socket.shutdown().await,
        Then::Trickle => loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            socket.write_all(b"a").await?;
            socket.flush().await?;
        },
        Then::Flood => loop {
            socket.write_all(&[b'a'; 8192]).await?;
        },
    }
}

/// A resolver that has an answer for each time that it is asked, and then none.
struct Answers(Mutex<VecDeque<Vec<IpAddr>>>);

impl Answers {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parsed = |answer: &&[&str]| -> Vec<IpAddr> {
            answer.iter().map(|address| address.parse().unwrap()).collect()
        };
        Arc::new(Self(Mutex::new(answers.iter().map(parsed).collect())))
    }

    /// How many answers nobody asked for.
    fn left(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Lookup for Answers {
    fn lookup(&self, _: String) -> Looking {
        let answer = self.0.lock().unwrap().pop_front();
        Box::pin(async move {
            let answer = answer.ok_or_else(|| io::Error::other("no such name"))?;
            // A port that nothing listens on: it must not count.
            Ok(answer.into_iter().map(|address| SocketAddr::new(address, 1)).collect())
        })
    }
}

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

fn call(url: Url) -> Call {
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("webhook-id", "msg_1".to_owned()),
        ("webhook-signature", "v1,c2VjcmV0".to_owned()),
    ];
    Call { url, headers, body: Bytes::from_static(BODY.as_bytes()) }
}

fn opened(network: &str) -> EgressRules {
    EgressRules::strict().allow_networks(vec![network.parse().unwrap()])
}

fn options(rules: EgressRules) -> HttpPostOptions {
    HttpPostOptions { rules, proxy: None, extra_roots: vec![], answer_within: ANSWER_WITHIN }
}

/// Attempts that may go to loopback.
fn to_loopback() -> HttpPost {
    HttpPost::new(options(opened("127.0.0.0/8"))).unwrap()
}

async fn answered(at_once: impl Into<Vec<u8>>, then: Then) -> Answer {
    let receiver = Receiver::start(at_once, then).await;
    to_loopback().post(call(receiver.url("/"))).await.unwrap()
}

/// Whether nobody has connected to a listener. A connection that was made waits in its queue.
fn was_left_alone(listener: TcpListener) -> bool {
    let accepted = listener.into_std().unwrap().accept();
    accepted.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

#[tokio::test]
async fn the_body_and_the_headers_are_sent_and_the_answer_comes_back() {
    let receiver = Receiver::start("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", Then::Close).await;
    let answer = to_loopback().post(call(receiver.url("/in?key=1"))).await.unwrap();
    assert_eq!(answer, Answer { status: 200, retry_after_ms: None, body: b"hello".to_vec() });
    let asked = receiver.asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].starts_with("POST /in?key=1 HTTP/1.1\r\n"), "{}", asked[0]);
    assert!(asked[0].ends_with(&format!("\r\n\r\n{BODY}")), "{}", asked[0]);
    for header in ["content-type: application/json", "webhook-id: msg_1", "content-length: 27"] {
        assert!(asked[0].contains(&format!("\r\n{header}\r\n")), "{header} is not in {}", asked[0]);
    }
}

#[tokio::test]
async fn an_error_is_an_answer_too() {
    let head = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 4\r\n\r\noops";
    let answer = answered(head, Then::Close).await;
    assert_eq!(answer, Answer { status: 500, retry_after_ms: None, body: b"oops".to_vec() });
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let target = Receiver::start(NO_CONTENT, Then::Close).await;
    for status in [301, 302, 303, 307, 308] {
        let location = target.url("/");
        let head =
            format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(answered(head, Then::Close).await.status, status);
    }
    assert_eq!(target.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn an_answer_that_trickles_ends_at_the_time_out() {
    for at_once in [
        "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx-slow: ",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffff\r\n",
    ] {
        let receiver = Receiver::start(at_once, Then::Trickle).await;
        let options =
            HttpPostOptions { answer_within: Duration::from_millis(300), ..options(opened("127.0.0.0/8")) };
        let outcome = HttpPost::new(options).unwrap().post(call(receiver.url("/"))).await;
        assert_eq!(outcome, Err(PostError::TimedOut), "{at_once}");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_cut_and_its_status_counts() {
    for head in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n"] {
        let answer = answered(head, Then::Flood).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body.len(), BODY_AT_MOST);
        assert_eq!(BODY_AT_MOST, 65_536);
    }
}

#[tokio::test]
async fn what_is_packed_is_not_unpacked_and_nothing_packed_is_asked_for() {
    let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 25\r\n\r\n";
    let receiver = Receiver::start([head.as_bytes(), &GZIPPED].concat(), Then::Close).await;
    let answer = to_loopback().post(call(receiver.url("/"))).await.unwrap();
    assert_eq!(answer.body, GZIPPED);
    assert!(!receiver.asked()[0].to_lowercase().contains("accept-encoding"), "{}", receiver.asked()[0]);
}

#[tokio::test]
async fn retry_after_is_told_in_milliseconds_from_now() {
    let date = "date: Wed, 21 Oct 2015 07:28:00 GMT\r\n";
    for (headers, retry_after_ms) in [
        ("retry-after: 120\r\n".to_owned(), Some(120_000)),
        ("retry-after: 0\r\n".to_owned(), Some(0)),
        (format!("{date}retry-after: Wed, 21 Oct 2015 07:30:00 GMT\r\n"), Some(120_000)),
        // The first is long ago, by the answer's clock and by ours; the second is in the form of RFC 850.
        (format!("{date}retry-after: Wed, 21 Oct 2015 07:00:00 GMT\r\n"), Some(0)),
        (format!("{date}retry-after: Wednesday, 21-Oct-15 07:29:00 GMT\r\n"), Some(60_000)),
        ("retry-after: Wed, 21 Oct 2015 07:30:00 GMT\r\n".to_owned(), Some(0)),
        ("retry-after: 99999999999999999999999999\r\n".to_owned(), Some(i64::MAX)),
        ("retry-after: 9223372036854775807\r\n".to_owned(), Some(i64::MAX)),
        ("retry-after: -5\r\n".to_owned(), None),
        ("retry-after: 1.5\r\n".to_owned(), None),
        ("retry-after: soon\r\n".to_owned(), None),
        ("retry-after:\r\n".to_owned(), None),
        (String::new(), None),
    ] {
        let head = format!("HTTP/1.1 503 Service Unavailable\r\n{headers}content-length: 0\r\n\r\n");
        let answer = answered(head, Then::Close).await;
        assert_eq!((answer.status, answer.retry_after_ms), (503, retry_after_ms), "{headers}");
    }
}

#[tokio::test]
async fn a_forbidden_address_is_never_connected_to() {
    for rules in [EgressRules::strict(), EgressRules::strict().allow_http(), opened("127.0.0.2/32")] {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let http = HttpPost::new(options(rules)).unwrap();
        let hosts = ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "localhost"];
        let posts = hosts.map(|host| http.post(call(url(&format!("http://{host}:{port}/")))));
        assert_eq!(join_all(posts).await, vec![Err(PostError::Forbidden); 4]);
        assert!(was_left_alone(listener));
    }
}

#[tokio::test]
async fn a_name_with_one_forbidden_address_among_good_ones_is_never_connected_to() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let target = url(&format!("http://hooks.example:{}/", listener.local_addr().unwrap().port()));
    for mixed in [&["127.0.0.1", "10.0.0.1"][..], &["10.0.0.1", "127.0.0.1"], &["127.0.0.1", "::1"]] {
        let lookup = Answers::new(&[mixed]);
        let http = HttpPost::with_lookup(options(opened("127.0.0.1/32")), lookup).unwrap();
        assert_eq!(http.post(call(target.clone())).await, Err(PostError::Forbidden), "{mixed:?}");
    }
    assert!(was_left_alone(listener));

    let lookup = Answers::new(&[&["8.8.8.8", "127.0.0.1"]]);
    let http = HttpPost::with_lookup(options(EgressRules::strict()), lookup).unwrap();
    let outcome = http.post(call(url("https://hooks.example/"))).await;
    assert_eq!(outcome, Err(PostError::Forbidden));
}

#[tokio::test]
async fn a_name_is_resolved_once_for_a_connection_and_what_was_checked_is_what_is_connected_to() {
    let receiver = Receiver::start(NO_CONTENT, Then::Close).await;
    let target = receiver.named("http", "hooks.example");
    // The second answer would be refused, if anything asked for it between the check and the connection.
    let lookup = Answers::new(&[&["127.0.0.1"], &["127.0.0.2"], &["127.0.0.1"]]);
    let http = HttpPost::with_lookup(options(opened("127.0.0.1/32")), Arc::clone(&lookup) as Arc<dyn Lookup>)
        .unwrap();
    assert_eq!(http.post(call(target.clone())).await.unwrap().status, 204);
    assert_eq!(lookup.left(), 2);
    // The receiver closed the connection, so the next attempt resolves the name again, and is judged by that.
    assert_eq!(http.post(call(target.clone())).await, Err(PostError::Forbidden));
    assert_eq!(lookup.left(), 1);
    assert_eq!(http.post(call(target)).await.unwrap().status, 204);
    assert_eq!(lookup.left(), 0);
    assert_eq!(receiver.asked().len(), 2);
}

/// Public addresses are for https on the usual ports; http and the others are for the networks that were opened.
#[tokio::test]
async fn a_name_with_http_or_an_unusual_port_must_be_in_an_allowed_network() {
    for target in ["http://hooks.example/", "https://hooks.example:6379/", "https://hooks.local/"] {
        let lookup = Answers::new(&[&["8.8.8.8"]]);
        let http = HttpPost::with_lookup(options(opened("127.0.0.0/8")), lookup).unwrap();
        assert_eq!(http.post(call(url(target))).await, Err(PostError::Forbidden), "{target}");
    }
}

#[tokio::test]
async fn a_refusal_reads_the_same_and_takes_as_long_whatever_the_reason() {
    let lookup = Answers::new(&[&["10.0.0.1"], &[]]);
    let http = HttpPost::with_lookup(options(EgressRules::strict()), lookup).unwrap();
    for target in [
        "https://127.0.0.1/",
        "https://ana:secret@hooks.example/",
        // An address from inside, no address, and no such name.
        "https://hooks.example/",
        "https://hooks.example/",
        "https://hooks.example/",
    ] {
        let begun = tokio::time::Instant::now();
        let error = http.post(call(url(target))).await.unwrap_err();
        assert_eq!(error.to_string(), Forbidden.to_string(), "{target}");
        assert!(begun.elapsed() >= REFUSED_AFTER, "{target} was refused after {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_failure_repeats_neither_the_url_nor_a_header() {
    let receiver = Receiver::start("", Then::Close).await;
    let outcome = to_loopback().post(call(receiver.url("/s3cret?key=s3cret"))).await;
    let Err(PostError::Failed(text)) = outcome else { panic!("{outcome:?}") };
    assert!(text.starts_with("no answer: "), "{text}");
    for secret in ["s3cret", "127.0.0.1", "c2VjcmV0"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_failure() {
    let receiver = Receiver::start("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello", Then::Close).await;
    let outcome = to_loopback().post(call(receiver.url("/"))).await;
    let Err(PostError::Failed(text)) = outcome else { panic!("{outcome:?}") };
    assert!(text.starts_with("the answer broke off: "), "{text}");
}

#[tokio::test]
async fn a_certificate_of_an_unknown_root_is_refused() {
    let receiver = Receiver::start_tls().await;
    let outcome = to_loopback().post(call(receiver.named("https", "127.0.0.1"))).await;
    let Err(PostError::Failed(text)) = outcome else { panic!("{outcome:?}") };
    assert!(text.starts_with("no connection: ") && text.contains("certificate"), "{text}");
    assert_eq!(receiver.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn a_given_root_is_trusted_for_the_names_of_its_certificates() {
    let receiver = Receiver::start_tls().await;
    let root = CertificateDer::from(STANDARD.decode(ROOT).unwrap());
    let options = HttpPostOptions { extra_roots: vec![root], ..options(opened("127.0.0.0/8")) };
    let lookup = Answers::new(&[&["127.0.0.1"], &["127.0.0.1"]]);
    let http = HttpPost::with_lookup(options, lookup).unwrap();
    for name in ["127.0.0.1", "receiver.example"] {
        let answer = http.post(call(receiver.named("https", name))).await.unwrap();
        assert_eq!(answer.status, 204, "{name}");
    }
    let outcome = http.post(call(receiver.named("https", "another.example"))).await;
    assert!(matches!(outcome, Err(PostError::Failed(_))), "{outcome:?}");
    assert_eq!(receiver.asked().len(), 2);
}

#[tokio::test]
async fn the_operators_proxy_is_asked_for_what_the_rules_allow_and_for_nothing_else() {
    let proxy = Receiver::start(NO_CONTENT, Then::Close).await;
    let options = HttpPostOptions { proxy: Some(proxy.url("/")), ..options(opened("127.0.0.2/32")) };
    let lookup = Answers::new(&[&["127.0.0.2"], &["10.0.0.1"]]);
    let http = HttpPost::with_lookup(options, lookup).unwrap();
    for target in ["http://127.0.0.2:9/in", "http://hooks.example:9/in"] {
        assert_eq!(http.post(call(url(target))).await.unwrap().status, 204, "{target}");
        let asked = proxy.asked().pop().unwrap();
        assert!(asked.starts_with(&format!("POST {target} HTTP/1.1\r\n")), "{asked}");
    }
    // A literal, a name that has an address from inside, and one that nobody here knows for a port that is not public.
    for target in ["https://10.0.0.1/", "https://hooks.example/", "http://hooks.example:9/"] {
        assert_eq!(http.post(call(url(target))).await, Err(PostError::Forbidden), "{target}");
    }
    assert_eq!(proxy.asked().len(), 2);
}

#[test]
fn a_proxy_of_another_kind_is_refused_without_its_password() {
    let proxy = Some(url("socks5://ana:s3cret@proxy.example/"));
    let error = HttpPost::new(HttpPostOptions { proxy, ..options(EgressRules::strict()) }).err().unwrap();
    assert_eq!(error, "the proxy of webhooks must be an http or https URL");
}

#[test]
fn a_root_that_is_no_certificate_is_refused() {
    let extra_roots = vec![CertificateDer::from(b"no certificate".to_vec())];
    let error =
        HttpPost::new(HttpPostOptions { extra_roots, ..options(EgressRules::strict()) }).err().unwrap();
    assert!(error.starts_with("a root certificate cannot be used: "), "{error}");
}
