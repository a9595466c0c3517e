//! Where a webhook may go. Each row is a host or a URL as somebody may write it.

use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use tenure_delivery::webhook::egress::{EgressRules, Forbidden};
use url::{Host, Url};

/// Literal addresses of IPv4 that are not public, and the spellings that a parser takes for them.
const INSIDE_V4: &[&str] = &[
    // As usual.
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "233.252.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    // Decimal, octal and hexadecimal numbers, of fewer parts too.
    "0",
    "1",
    "0x",
    "10.1",
    "127.1",
    "127.0.1",
    "127.0.0.1.",
    "127.65530",
    "192.168.257",
    "169.254.43518",
    "2130706433",
    "2852039166",
    "017700000001",
    "0177.1",
    "0177.0.0.1",
    "00000177.0.0.1",
    "0251.0376.0251.0376",
    "0x7f.1",
    "0x7F.0.0.1",
    "0X7f000001",
    "0xa9fea9fe",
    "0xa9.0xfe.0xa9.0xfe",
    "0xc0.0250.1",
    // Digits and dots that are mapped to ASCII, or encoded.
    "１２７.０.０.１",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "127.0.0.1。",
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    "0%78a9fea9fe",
];

/// The same of IPv6.
const INSIDE_V6: &[&str] = &[
    // Unspecified and loopback.
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    // IPv4-mapped; a public address too, for nobody publishes one like this.
    "[::ffff:127.0.0.1]",
    "[::FFFF:7F00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[::ffff:10.0.0.1]",
    "[::ffff:8.8.8.8]",
    // IPv4-compatible and IPv4-translated.
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[::8.8.8.8]",
    "[::ffff:0:127.0.0.1]",
    "[::ffff:0:7f00:1]",
    // NAT64.
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b::8.8.8.8]",
    "[64:ff9b:1::a00:1]",
    "[64:ff9b:1:ffff::1]",
    // 6to4 and Teredo.
    "[2002:7f00:1::]",
    "[2002:a00:1::1]",
    "[2002:a9fe:a9fe::]",
    "[2002:808:808::1]",
    "[2001::1]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    // Protocol assignments, benchmarks, ORCHID, documentation.
    "[2001:1::1]",
    "[2001:2::1]",
    "[2001:10::1]",
    "[2001:20::1]",
    "[2001:1ff:ffff::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[3fff:fff::1]",
    // Unique-local, link-local, site-local, multicast, discard, segment routing, and what is not given out.
    "[fc00::1]",
    "[fd00::1]",
    "[fd00:ec2::254]",
    "[fdff:ffff::1]",
    "[fe80::1]",
    "[fe80::a9fe:a9fe]",
    "[febf::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[ff0e::1]",
    "[100::1]",
    "[200::1]",
    "[4000::1]",
    "[5f00::1]",
    "[e000::1]",
];

/// Names that are not of public hosts.
const INSIDE_NAMES: &[&str] = &[
    "localhost",
    "LOCALHOST",
    "localhost.",
    "ｌｏｃａｌｈｏｓｔ",
    "loc%61lhost",
    "local\u{ad}host",
    "localhost。",
    "hooks.localhost",
    "hooks.localhost.",
    "localhost.localdomain",
    "ip6-localhost",
    "intranet",
    "intranet.",
    "metadata.google.internal",
    "metadata.google.internal.",
    "Metadata.Google.INTERNAL",
    "printer.local",
    "printer.local.",
    "router.home.arpa",
    "1.0.0.127.in-addr.arpa",
    "wiki.corp",
    "nas.lan",
];

/// URLs that are refused by their other parts, or that are none.
const REFUSED: &[&str] = &[
    // Schemes.
    "http://hooks.example.com/",
    "http://8.8.8.8/",
    "ftp://hooks.example.com/",
    "file:///etc/passwd",
    "file://hooks.example.com/etc/passwd",
    "gopher://hooks.example.com:443/_GET",
    "ws://hooks.example.com/",
    "wss://hooks.example.com/",
    "unix:/run/docker.sock",
    "data:text/plain,hooks",
    "javascript:alert(1)",
    "mailto:ana@example.com",
    "blob:https://hooks.example.com/1",
    "https+unix://hooks.example.com/",
    // User-info.
    "https://ana@hooks.example.com/",
    "https://ana:secret@hooks.example.com/",
    "https://:secret@hooks.example.com/",
    "https://%20@hooks.example.com/",
    "https://8.8.8.8@127.0.0.1/",
    "https://hooks.example.com@127.0.0.1:443/",
    "https://127.0.0.1#@hooks.example.com/",
    "https://127.0.0.1\\@hooks.example.com/",
    // Ports.
    "https://hooks.example.com:0/",
    "https://hooks.example.com:22/",
    "https://hooks.example.com:25/",
    "https://hooks.example.com:80/",
    "https://hooks.example.com:6379/",
    "https://hooks.example.com:8080/",
    "https://hooks.example.com:65535/",
    "https://8.8.8.8:53/",
    "https://[2606:4700:4700::1111]:53/",
    "https://hooks.example.com:65979/",
    // Hosts.
    "https://",
    "https:///",
    "https://:443/",
    "https://?hooks.example.com",
    "https://./",
    "https://../",
    "https://.hooks.example.com/",
    "https://hooks..example.com/",
    "https://hooks.example.com../",
    "https://[::1%25eth0]/",
    "https://[::1/",
    "https://4294967296/",
    "https://256.256.256.256/",
    "https://1.2.3.4.5/",
    "https://127.0.0.0x1g.1/",
    "https://hooks example.com/",
    "https:/\\127.0.0.1/",
    "https:127.0.0.1",
    "//hooks.example.com/",
    "hooks.example.com",
    "",
];

/// URLs of public hosts, some of them close to a limit.
const ACCEPTED: &[&str] = &[
    "https://hooks.example.com/",
    "https://hooks.example.com./",
    "HTTPS://HOOKS.EXAMPLE.COM/in?key=1#top",
    "https://hooks.example.com:443/",
    "https://hooks.example.com:4443/",
    "https://hooks.example.com:8443/",
    "https://hooks.example.com:9443/",
    "https://münchen.example.com/",
    "https://a_b.example.com/",
    "https://localhost.example.com/",
    "https://mylocalhost.com/",
    "https://internal.example.com/",
    "https://127.0.0.1.example.com/",
    // Here the host is the first name, and the rest is the path.
    "https://hooks.example.com\\@127.0.0.1/",
    "https://8.8.8.8/",
    "https://134744072/",
    "https://9.255.255.255/",
    "https://11.0.0.1/",
    "https://100.63.255.255/",
    "https://100.128.0.1/",
    "https://126.255.255.254/",
    "https://128.0.0.1/",
    "https://168.63.129.17/",
    "https://169.253.255.255/",
    "https://172.15.255.255/",
    "https://172.32.0.1/",
    "https://192.0.1.1/",
    "https://192.167.255.255/",
    "https://192.169.0.1/",
    "https://198.17.255.255/",
    "https://198.20.0.1/",
    "https://223.255.255.254/",
    "https://[2001:200::1]/",
    "https://[2001:4860:4860::8888]/",
    "https://[2003::1]/",
    "https://[2606:4700:4700::1111]:8443/",
    "https://[2a00::1]/",
    "https://[3ffe::1]/",
];

fn is_accepted(rules: &EgressRules, url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| rules.check_url(&url).is_ok())
}

fn opened(networks: &[&str]) -> EgressRules {
    let networks: Vec<IpNet> = networks.iter().map(|network| network.parse().unwrap()).collect();
    EgressRules::strict().allow_networks(networks)
}

fn addresses(all: &[&str]) -> Vec<SocketAddr> {
    all.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 443)).collect()
}

#[test]
fn a_url_that_is_not_https_to_a_public_host_is_refused() {
    let strict = EgressRules::strict();
    let http = EgressRules::strict().allow_http();
    let mut accepted: Vec<String> = Vec::new();
    for host in INSIDE_V4.iter().chain(INSIDE_V6).chain(INSIDE_NAMES) {
        for scheme in ["https", "http"] {
            let url = format!("{scheme}://{host}/");
            accepted.extend((is_accepted(&strict, &url) || is_accepted(&http, &url)).then_some(url));
        }
    }
    accepted.extend(REFUSED.iter().filter(|url| is_accepted(&strict, url)).map(|url| (*url).to_owned()));
    assert_eq!(accepted, Vec::<String>::new());
}

/// Otherwise a row of the table above could be refused for another reason than the one that it is there for.
#[test]
fn an_address_is_taken_for_one_however_it_is_spelled() {
    for host in INSIDE_V4 {
        let url = Url::parse(&format!("https://{host}/")).unwrap();
        assert!(matches!(url.host(), Some(Host::Ipv4(_))), "{host}");
    }
    for host in INSIDE_V6 {
        let url = Url::parse(&format!("https://{host}/")).unwrap();
        assert!(matches!(url.host(), Some(Host::Ipv6(_))), "{host}");
    }
    for name in INSIDE_NAMES {
        let url = Url::parse(&format!("https://{name}/")).unwrap();
        assert!(matches!(url.host(), Some(Host::Domain(_))), "{name}");
    }
}

#[test]
fn a_url_of_a_public_host_is_accepted() {
    let strict = EgressRules::strict();
    let refused: Vec<_> = ACCEPTED.iter().filter(|url| !is_accepted(&strict, url)).collect();
    assert_eq!(refused, Vec::<&&str>::new());
}

#[test]
fn http_brings_its_ports_with_it() {
    let http = EgressRules::strict().allow_http();
    for url in [
        "http://hooks.example.com/",
        "http://hooks.example.com:8080/",
        "http://8.8.8.8/",
        "https://hooks.example.com/",
    ] {
        assert!(is_accepted(&http, url), "{url}");
    }
    for url in ["http://hooks.example.com:6379/", "http://8.8.8.8:22/", "ftp://hooks.example.com/"] {
        assert!(!is_accepted(&http, url), "{url}");
    }
}

#[test]
fn an_allowed_network_is_open_to_http_and_to_every_port_and_the_rest_stays_closed() {
    let rules = opened(&["127.0.0.0/8", "fd00:1::/32"]);
    for url in [
        "http://127.0.0.1/",
        "http://127.0.0.1:34567/",
        "https://127.9.9.9:1/",
        "http://2130706433:8080/",
        "http://[::ffff:127.0.0.1]:8080/",
        "http://[fd00:1::5]:8080/",
        "https://8.8.8.8/",
        "https://hooks.example.com/",
        // The addresses of these names decide, when they are known.
        "http://hooks.example.com:9000/",
        "http://localhost:9000/",
        "http://receiver:9000/",
    ] {
        assert!(is_accepted(&rules, url), "{url}");
    }
    for url in [
        "http://10.0.0.1:8080/",
        "https://10.0.0.1/",
        "http://[::1]:8080/",
        "http://[::127.0.0.1]:8080/",
        "http://[64:ff9b::127.0.0.1]:8080/",
        "https://[fd00:2::5]/",
        "http://8.8.8.8/",
        "https://8.8.8.8:8080/",
        "http://ana@127.0.0.1:8080/",
        "ftp://127.0.0.1/",
        "http://receiver..:9000/",
    ] {
        assert!(!is_accepted(&rules, url), "{url}");
    }
}

#[test]
fn an_address_is_judged_by_the_same_rules() {
    let address = |text: &str| -> IpAddr { text.parse().unwrap() };
    let strict = EgressRules::strict();
    assert_eq!(strict.check_address(address("8.8.8.8")), Ok(()));
    assert_eq!(strict.check_address(address("2606:4700:4700::1111")), Ok(()));
    assert_eq!(strict.check_address(address("::ffff:8.8.8.8")), Err(Forbidden));
    assert_eq!(strict.check_address(address("127.0.0.1")), Err(Forbidden));
    let rules = opened(&["127.0.0.0/8"]);
    assert_eq!(rules.check_address(address("127.0.0.1")), Ok(()));
    assert_eq!(rules.check_address(address("::ffff:127.0.0.1")), Ok(()));
    assert_eq!(rules.check_address(address("::127.0.0.1")), Err(Forbidden));
    assert_eq!(rules.check_address(address("10.0.0.1")), Err(Forbidden));
}

#[test]
fn one_forbidden_address_forbids_the_name_and_so_does_none_at_all() {
    let strict = EgressRules::strict();
    assert_eq!(strict.check_all(&addresses(&["8.8.8.8", "2606:4700:4700::1111"])), Ok(()));
    for mixed in [
        &["8.8.8.8", "127.0.0.1"][..],
        &["10.0.0.1", "8.8.8.8"],
        &["8.8.8.8", "1.1.1.1", "::ffff:1.1.1.1"],
        &["2606:4700:4700::1111", "fd00:ec2::254"],
        &[],
    ] {
        assert_eq!(strict.check_all(&addresses(mixed)), Err(Forbidden), "{mixed:?}");
    }
    let rules = opened(&["127.0.0.0/8"]);
    assert_eq!(rules.check_all(&addresses(&["127.0.0.1", "8.8.8.8"])), Ok(()));
    assert_eq!(rules.check_all(&addresses(&["127.0.0.1", "::1"])), Err(Forbidden));
}
