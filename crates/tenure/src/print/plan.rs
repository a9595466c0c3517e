//! How plans, reports and runs are printed.

use crate::cli::Output;
use crate::print::{json, note, result, safe, show, table};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use tenure_lifecycle::Plan;
use tenure_lifecycle::apply::{Report, ReportLine, Status};
use tenure_lifecycle::guard::Violation;
use tenure_lifecycle::plan::{Action, Deed, KINDS, Risk, Subject};
use tenure_lifecycle::planner::Planned;
use tenure_lifecycle::run::RunSummary;

/// How many actions of a kind are shown one by one.
const SHOWN: usize = 200;
/// How many names a list in a sentence has.
const NAMED: usize = 10;

const BOLD: &str = "\u{1b}[1m";
const RED: &str = "\u{1b}[31m";
const YELLOW: &str = "\u{1b}[33m";
const GREEN: &str = "\u{1b}[32m";
const PLAIN: &str = "\u{1b}[0m";

/// A plan as JSON: the file's keys, and what is only told.
#[derive(Serialize)]
struct PlanOutput<'a> {
    #[serde(flatten)]
    plan: &'a Plan,
    summary: BTreeMap<&'static str, usize>,
    requests: u32,
    seconds: Option<u64>,
    unlisted: &'a [Subject],
    violations: &'a [Violation],
}

/// How long so many requests take under a limit, in seconds.
fn seconds(requests: u32, limit: Option<u32>) -> Option<u64> {
    let limit = limit.filter(|limit| *limit > 0)?;
    Some(u64::from(requests) * 60 / u64::from(limit))
}

/// Prints a plan.
pub(crate) fn plan(planned: &Planned, reads: u32, limit: Option<u32>, output: Output) {
    let Planned { plan, violations, unlisted } = planned;
    let requests = plan.requests(reads);
    let seconds = seconds(requests, limit);
    if output == Output::Json {
        let summary = plan.counts().into_iter().collect();
        let output = PlanOutput { plan, summary, requests, seconds, unlisted, violations };
        show(&format!("{}\n", serde_json::to_string(&output).expect("a plan has a JSON form")));
        return;
    }
    show(&plan_text(plan, unlisted, reads, limit));
}

/// A plan for people.
pub(crate) fn plan_text(plan: &Plan, unlisted: &[Subject], reads: u32, limit: Option<u32>) -> String {
    let requests = plan.requests(reads);
    let mut text = String::new();
    for kind in KINDS {
        let actions: Vec<_> = plan.body.actions.iter().filter(|action| action.deed.kind() == kind).collect();
        text.push_str(&group(kind, &actions));
    }
    for remark in &plan.body.notes {
        writeln!(text, "{YELLOW}note{PLAIN}: {}", safe(remark)).expect("a String takes all");
    }
    text.push_str(&unlisted_line(unlisted));
    text.push_str(&summary(plan, requests, seconds(requests, limit), limit));
    text
}

fn group(kind: &str, actions: &[&Action]) -> String {
    let Some(first) = actions.first() else { return String::new() };
    let color = match first.risk {
        Risk::Low => GREEN,
        Risk::Medium => YELLOW,
        Risk::High | Risk::Irreversible => RED,
    };
    let mut text =
        format!("{BOLD}{kind}{PLAIN} ({}, risk {color}{}{PLAIN})\n", actions.len(), first.risk.name());
    for action in actions.iter().take(SHOWN) {
        writeln!(text, "  {} {}", action.id, action_line(action)).expect("a String takes all");
        for step in &action.steps {
            writeln!(text, "      a person: {}", safe(step)).expect("a String takes all");
        }
    }
    if actions.len() > SHOWN {
        writeln!(text, "  and {} more", actions.len() - SHOWN).expect("a String takes all");
    }
    text.push('\n');
    text
}

fn action_line(action: &Action) -> String {
    let subject = safe(&action.subject.email);
    let id = action.subject.teammate_id.as_ref().map(|id| format!(" ({})", safe(&id.0))).unwrap_or_default();
    let what = match &action.deed {
        Deed::Invite { .. } | Deed::Update => {
            let changes = action.after.iter().map(|(field, after)| match action.before.get(field) {
                Some(before) => format!("{} {before} → {after}", safe(field)),
                None => format!("{} {after}", safe(field)),
            });
            format!(
                ": {}",
                changes.filter(|change| !change.starts_with("email ")).collect::<Vec<_>>().join(", ")
            )
        }
        Deed::AddToTeam { team, team_name } => format!(" to {} ({team})", safe(team_name)),
        Deed::RemoveFromTeam { team, team_name } => format!(" from {} ({team})", safe(team_name)),
        Deed::HandOver { to } => {
            let open = action.before.get("open_conversations").and_then(serde_json::Value::as_u64);
            let open = open.map_or_else(
                || "all open conversations".to_owned(),
                |open| counted(open, "open conversation"),
            );
            let to = to.as_ref().map_or_else(|| "nobody".to_owned(), |to| safe(&to.email));
            format!(": {open} to {to}")
        }
        Deed::GrantAdmin { .. } | Deed::RevokeAdmin { .. } | Deed::Deactivate { .. } | Deed::Reactivate => {
            String::new()
        }
    };
    let what = safe(what.trim_end_matches(": "));
    let waits: Vec<_> = action.waits_for.iter().map(ToString::to_string).collect();
    let waits = if waits.is_empty() { String::new() } else { format!(", after {}", waits.join(", ")) };
    format!("{subject}{id}{what}  [{}{waits}]", safe(&action.reason))
}

/// A number of things, in words.
fn counted(count: u64, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

fn unlisted_line(unlisted: &[Subject]) -> String {
    if unlisted.is_empty() {
        return String::new();
    }
    let mut names: Vec<_> = unlisted.iter().take(NAMED).map(|subject| safe(&subject.email)).collect();
    if unlisted.len() > NAMED {
        names.push(format!("and {} more", unlisted.len() - NAMED));
    }
    format!(
        "{} active teammates are in no people file and are left alone: {}\n",
        unlisted.len(),
        names.join(", ")
    )
}

fn summary(plan: &Plan, requests: u32, seconds: Option<u64>, limit: Option<u32>) -> String {
    let target = &plan.body.target;
    if plan.body.actions.is_empty() {
        return format!("Nothing to do: {} is as the people files say.\n", safe(&target.company));
    }
    let counts: Vec<_> = plan.counts().into_iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let takes = match (seconds, limit) {
        (Some(seconds), Some(limit)) => {
            format!(", about {} under the limit of {limit} a minute", span(seconds))
        }
        _ => ", with no limit that is known".to_owned(),
    };
    format!(
        "{BOLD}{}{PLAIN}\n{} at {}\n{requests} requests{takes}\n{}\n",
        counts.join(", "),
        safe(&target.company),
        safe(&target.url),
        plan.digest
    )
}

fn span(seconds: u64) -> String {
    match seconds {
        0..60 => "a minute".to_owned(),
        60..5_400 => format!("{} minutes", seconds.div_ceil(60)),
        _ => format!("{:.1} hours", std::time::Duration::from_secs(seconds).as_secs_f64() / 3600.0),
    }
}

/// Prints the requests that a plan would send.
pub(crate) fn requests(plan: &Plan, is_left: impl Fn(&Action) -> bool, output: Output) {
    let actions: Vec<_> = plan.body.actions.iter().filter(|action| is_left(action)).collect();
    let line = |action: &Action| {
        let id = action.subject.teammate_id.as_ref().map_or_else(|| "{id}".to_owned(), |id| id.0.clone());
        match &action.deed {
            deed if deed.is_manual() => "none: a person does it".to_owned(),
            Deed::Invite { via: tenure_lifecycle::directory::Via::Scim } => "POST /Users (SCIM)".to_owned(),
            Deed::Invite { .. } => "POST /teammates".to_owned(),
            Deed::Update | Deed::GrantAdmin { .. } | Deed::RevokeAdmin { .. } => {
                format!("PATCH /teammates/{id}")
            }
            Deed::AddToTeam { team, .. } => format!("POST /teams/{team}/teammates"),
            Deed::RemoveFromTeam { team, .. } => format!("DELETE /teams/{team}/teammates"),
            Deed::HandOver { .. } => "PUT /conversations/{id}/assignee, for each".to_owned(),
            Deed::Deactivate { via: tenure_lifecycle::directory::Via::Scim } => {
                "PATCH /Users/{id} active=false (SCIM)".to_owned()
            }
            Deed::Deactivate { .. } | Deed::Reactivate => format!("DELETE /teammates/{id}"),
        }
    };
    if output == Output::Json {
        let requests: Vec<_> = actions
            .iter().map(|action| {
            serde_json::json!({ "action": action.id, "kind": action.deed.kind(), "subject": action.subject.email,
                "request": line(action), "after": action.after })
        }).collect();
        json(&serde_json::json!({ "digest": plan.digest, "would_send": requests }));
        return;
    }
    let mut text =
        String::from("Nothing is sent. These requests would be, each with a read before and after it:\n");
    for action in actions {
        writeln!(
            text,
            "  {} {} {}: {}",
            action.id,
            action.deed.kind(),
            safe(&action.subject.email),
            safe(&line(action))
        )
        .expect("a String takes all");
    }
    result(&text);
}

/// Prints what a run did.
pub(crate) fn report(report: &Report, output: Output) {
    if output == Output::Json {
        show(&format!("{}\n", serde_json::to_string(report).expect("a report has a JSON form")));
        return;
    }
    if report.actions.is_empty() {
        show("Nothing to do: everything is as it should be.\n");
        return;
    }
    let mut text = String::new();
    let is_short = report.actions.len() <= SHOWN;
    for line in &report.actions {
        if is_short || line.status != Status::Verified {
            text.push_str(&report_line(line));
        }
    }
    let counts: Vec<_> = report.counts.iter().map(|(status, count)| format!("{count} {status}")).collect();
    writeln!(text, "{BOLD}{}{PLAIN}  (run {})", counts.join(", "), report.run).expect("a String takes all");
    let invited = report
        .actions
        .iter()
        .filter(|line| matches!(line.action.deed, Deed::Invite { .. }) && line.teammate_id.is_some());
    match invited.count() {
        0 => {}
        1 => text.push_str("1 invitation was sent\n"),
        several => writeln!(text, "{several} invitations were sent").expect("a String takes all"),
    }
    if !report.overrides.is_empty() {
        writeln!(text, "overridden guards: {}", report.overrides.join(", ")).expect("a String takes all");
    }
    if !report.approved_by.is_empty() {
        writeln!(text, "approved by {}", safe(&report.approved_by.join(", "))).expect("a String takes all");
    }
    show(&text);
}

fn report_line(line: &ReportLine) -> String {
    let color = match line.status {
        Status::Verified => GREEN,
        Status::Manual | Status::Pending => YELLOW,
        Status::Failed | Status::Stale | Status::Skipped => RED,
    };
    let action = &line.action;
    let state = match (&action.deed, line.status) {
        (Deed::Deactivate { .. }, Status::Verified) => "  is_blocked=true".to_owned(),
        (Deed::Invite { .. }, Status::Verified) => {
            line.teammate_id.as_ref().map(|id| format!("  {}", safe(&id.0))).unwrap_or_default()
        }
        (Deed::AddToTeam { team_name, .. } | Deed::RemoveFromTeam { team_name, .. }, _) => {
            format!("  {}", safe(team_name))
        }
        _ => String::new(),
    };
    let why = if line.why.is_empty() { String::new() } else { format!("  {}", safe(&line.why)) };
    format!(
        "{color}{:<9}{PLAIN} {} {} {}{state}{why}\n",
        line.status.name(),
        action.id,
        action.deed.kind(),
        safe(&action.subject.email)
    )
}

/// Prints a list of runs.
pub(crate) fn runs(runs: &[RunSummary], output: Output) {
    if output == Output::Json {
        json(&runs);
        return;
    }
    let row = |run: &RunSummary| {
        let state = match (&run.problem, run.is_finished) {
            (Some(_), _) => "unreadable",
            (None, true) => "finished",
            (None, false) => "cut off",
        };
        vec![
            run.id.clone(),
            state.to_owned(),
            format!("{}/{}", run.ended, run.actions),
            safe(&run.company),
            safe(&run.url),
        ]
    };
    let none = "There is no run yet. `tenure apply` makes one.";
    result(&table(&["RUN", "STATE", "ACTIONS", "COMPANY", "URL"], runs.iter().map(row), none));
    if let Some(run) = runs.iter().find(|run| !run.is_finished && run.problem.is_none()) {
        note(&format!("note: go on with the one that was cut off: tenure runs resume {}", run.id));
    }
}
