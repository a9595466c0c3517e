//! From options, environment and profile to clients of a server.

use crate::automate::profiles::{Profile, Profiles};
use crate::automate::token_store::Which;
use crate::cli::Connection;
use crate::failure::Failure;
use crate::print;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::Path;
use std::time::Duration;
use tenure_client::{Client, ClientOptions, ScimClient, ServerUrl, Token};
use tenure_lifecycle::service::Live;

/// The environment variable with the token.
const TOKEN: &str = "TENURE_TOKEN";
/// The environment variable with the SCIM token.
const SCIM_TOKEN: &str = "TENURE_SCIM_TOKEN";
/// Token files are short; what is longer is another file.
const TOKEN_FILE_AT_MOST: u64 = 64 * 1024;

/// Refuses a command line that holds a token: the process list shows it to everybody on the machine, and the shell's
/// history keeps it.
pub(crate) fn refuse_tokens(args: impl Iterator<Item = String>) -> Result<(), Failure> {
    let kinds = ["tnr_co_", "tnr_tm_", "tnr_scim_", "tnr_inv_"];
    // The product's own tokens are JSON Web Tokens.
    let is_web_token = |arg: &str| {
        let parts: Vec<_> = arg.rsplit('=').next().unwrap_or_default().split('.').collect();
        parts.len() == 3 && parts[..2].iter().all(|part| part.starts_with("eyJ")) && !arg.contains('@')
    };
    let is_token = |arg: &String| {
        ["--token", "--scim-token"].iter().any(|name| arg == name || arg.starts_with(&format!("{name}=")))
            || kinds.iter().any(|kind| arg.contains(kind))
            || is_web_token(arg)
    };
    if !args.into_iter().any(|arg| is_token(&arg)) {
        return Ok(());
    }
    Err(Failure::usage(
        "a token on the command line is refused: the process list and the shell's history show it",
    )
    .with_hint("give it in TENURE_TOKEN, with --token-file, or keep it with `tenure profile add`"))
}

/// What is connected to.
pub(crate) struct Connected {
    /// The service.
    pub(crate) live: Live,
}

/// A token from a variable of the environment; none where it is not set.
fn from_environment(name: &str) -> Result<Option<Token>, Failure> {
    match std::env::var(name) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => Token::parse(&text).map(Some).map_err(|error| Failure::usage(format!("{name}: {error}"))),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Failure::usage(format!("{name} is not UTF-8"))),
    }
}

fn from_file(path: &Path) -> Result<Token, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(format!("cannot read a token from {}: {error}", path.display()))
    };
    let size = std::fs::metadata(path).map_err(|error| failed(&error))?.len();
    if size > TOKEN_FILE_AT_MOST {
        return Err(failed(&"it is too large to be a token"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    Token::parse(&text).map_err(|error| failed(&error))
}

fn roots(path: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let Some(path) = path else { return Ok(vec![]) };
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let read = read.map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
    if read.is_empty() {
        return Err(Failure::new(format!(
            "{} holds no certificate; --ca-cert needs a PEM file",
            path.display()
        )));
    }
    Ok(read)
}

fn parse_url(text: &str) -> Result<ServerUrl, Failure> {
    ServerUrl::parse(text).map_err(|error| Failure::usage(format!("{error}")))
}

fn is_same_url(one: &str, other: &str) -> bool {
    matches!((ServerUrl::parse(one), ServerUrl::parse(other)), (Ok(one), Ok(other)) if one == other)
}

/// The connection for a plan. A plan is a file that others may have made, so it does not decide where a token goes: that is said
/// by the options, the environment, or a profile of the server that the plan names.
pub(crate) fn for_target(connection: &Connection, url: &str) -> Result<Connection, Failure> {
    if connection.url.is_some() || connection.profile.is_some() {
        return Ok(connection.clone());
    }
    let profiles = Profiles::open()?;
    match profiles.of_server(url) {
        Some(name) => Ok(Connection { profile: Some(name.to_owned()), ..connection.clone() }),
        None => Err(Failure::usage(format!(
            "the plan is for {}; give --url or a profile, if that is meant",
            print::safe(url)
        ))),
    }
}

/// The tokens that are given outside of profiles: in a file, or in the environment.
pub(crate) fn given_token(connection: &Connection) -> Result<Option<Token>, Failure> {
    match &connection.token_file {
        Some(path) => from_file(path).map(Some),
        None => from_environment(TOKEN),
    }
}

/// The same of SCIM.
pub(crate) fn given_scim_token(connection: &Connection) -> Result<Option<Token>, Failure> {
    match &connection.scim_token_file {
        Some(path) => from_file(path).map(Some),
        None => from_environment(SCIM_TOKEN),
    }
}

/// The token of a profile, where a profile is what the server came from.
fn profile_token(profiles: &Profiles, name: Option<&str>, which: Which) -> Result<Option<Token>, Failure> {
    name.map_or(Ok(None), |name| profiles.token(name, which))
}

/// How long a request and its repetitions may take.
const DEADLINE: Duration = Duration::from_mins(5);
/// The same for one who only wants to know whether anybody answers.
const QUICK_DEADLINE: Duration = Duration::from_secs(1);

/// Connects as the options say. Nothing is sent yet.
pub(crate) fn connect(connection: &Connection) -> Result<Connected, Failure> {
    connect_within(connection, DEADLINE)
}

/// Connects for somebody who wants to know soon whether anybody answers.
pub(crate) fn connect_to_examine(connection: &Connection) -> Result<Connected, Failure> {
    connect_within(connection, QUICK_DEADLINE)
}

fn connect_within(connection: &Connection, deadline: Duration) -> Result<Connected, Failure> {
    let profiles = Profiles::open()?;
    // A URL that is given by itself needs no profile, and must not get the token of another server.
    let found = match (&connection.profile, &connection.url) {
        (Some(name), _) => profiles.find(Some(name))?,
        (None, Some(_)) => None,
        (None, None) => profiles.find(None)?,
    };
    let profile = found.as_ref().map(|(_, profile)| profile);
    if let (Some(url), Some((name, profile))) = (&connection.url, &found)
        && !is_same_url(url, &profile.url)
    {
        return Err(Failure::usage(format!(
            "profile {name} is for {}, and --url or TENURE_URL says {}; give one of them",
            profile.url,
            print::safe(url)
        )));
    }
    let url = connection.url.as_deref().or(profile.map(|profile| profile.url.as_str()));
    let Some(url) = url else {
        return Err(Failure::usage("which server? give --url, TENURE_URL or a profile")
            .with_hint("tenure profile add NAME --url URL keeps a server and its token"));
    };
    let name = found.as_ref().map(|(name, _)| name.as_str());
    let token = match given_token(connection)? {
        Some(token) => Some(token),
        None => profile_token(&profiles, name, Which::Rest)?,
    };
    let Some(token) = token else {
        return Err(Failure::usage(format!("which token? set {TOKEN}, or give --token-file or a profile")));
    };
    let roots = roots(connection.ca_cert.as_deref())?;
    let options =
        ClientOptions { extra_roots: roots.clone(), deadline, ..ClientOptions::new(parse_url(url)?, token) };
    let client = Client::new(options).map_err(Failure::new)?;
    let scim = scim(connection, &profiles, name.zip(profile), roots, deadline)?;
    Ok(Connected { live: Live { client, scim } })
}

fn scim(
    connection: &Connection,
    profiles: &Profiles,
    profile: Option<(&str, &Profile)>,
    roots: Vec<CertificateDer<'static>>,
    deadline: Duration,
) -> Result<Option<ScimClient>, Failure> {
    let name = profile.map(|(name, _)| name);
    let of_profile = profile.and_then(|(_, profile)| profile.scim_url.as_deref());
    let Some(url) = connection.scim_url.as_deref().or(of_profile) else { return Ok(None) };
    // A profile's token goes to the profile's own service alone.
    let name = name.filter(|_| of_profile.is_some_and(|own| is_same_url(own, url)));
    let token = match given_scim_token(connection)? {
        Some(token) => Some(token),
        None => profile_token(profiles, name, Which::Scim)?,
    };
    let Some(token) = token else {
        return Err(Failure::usage(format!(
            "a SCIM URL is given and no SCIM token: set {SCIM_TOKEN}, or give --scim-token-file"
        )));
    };
    let options =
        ClientOptions { extra_roots: roots, deadline, ..ClientOptions::new(parse_url(url)?, token) };
    ScimClient::new(options).map(Some).map_err(Failure::new)
}

/// A client of another SCIM server, as the source of people: its token is in `TENURE_SOURCE_TOKEN`.
pub(crate) fn scim_source(url: &str, connection: &Connection) -> Result<ScimClient, Failure> {
    const SOURCE_TOKEN: &str = "TENURE_SOURCE_TOKEN";
    let Some(token) = from_environment(SOURCE_TOKEN)? else {
        return Err(Failure::usage(format!("the source {url} needs a token; set {SOURCE_TOKEN}")));
    };
    let roots = roots(connection.ca_cert.as_deref())?;
    let options = ClientOptions { extra_roots: roots, ..ClientOptions::new(parse_url(url)?, token) };
    ScimClient::new(options).map_err(Failure::new)
}
