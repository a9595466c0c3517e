//! `tenure apply`.

use crate::automate::connection::connect;
use crate::automate::planning::{self, Prepared, Rules, people, prepare, reads};
use crate::automate::{applying, approvals, asking};
use crate::cli::{ApplyArgs, Global, Output};
use crate::failure::Failure;
use crate::operate::runtime;
use crate::print;
use std::path::Path;
use tenure_lifecycle::Plan;

pub(crate) fn run(global: &Global, args: ApplyArgs) -> Result<(), Failure> {
    runtime()?.block_on(async {
        match &args.plan {
            Some(path) => of_file(global, path, &args).await,
            None => of_people(global, &args).await,
        }
    })
}

/// Reads a plan file.
pub(crate) fn read_plan(path: &Path) -> Result<Plan, Failure> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
    Plan::parse(&text)
        .map_err(|error| Failure::refused(format!("{}: {error}; nothing was sent", path.display())))
}

/// What is going to be done, in a question.
pub(crate) fn question(plan: &Plan) -> String {
    let counts: Vec<_> = plan.counts().into_iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let target = &plan.body.target;
    format!("Do {} at {} ({})?", counts.join(", "), print::safe(&target.company), print::safe(&target.url))
}

async fn of_file(global: &Global, path: &Path, args: &ApplyArgs) -> Result<(), Failure> {
    if !args.planning.overrides.is_empty() {
        return Err(Failure::usage(
            "--override belongs to `tenure plan`: what is overridden is a part of the plan",
        ));
    }
    let plan = read_plan(path)?;
    let rules = Rules::read(&args.planning)?;
    let mut connection = args.connection.clone();
    // A plan names its server; it need not be named again.
    if connection.url.is_none() && connection.profile.is_none() {
        connection.url = Some(plan.body.target.url.clone());
    }
    let connected = connect(&connection)?;
    let directory = planning::directory(&connected).await?;
    applying::guard(&plan, &directory, &rules.settings.guards, &connection)?;
    let approvals = approvals::read(path)?;
    let mut approved_by = approvals::require(&plan, &plan.body.approve, &approvals, &rules.folder)?;
    // The rules that hold here may be stricter than those that the plan was made with.
    approved_by.extend(approvals::require(&plan, &rules.settings.approve, &approvals, &rules.folder)?);
    approved_by.sort();
    approved_by.dedup();
    if args.writing.dry_run {
        print::requests(&plan, global.output);
        return Ok(());
    }
    if !plan.body.actions.is_empty() {
        asking::may_go_on(&args.writing, &question(&plan))?;
    }
    applying::apply(&connected, &plan, approved_by, args.writing.take_over, &connection, global.output).await
}

async fn of_people(global: &Global, args: &ApplyArgs) -> Result<(), Failure> {
    let rules = Rules::read(&args.planning)?;
    let people = people(&args.files, &rules.settings, &args.connection).await?;
    let connected = connect(&args.connection)?;
    let prepared = prepare(&connected, &people, rules, &args.planning, &args.connection).await?;
    carry_out(global, &connected, prepared, &args.writing, &args.connection).await
}

/// Shows a plan that was made just now, asks, and does it.
pub(crate) async fn carry_out(
    global: &Global,
    connected: &crate::automate::connection::Connected,
    prepared: Prepared,
    writing: &crate::cli::Writing,
    connection: &crate::cli::Connection,
) -> Result<(), Failure> {
    let Prepared { planned, directory, rules } = prepared;
    // JSON goes to stdout alone, and there it is the report.
    if global.output == Output::Human {
        print::plan(&planned, reads(&directory), directory.rate_limit, Output::Human);
    }
    applying::refuse(&planned.violations)?;
    approvals::require(&planned.plan, &rules.settings.approve, &[], &rules.folder)?;
    if writing.dry_run {
        print::requests(&planned.plan, global.output);
        return Ok(());
    }
    if planned.plan.body.actions.iter().any(|action| !action.deed.is_manual()) {
        asking::may_go_on(writing, &question(&planned.plan))?;
    }
    applying::apply(connected, &planned.plan, vec![], writing.take_over, connection, global.output).await
}
