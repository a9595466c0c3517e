//! The configuration of `serve`: the command line first, then the environment, then the file, then the defaults.

use crate::cli::{Global, LogForm, Serve};
use crate::failure::Failure;
use ipnet::IpNet;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tenure_server::http::{FaultPlan, Faults, Limits};
use tenure_server::{Password, PublicUrl, Sender, SmtpUrl, WebhookOptions};

/// How deep JSON may be allowed to nest: the reader recurses.
const MAX_JSON_DEPTH: usize = 120;
/// The environment variable with the password for the mail server.
const SMTP_PASSWORD: &str = "TENURE_SMTP_PASSWORD";

/// The file (TOML). Every key is optional and named as its option.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct File {
    data: Option<PathBuf>,
    journal: Option<String>,
    listen: Option<SocketAddr>,
    public_url: Option<String>,
    log: Option<LogForm>,
    drain_delay: Option<u64>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    trusted_proxy: Vec<IpNet>,
    cors_origin: Vec<String>,
    limits: FileLimits,
    #[serde(deserialize_with = "table_of_mail")]
    mail: FileMail,
    webhook_allow: Vec<IpNet>,
    webhook_http: bool,
    webhook_proxy: Option<String>,
    webhook_roots: Option<PathBuf>,
}

/// How mail is sent, in the file. The URL may hold a password, and cannot be printed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct FileMail {
    url: Option<SmtpUrl>,
    from: Option<Sender>,
    username: Option<String>,
    password_file: Option<PathBuf>,
}

/// The limits in the file; the units are in the names.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct FileLimits {
    head_seconds: Option<u64>,
    head_bytes: Option<usize>,
    head_lines: Option<usize>,
    body_bytes: Option<usize>,
    json_depth: Option<usize>,
    body_grace_seconds: Option<u64>,
    body_bytes_per_second: Option<u64>,
    request_seconds: Option<u64>,
    idle_seconds: Option<u64>,
    write_seconds: Option<u64>,
    url_bytes: Option<usize>,
    connections: Option<usize>,
    connections_per_address: Option<usize>,
    strangers_per_minute: Option<u32>,
    stop_seconds: Option<u64>,
    queue_length: Option<usize>,
}

/// What counts in the end.
pub(crate) struct Settings {
    pub(crate) data: Option<PathBuf>,
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) log: LogForm,
    pub(crate) drain_delay: Duration,
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) limits: Limits,
    pub(crate) queue_length: Option<usize>,
    pub(crate) mail: Option<MailSettings>,
    pub(crate) webhooks: WebhookOptions,
    pub(crate) faults: Option<Faults>,
}

/// How mail is sent; without it, mail is written into the outbox folder.
pub(crate) struct MailSettings {
    /// The mail server, with who signs in there.
    pub(crate) url: SmtpUrl,
    /// Who mail comes from; without it, `no-reply` at the public URL's host.
    pub(crate) from: Option<Sender>,
}

impl Settings {
    pub(crate) fn read(global: &Global, serve: Serve) -> Result<Self, Failure> {
        let file = serve.config.as_deref().map(read_file).transpose()?.unwrap_or_default();
        check_journal(serve.journal.or(file.journal).as_deref())?;
        let mut trusted_proxies = serve.trusted_proxy;
        if trusted_proxies.is_empty() {
            trusted_proxies = file.trusted_proxy;
        }
        let mut allowed_networks = serve.webhook_allow;
        if allowed_networks.is_empty() {
            allowed_networks = file.webhook_allow;
        }
        let webhooks = WebhookOptions {
            allowed_networks,
            allow_http: file.webhook_http,
            proxy: file.webhook_proxy.as_deref().map(proxy).transpose()?,
            extra_roots: file.webhook_roots.as_deref().map(roots).transpose()?.unwrap_or_default(),
        };
        let tls = match (serve.tls_cert.or(file.tls_cert), serve.tls_key.or(file.tls_key)) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => {
                return Err(Failure::usage(
                    "TLS needs both --tls-cert and --tls-key; give the other one too",
                ));
            }
        };
        let public_url = serve.public_url.or(file.public_url);
        let public_url = public_url.map(|url| PublicUrl::parse(&url)).transpose().map_err(Failure::usage)?;
        let default_listen = SocketAddr::from(([127, 0, 0, 1], 8400));
        Ok(Self {
            data: global.data.clone().or(file.data),
            listen: serve.listen.or(file.listen).unwrap_or(default_listen),
            public_url,
            log: serve.log.or(file.log).unwrap_or(LogForm::Human),
            drain_delay: Duration::from_secs(serve.drain_delay.or(file.drain_delay).unwrap_or_default()),
            tls,
            trusted_proxies,
            cors_origins: file.cors_origin,
            queue_length: file.limits.queue_length,
            limits: limits(file.limits),
            mail: mail(file.mail)?,
            webhooks,
            faults: serve.faults.as_deref().map(faults).transpose()?,
        })
    }
}

fn read_file(path: &Path) -> Result<File, Failure> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
    toml::from_str(&text).map_err(|error| {
        // Without the line itself, which may hold a secret.
        let place = error.span().map(|span| place_of(&text, span.start)).unwrap_or_default();
        Failure::new(format!("{}{place}: {}", path.display(), error.message().trim_end().replace('\n', ", ")))
            .with_hint("docs/configuration.md lists what the file may hold")
    })
}

/// Where something stands in a file: the line, and the key on it.
fn place_of(text: &str, at: usize) -> String {
    let number = text.get(..at).unwrap_or_default().matches('\n').count();
    let line = text.lines().nth(number).unwrap_or_default();
    match line.split_once('=') {
        Some((key, _)) => format!(", line {}, `{}`", number + 1, key.trim()),
        None => format!(", line {}", number + 1),
    }
}

/// The faults of a rehearsal server.
fn faults(path: &Path) -> Result<Faults, Failure> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
    let wrong = |what: String| {
        Failure::new(format!("{}: {what}", path.display()))
            .with_hint("docs/rehearsal.md lists what the file may hold")
    };
    let plan: FaultPlan = toml::from_str(&text).map_err(|error| {
        let place = error.span().map(|span| place_of(&text, span.start)).unwrap_or_default();
        wrong(format!("{}{place}", error.message().trim_end().replace('\n', ", ")))
    })?;
    Faults::open(plan).map_err(wrong)
}

fn check_journal(journal: Option<&str>) -> Result<(), Failure> {
    match journal {
        None | Some("sqlite") => Ok(()),
        // The URL may hold a password, so it is not repeated.
        Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Err(Failure::new("this Tenure has no journal on PostgreSQL yet; use --journal sqlite"))
        }
        Some(_) => Err(Failure::usage("--journal must be `sqlite`; leave it out to get that")),
    }
}

/// The proxy of webhooks. It may hold a password, so it is not repeated.
fn proxy(given: &str) -> Result<url::Url, Failure> {
    let parsed = url::Url::parse(given).ok();
    let parsed = parsed.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    parsed.ok_or_else(|| Failure::new("webhook-proxy must be a URL such as http://proxy.example.com:3128"))
}

/// The certificates in a PEM file.
fn roots(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let read: Vec<_> = read.map_err(|error| {
        Failure::new(format!("cannot read {}: {error}; webhook-roots must be a PEM file", path.display()))
    })?;
    if read.is_empty() {
        return Err(Failure::new(format!(
            "{} holds no certificate; webhook-roots must be a PEM file",
            path.display()
        )));
    }
    Ok(read)
}

/// Reads `[mail]` as a table and as nothing else: the usual message about a wrong type would repeat a URL.
fn table_of_mail<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FileMail, D::Error> {
    struct Table;

    impl<'de> Visitor<'de> for Table {
        type Value = FileMail;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a table")
        }

        fn visit_str<E: de::Error>(self, _: &str) -> Result<FileMail, E> {
            Err(E::custom("must be a table: `[mail]` on a line of its own, and `url` on the next"))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FileMail, A::Error> {
            FileMail::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_any(Table)
}

fn mail(file: FileMail) -> Result<Option<MailSettings>, Failure> {
    let FileMail { url, from, username, password_file } = file;
    let Some(url) = url else {
        if from.is_some() || username.is_some() || password_file.is_some() {
            let wrong = Failure::new("[mail] has no `url`; give it, or leave out the whole table");
            return Err(wrong.with_hint("docs/configuration.md shows what `url` looks like"));
        }
        return Ok(None);
    };
    let password = match std::env::var(SMTP_PASSWORD) {
        Ok(password) if !password.is_empty() => Some(Password::new(password)),
        Err(std::env::VarError::NotUnicode(_)) => {
            return Err(Failure::new(format!("{SMTP_PASSWORD} is not UTF-8")));
        }
        _ => password_file.as_deref().map(read_password).transpose()?,
    };
    Ok(Some(MailSettings { url: url.signed_in_as(username, password), from }))
}

/// The password in a file, which most editors end with a line break that is not part of it.
fn read_password(path: &Path) -> Result<Password, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(format!("cannot read the password for the mail server in {}: {error}", path.display()))
    })?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(Failure::new(format!("{} holds no password for the mail server", path.display())));
    }
    Ok(Password::new(text))
}

fn limits(file: FileLimits) -> Limits {
    let defaults = Limits::default();
    // More than a day is as good as no limit, and none at all would refuse everything.
    let seconds =
        |given: Option<u64>, default| given.map_or(default, |s| Duration::from_secs(s.clamp(1, 86_400)));
    Limits {
        head_timeout: seconds(file.head_seconds, defaults.head_timeout),
        // Less than this, and the HTTP library would refuse to start.
        head_bytes: file.head_bytes.unwrap_or(defaults.head_bytes).max(8 * 1024),
        head_lines: file.head_lines.unwrap_or(defaults.head_lines).max(16),
        body_bytes: file.body_bytes.unwrap_or(defaults.body_bytes).max(1),
        json_depth: file.json_depth.unwrap_or(defaults.json_depth).clamp(4, MAX_JSON_DEPTH),
        body_grace: seconds(file.body_grace_seconds, defaults.body_grace),
        body_bytes_per_second: file.body_bytes_per_second.unwrap_or(defaults.body_bytes_per_second),
        request_timeout: seconds(file.request_seconds, defaults.request_timeout),
        idle_timeout: seconds(file.idle_seconds, defaults.idle_timeout),
        write_timeout: seconds(file.write_seconds, defaults.write_timeout),
        url_bytes: file.url_bytes.unwrap_or(defaults.url_bytes).max(256),
        // None at all would lock everybody out.
        connections: file.connections.unwrap_or(defaults.connections).max(1),
        connections_per_address: file
            .connections_per_address
            .unwrap_or(defaults.connections_per_address)
            .max(1),
        strangers_per_minute: file.strangers_per_minute.unwrap_or(defaults.strangers_per_minute).max(1),
        drain: seconds(file.stop_seconds, defaults.drain),
    }
}
