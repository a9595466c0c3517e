//! The printer: results on stdout, everything else on stderr. Nothing else prints.

mod findings;
mod listing;
mod outbox;
mod plan;
mod webhook;

pub(crate) use findings::{checks, graph_findings};
pub(crate) use listing::{csv, rows};
pub(crate) use plan::{plan, plan_text, report, requests, runs};

use crate::cli::Output;
use crate::failure::Failure;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use tenure_server::operator::{
    AuditEntry, CompanyDetails, CompanySummary, CustomFieldDetails, Export, NewToken, OperatorReply,
    SsoDetails, TeamDetails, TeammateDetails, TokenDetails,
};

/// Prints a result. `done` says in words what was done, for commands that change something.
pub(crate) fn reply(output: Output, reply: &OperatorReply, done: Option<&str>) -> Result<(), Failure> {
    let text = match (output, reply) {
        (Output::Human, reply) => human(reply, done),
        (Output::Json, reply) => format!("{}\n", json_of(reply)),
        (Output::Plain, OperatorReply::NewToken(NewToken { token, .. })) => format!("{token}\n"),
        (Output::Plain, other) => human(other, done),
    };
    let Some(lost) = lost(reply) else {
        result(&text);
        return Ok(());
    };
    whole(&text).map_err(|_| lost)
}

/// What is to be said if a reply cannot be printed that is shown only once.
fn lost(reply: &OperatorReply) -> Option<Failure> {
    match reply {
        OperatorReply::NewToken(new) => {
            let id = &new.details.id;
            let lost = Failure::new(format!("token {id} was created and its text could not be printed"));
            Some(lost.with_hint(
                "its text is shown only once: revoke it with `tenure token revoke`, and create another",
            ))
        }
        OperatorReply::NewWebhook(new) => {
            let id = &new.details.id;
            let lost = Failure::new(format!("webhook {id} has a new secret, and it could not be printed"));
            Some(lost.with_hint("it is shown only once: make another with `tenure webhook rotate-secret`"))
        }
        _ => None,
    }
}

/// Prints a value as one line of JSON.
pub(crate) fn json(value: &impl Serialize) {
    result(&format!("{}\n", serde_json::to_string(value).expect("a result has a JSON form")));
}

/// Prints text to stdout. Ends the process quietly if nobody reads it any more.
pub(crate) fn result(text: &str) {
    if let Err(error) = write(text) {
        if error.kind() != io::ErrorKind::BrokenPipe {
            note(&format!("error: the result could not be printed: {error}"));
        }
        std::process::exit(i32::from(error.kind() != io::ErrorKind::BrokenPipe));
    }
}

/// Prints text to stdout that somebody must have read, such as a token that is shown once.
pub(crate) fn whole(text: &str) -> Result<(), Failure> {
    write(text).map_err(|error| Failure::new(format!("the result could not be printed: {error}")))
}

fn write(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush())
}

/// Prints text to stdout while something goes on that must not end with who reads it.
pub(crate) fn show(text: &str) {
    if let Err(error) = write(text)
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        note(&format!("error: the result could not be printed: {error}"));
    }
}

/// Tells people something beside the result. If nobody can hear it, the command goes on all the same.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Tells what went wrong, and what to do.
pub(crate) fn failure(failure: &Failure) {
    if failure.message.is_empty() {
        return;
    }
    let lines: Vec<_> = failure.message.split('\n').map(safe).collect();
    note(&format!("\u{1b}[1;31merror:\u{1b}[0m {}", lines.join("\n")));
    if let Some(hint) = failure.hint {
        note(&format!("\u{1b}[1mhint:\u{1b}[0m {hint}"));
    }
}

fn json_of(reply: &OperatorReply) -> String {
    let json = match reply {
        OperatorReply::Company(reply) => serde_json::to_string(reply),
        OperatorReply::Companies(reply) => serde_json::to_string(reply),
        OperatorReply::CompanyDetails(reply) => serde_json::to_string(reply),
        OperatorReply::Export(reply) => serde_json::to_string(reply),
        OperatorReply::NewToken(reply) => serde_json::to_string(reply),
        OperatorReply::Token(reply) => serde_json::to_string(reply),
        OperatorReply::Tokens(reply) => serde_json::to_string(reply),
        OperatorReply::CustomField(reply) => serde_json::to_string(reply),
        OperatorReply::CustomFields(reply) => serde_json::to_string(reply),
        OperatorReply::Team(reply) => serde_json::to_string(reply),
        OperatorReply::Teams(reply) => serde_json::to_string(reply),
        OperatorReply::Sso(reply) => serde_json::to_string(reply),
        OperatorReply::Teammate(reply) => serde_json::to_string(reply),
        OperatorReply::Audit(reply) => serde_json::to_string(reply),
        OperatorReply::Webhook(reply) => serde_json::to_string(reply),
        OperatorReply::Webhooks(reply) => serde_json::to_string(reply),
        OperatorReply::NewWebhook(reply) => serde_json::to_string(reply),
        OperatorReply::Pinged(reply) => serde_json::to_string(reply),
        OperatorReply::Delivery(reply) => serde_json::to_string(reply),
        OperatorReply::Deliveries(reply) => serde_json::to_string(reply),
        OperatorReply::Sending(reply) => serde_json::to_string(reply),
        OperatorReply::Waiting(reply) => serde_json::to_string(reply),
        OperatorReply::WaitingMail(reply) => serde_json::to_string(reply),
        OperatorReply::Released(reply) => serde_json::to_string(reply),
    };
    json.expect("a reply has a JSON form")
}

fn human(reply: &OperatorReply, done: Option<&str>) -> String {
    let said = |text: String| match done {
        Some(done) => format!("{text} was {done}\n"),
        None => format!("{text}\n"),
    };
    match reply {
        OperatorReply::Company(CompanySummary { id, slug, name, .. }) => {
            said(format!("company {id} `{name}` (slug {slug})"))
        }
        OperatorReply::Companies(companies) => companies_table(companies),
        OperatorReply::CompanyDetails(details) => company(details),
        OperatorReply::Export(export) => pretty(export),
        OperatorReply::NewToken(token) => new_token(token),
        OperatorReply::Token(TokenDetails { id, kind, last_four, .. }) => {
            said(format!("{kind} token {id} (…{last_four})"))
        }
        OperatorReply::Tokens(tokens) => tokens_table(tokens),
        OperatorReply::CustomField(CustomFieldDetails { id, name, kind, .. }) => {
            said(format!("custom field {id} `{name}` of type {kind}"))
        }
        OperatorReply::CustomFields(fields) => custom_fields_table(fields),
        OperatorReply::Team(TeamDetails { id, name, .. }) => said(format!("team {id} `{name}`")),
        OperatorReply::Teams(teams) => teams_table(teams),
        OperatorReply::Sso(sso) => single_sign_on(sso),
        OperatorReply::Teammate(teammate) => {
            let TeammateDetails { id, email, .. } = &**teammate;
            said(format!("teammate {id} <{email}>"))
        }
        OperatorReply::Audit(page) => page.entries.iter().map(audit_line).collect(),
        OperatorReply::Webhook(webhook) if done.is_some() => {
            said(format!("webhook {} ({})", webhook.id, webhook.url))
        }
        OperatorReply::Webhook(webhook) => webhook::details(webhook),
        OperatorReply::Webhooks(webhooks) => webhook::table_of(webhooks),
        OperatorReply::NewWebhook(new) => webhook::new(new, done.unwrap_or("created")),
        OperatorReply::Pinged(pinged) => webhook::pinged(pinged),
        OperatorReply::Delivery(delivery) => webhook::delivery(delivery),
        OperatorReply::Deliveries(deliveries) => webhook::deliveries(deliveries),
        OperatorReply::Sending(sending) => webhook::sending(sending, done.unwrap_or("sent")),
        OperatorReply::Waiting(waiting) => outbox::table_of(waiting),
        OperatorReply::WaitingMail(mail) => outbox::mail(mail),
        OperatorReply::Released(released) => outbox::released(released),
    }
}

/// A text from outside, on one line, without what would make a terminal do something.
pub(crate) fn safe(text: &str) -> String {
    tenure_directory::text::repeated(text)
}

/// Pairs of a name and a value, a line each, indented.
fn pairs(pairs: &[(&str, String)]) -> String {
    pairs.iter().fold(String::new(), |mut text, (name, value)| {
        writeln!(text, "  {name:<13} {value}").expect("writing to a String cannot fail");
        text
    })
}

fn pretty(export: &Export) -> String {
    format!("{}\n", serde_json::to_string_pretty(export).expect("an export has a JSON form"))
}

/// An entry of the audit as one line.
pub(crate) fn audit_line(entry: &AuditEntry) -> String {
    let AuditEntry { version, time, actor, event: _, sentence, data: _ } = entry;
    format!("{time}  {version:>6}  {actor:<16}  {sentence}\n")
}

/// Rows under headers, or what to say where there is none.
pub(crate) fn table(headers: &[&str], rows: impl Iterator<Item = Vec<String>>, none: &str) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headers.iter().copied());
    let mut is_empty = true;
    for row in rows {
        is_empty = false;
        table.add_row(row);
    }
    if is_empty {
        return format!("{none}\n");
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().fold(String::new(), |mut text, line| {
        text.push_str(line.trim_end());
        text.push('\n');
        text
    })
}

fn companies_table(companies: &[CompanySummary]) -> String {
    let row = |company: &CompanySummary| {
        vec![company.id.clone(), company.slug.clone(), company.name.clone(), company.created_at.clone()]
    };
    let none = "There is no company yet. Create one: tenure company create NAME";
    table(&["ID", "SLUG", "NAME", "CREATED"], companies.iter().map(row), none)
}

fn company(details: &CompanyDetails) -> String {
    let CompanyDetails {
        company: CompanySummary { id, slug, name, created_at },
        settings,
        active_teammates,
        blocked_teammates,
        active_admins,
        teams,
        custom_fields,
        tokens,
        has_sso,
        version,
    } = details;
    let sso = if *has_sso { "set" } else { "not set" };
    let mut text = format!(
        "{name}\n  id             {id}\n  slug           {slug}\n  created        {created_at}\n  teammates      \
         {active_teammates} active ({active_admins} administrators), {blocked_teammates} blocked\n  teams          \
         {teams}\n  custom fields  {custom_fields}\n  tokens         {tokens}\n  single sign-on {sso}\n  events         \
         {version}\nsettings\n"
    );
    for (key, value) in settings {
        writeln!(text, "  {key:<14} {value}").expect("writing to a String cannot fail");
    }
    text
}

fn new_token(new: &NewToken) -> String {
    let NewToken { token, details } = new;
    format!(
        "{} token {} was created. This is its text; it is never shown again:\n\n  {token}\n\nscopes: {}\n",
        details.kind,
        details.id,
        if details.scopes.is_empty() { "all of SCIM".to_owned() } else { details.scopes.join(", ") },
    )
}

fn tokens_table(tokens: &[TokenDetails]) -> String {
    let row = |token: &TokenDetails| {
        let state = match (&token.revoked_at, &token.expires_at) {
            (Some(at), _) => format!("revoked {at}"),
            (None, Some(at)) => format!("until {at}"),
            (None, None) => "works".to_owned(),
        };
        vec![
            token.id.clone(),
            token.kind.clone(),
            format!("…{}", token.last_four),
            token.teammate_id.clone().unwrap_or_default(),
            state,
            token.last_used_at.clone().unwrap_or_else(|| "never".to_owned()),
            token.rate_limit.clone().unwrap_or_default(),
            token.note.clone().unwrap_or_default(),
        ]
    };
    let headers = ["ID", "KIND", "ENDS IN", "TEAMMATE", "STATE", "LAST USED", "RATE LIMIT", "NOTE"];
    table(&headers, tokens.iter().map(row), "There is no token yet. Create one: tenure token create")
}

fn custom_fields_table(fields: &[CustomFieldDetails]) -> String {
    let row = |field: &CustomFieldDetails| {
        vec![field.id.clone(), field.name.clone(), field.kind.clone(), field.choices.join(", ")]
    };
    let none = "There is no custom field yet. Create one: tenure custom-field create NAME --type TYPE";
    table(&["ID", "NAME", "TYPE", "CHOICES"], fields.iter().map(row), none)
}

fn teams_table(teams: &[TeamDetails]) -> String {
    let row = |team: &TeamDetails| {
        let seen_by = if team.is_private { "its members" } else { "everybody" };
        vec![team.id.clone(), team.name.clone(), seen_by.to_owned(), team.teammate_ids.len().to_string()]
    };
    let none = "There is no team yet. Create one: tenure team create NAME";
    table(&["ID", "NAME", "SEEN BY", "MEMBERS"], teams.iter().map(row), none)
}

fn single_sign_on(sso: &SsoDetails) -> String {
    let SsoDetails { is_set: _, set_at, metadata } = sso;
    match (set_at, metadata) {
        (Some(set_at), Some(metadata)) => {
            format!("single sign-on is set, since {set_at}, with {} bytes of metadata\n", metadata.len())
        }
        _ => "single sign-on is not set\n".to_owned(),
    }
}
