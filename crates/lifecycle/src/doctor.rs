//! Is everything as it must be for automating: the URL, the token, its level and scopes, the clock, the limit, what the
//! server offers. Nothing is changed; every finding has its fix.

use crate::directory::Via;
use crate::service::Live;
use futures_util::TryStreamExt as _;
use serde::Serialize;
use tenure_client::{Error, Me, Refused, ScimClient, Teammate};

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it must be.
    Good,
    /// It works, and a person should know.
    Warning,
    /// It does not work.
    Bad,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it came out.
    pub verdict: Verdict,
    /// A stable code for what was found.
    pub code: &'static str,
    /// What was found.
    pub found: String,
    /// What to do; empty where nothing is.
    pub fix: String,
}

fn check(
    name: &'static str,
    verdict: Verdict,
    code: &'static str,
    found: impl Into<String>,
    fix: impl Into<String>,
) -> Check {
    Check { name, verdict, code, found: found.into(), fix: fix.into() }
}

/// What operations need.
const NEEDS: [(&str, &[&str]); 5] = [
    ("plan, drift, list, graph", &["teammates:read", "teams:read", "custom_fields:read"]),
    ("invite, update, grant and revoke admin, deactivate", &["teammates:write"]),
    ("add to and remove from teams", &["teams:write"]),
    ("count open conversations", &["conversations:read"]),
    ("hand conversations over", &["conversations:write"]),
];

/// A clock that is off by more than this is told.
const CLOCK_OFF_SECONDS: i64 = 5;

/// Examines a service.
pub async fn examine(live: &Live) -> Vec<Check> {
    let mut checks = Vec::new();
    let me = match live.client.me().await {
        Ok(me) => me,
        Err(error) => {
            checks.push(of_error(&error, &live.client.url().to_string()));
            if let Some(scim) = &live.scim {
                checks.push(scim_service(scim, None).await);
            }
            return checks;
        }
    };
    let url = live.client.url();
    if url.is_plain_text() && !is_local(&url.to_string()) {
        let fix = "use the https:// URL of the server";
        checks.push(check(
            "url",
            Verdict::Warning,
            "url.plain_text",
            format!("{url} answers, and sends the token in plain text"),
            fix,
        ));
    } else {
        checks.push(check(
            "url",
            Verdict::Good,
            "url.good",
            format!("{url} answers as company {} ({})", me.name, me.id),
            "",
        ));
    }
    token(&me, &mut checks);
    let teammates = live.client.teammates().try_next_page().await;
    let anybody = match &teammates {
        Ok(first) => first.clone(),
        Err(error) => {
            if me.token.is_none() {
                checks.push(of_error(error, &url.to_string()));
            }
            None
        }
    };
    clock_and_limit(live, &mut checks);
    offers(live, anybody.as_ref(), me.token.is_some(), &mut checks).await;
    match &live.scim {
        Some(scim) => checks.push(scim_service(scim, anybody.as_ref()).await),
        None => checks.push(check(
            "scim",
            Verdict::Good,
            "scim.none",
            "no SCIM URL is given; it is needed only where REST cannot create",
            "",
        )),
    }
    checks
}

/// The first of a list, with one request.
trait FirstOf {
    async fn try_next_page(self) -> Result<Option<Teammate>, Error>;
}

impl<S: futures_util::Stream<Item = Result<Teammate, Error>>> FirstOf for S {
    async fn try_next_page(self) -> Result<Option<Teammate>, Error> {
        let mut stream = std::pin::pin!(self);
        stream.try_next().await
    }
}

fn is_local(url: &str) -> bool {
    ["http://127.", "http://localhost", "http://[::1]"].iter().any(|start| url.starts_with(start))
}

fn is_code(refused: &Refused, code: &str) -> bool {
    refused.code.as_deref() == Some(code)
}

/// What an error of the first request tells.
fn of_error(error: &Error, url: &str) -> Check {
    let bad = |name, code, found: String, fix: &str| check(name, Verdict::Bad, code, found, fix);
    let make =
        "make a token with `tenure token create`, or in the product's settings, and give it in TENURE_TOKEN";
    let Some(refused) = error.refused() else {
        let (code, found) = match error {
            Error::NotSent { why, .. } => ("url.unreachable", format!("nothing answers at {url}: {why}")),
            _ => ("url.not_the_api", format!("what answers at {url} is not the API: {error}")),
        };
        return bad(
            "url",
            code,
            found,
            "check the URL, its port, and whether the server runs; for Front it is https://api2.frontapp.com",
        );
    };
    match refused.status {
        401 if is_code(refused, "token.mistyped") || is_code(refused, "token.malformed") => bad(
            "token",
            "token.mistyped",
            "the token was mistyped or cut off: its checksum does not fit".to_owned(),
            "copy it again, whole",
        ),
        401 if is_code(refused, "token.expired") => {
            bad("token", "token.expired", "the token has expired".to_owned(), make)
        }
        401 if is_code(refused, "token.teammate_blocked") => bad(
            "token",
            "token.teammate_blocked",
            "the token acts as a teammate who is blocked".to_owned(),
            make,
        ),
        401 => bad(
            "token",
            "token.revoked",
            "the token is well formed and not known here: it was revoked, or is another server's".to_owned(),
            make,
        ),
        403 if is_code(refused, "token.wrong_kind") => bad(
            "token",
            "token.wrong_kind",
            "this is a SCIM token, and REST needs another".to_owned(),
            "give it in TENURE_SCIM_TOKEN, and a company-level token in TENURE_TOKEN",
        ),
        403 if refused.message.contains("company-level") => teammate_level(),
        403 => bad(
            "token",
            "token.forbidden",
            format!("the token is not allowed this: {}", refused.message),
            make,
        ),
        404 | 405 | 301..=308 => bad(
            "url",
            "url.not_the_api",
            format!("a server answers at {url}, and this is not the API's base: {error}"),
            "give the base URL, without a path such as /teammates; for Front it is https://api2.frontapp.com",
        ),
        _ => bad("url", "server.failed", error.to_string(), "look at the server, and try again"),
    }
}

fn teammate_level() -> Check {
    check(
        "token",
        Verdict::Bad,
        "token.teammate_level",
        "this token is teammate-level; user management needs a company-level one",
        "make a company-level token: tenure token create --kind company",
    )
}

fn token(me: &Me, checks: &mut Vec<Check>) {
    let Some(token) = &me.token else {
        let fix = "if something is refused later, its error names what is missing";
        checks.push(check(
            "token",
            Verdict::Good,
            "token.good",
            "the token works; this server does not tell its level and scopes",
            fix,
        ));
        return;
    };
    if token.kind != "company" {
        checks.push(teammate_level());
        return;
    }
    checks.push(check(
        "token",
        Verdict::Good,
        "token.good",
        format!("token {} works and is company-level", token.id),
        "",
    ));
    for (operation, needed) in NEEDS {
        let missing: Vec<_> =
            needed.iter().copied().filter(|scope| !token.scopes.iter().any(|has| has == scope)).collect();
        if !missing.is_empty() {
            let found = format!("the token lacks {}, which is needed to {operation}", missing.join(", "));
            let is_core = !missing.iter().any(|scope| scope.starts_with("conversations"));
            let verdict = if is_core { Verdict::Bad } else { Verdict::Warning };
            let fix =
                format!("make a token with them too: tenure token create --scope {}", missing.join(","));
            checks.push(check("scopes", verdict, "token.scope_missing", found, fix));
        }
    }
    if !checks.iter().any(|check| check.name == "scopes") {
        checks.push(check(
            "scopes",
            Verdict::Good,
            "token.scopes_good",
            "the token has the scopes for everything",
            "",
        ));
    }
}

fn clock_and_limit(live: &Live, checks: &mut Vec<Check>) {
    let standing = live.client.standing();
    match standing.clock_ahead_seconds {
        Some(ahead) if ahead.abs() > CLOCK_OFF_SECONDS => {
            let way = if ahead > 0 { "ahead of" } else { "behind" };
            let found = format!("the server's clock is {} s {way} this machine's", ahead.abs());
            let fix = "set both by NTP; limits are kept all the same, dates in people files and approvals go by this machine's";
            checks.push(check("clock", Verdict::Warning, "clock.skewed", found, fix));
        }
        Some(_) => checks.push(check("clock", Verdict::Good, "clock.good", "both clocks agree", "")),
        None => checks.push(check(
            "clock",
            Verdict::Warning,
            "clock.unknown",
            "the server does not tell its time",
            "",
        )),
    }
    let found = match (standing.limit, standing.remaining) {
        (Some(limit), _) if limit >= 1_000_000 => "there is no limit on requests".to_owned(),
        (Some(limit), Some(remaining)) => format!("{limit} requests a minute, {remaining} left in this one"),
        _ => "the server tells no limit".to_owned(),
    };
    checks.push(check("limit", Verdict::Good, "limit.told", found, ""));
}

async fn offers(live: &Live, anybody: Option<&Teammate>, is_tenure: bool, checks: &mut Vec<Check>) {
    let capabilities = match live.capabilities(anybody, is_tenure).await {
        Ok(capabilities) => capabilities,
        Err(error) => {
            checks.push(check(
                "create",
                Verdict::Warning,
                "create.unknown",
                format!("what the server offers cannot be found out: {error}"),
                "",
            ));
            return;
        }
    };
    let found = match capabilities.create {
        Via::Rest if !capabilities.are_told => check(
            "create",
            Verdict::Warning,
            "create.unknown",
            "the server does not tell whether it takes POST /teammates; plans are made as if it does",
            "if it does not, give the company's SCIM URL with --scim-url and its token in TENURE_SCIM_TOKEN",
        ),
        Via::Rest => check("create", Verdict::Good, "create.rest", "the server takes POST /teammates", ""),
        Via::Scim => check(
            "create",
            Verdict::Warning,
            "create.scim",
            "the server does not take POST /teammates; accounts are created over SCIM",
            "nothing; plans say so",
        ),
        Via::Person => check(
            "create",
            Verdict::Bad,
            "create.absent",
            "the server does not take POST /teammates, and no SCIM URL is given",
            "give the company's SCIM URL with --scim-url and its token in TENURE_SCIM_TOKEN, or invite people in the product",
        ),
    };
    checks.push(found);
}

async fn scim_service(scim: &ScimClient, anybody: Option<&Teammate>) -> Check {
    let url = scim.url();
    let features = match scim.features().await {
        Ok(features) => features,
        Err(error) => return of_scim_error(&error, &url.to_string()),
    };
    if let Some(mate) = anybody {
        // What a service supports may be told to everybody; a User is not.
        match scim.user_by_name(&mate.email).await {
            Err(error) => return of_scim_error(&error, &url.to_string()),
            Ok(None) => {
                let found = format!(
                    "SCIM at {url} does not know {}, whom REST has: it may be another company's",
                    mate.email
                );
                let fix = "take both tokens from the same company";
                return check("scim", Verdict::Warning, "scim.other_company", found, fix);
            }
            Ok(Some(_)) => {}
        }
    }
    let has = |has: bool| if has { "yes" } else { "no" };
    let found = format!(
        "SCIM answers at {url}: PATCH {}, Groups {}, filters {}, bulk {}",
        has(features.patch),
        has(features.groups),
        has(features.filter),
        has(features.bulk)
    );
    check("scim", Verdict::Good, "scim.good", found, "")
}

/// What an error of the SCIM service tells.
fn of_scim_error(error: &Error, url: &str) -> Check {
    let bad = |code, found: String, fix: &str| check("scim", Verdict::Bad, code, found, fix);
    let make = "make one with `tenure token create --kind scim`";
    let Some(refused) = error.refused() else {
        return bad(
            "scim.unreachable",
            format!("no SCIM service answers at {url}: {error}"),
            "check the SCIM URL",
        );
    };
    match refused.status {
        _ if is_code(refused, "token.wrong-company") || refused.message.contains("different companies") => {
            bad(
                "scim.wrong_company",
                format!("{url} is the SCIM URL of another company than the token's"),
                "take the SCIM URL and the SCIM token from the same company",
            )
        }
        401 if is_code(refused, "token.mistyped") || is_code(refused, "token.malformed") => bad(
            "scim.token_mistyped",
            "the SCIM token was mistyped or cut off".to_owned(),
            "copy it again, whole",
        ),
        401 => bad(
            "scim.token_revoked",
            "the SCIM token is not known there: it was revoked, or is another server's".to_owned(),
            make,
        ),
        403 => bad("scim.wrong_kind", format!("this is no SCIM token: {}", refused.message), make),
        _ => bad(
            "scim.not_a_service",
            format!("what answers at {url} is no SCIM service: {error}"),
            "give its base, such as https://…/scim/v2",
        ),
    }
}
