//! `tenure apply`.

use crate::automate::applying::Hold;
use crate::automate::connection::{Connected, connect, for_target};
use crate::automate::planning::{self, Prepared, Rules, people, prepare, reads};
use crate::automate::{applying, approvals, asking, run_async};
use crate::cli::{ApplyArgs, Connection, Global, Output, Writing};
use crate::failure::Failure;
use crate::print;
use std::path::Path;
use tenure_lifecycle::Plan;

pub(crate) fn run(global: &Global, args: ApplyArgs) -> Result<(), Failure> {
    run_async(async {
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
    let connection = for_target(&args.connection, &plan.body.target.url)?;
    // Approvals are judged before anything is sent anywhere, a token included.
    let approved_by = if args.writing.dry_run {
        vec![]
    } else {
        let approvals = approvals::read(path)?;
        let mut approved_by = approvals::require(&plan, &plan.body.approve, &approvals, &rules.folder)?;
        // The rules that hold here may be stricter than those that the plan was made with.
        approved_by.extend(approvals::require(&plan, &rules.settings.approve, &approvals, &rules.folder)?);
        approved_by.sort();
        approved_by.dedup();
        approved_by
    };
    let connected = connect(&connection)?;
    let hold = hold_unless_dry(&connected, &connection, &args.writing).await?;
    let directory = planning::directory(&connected).await?;
    applying::guard(&plan, &directory, &rules.settings.guards, &connection)?;
    let Some(hold) = hold else {
        print::requests(&plan, |_| true, global.output);
        return Ok(());
    };
    if plan.body.actions.iter().any(|action| !action.deed.is_manual()) {
        if global.output == Output::Json && !args.writing.yes {
            print::note(&print::plan_text(&plan, &[], reads(&directory), directory.rate_limit));
        }
        asking::may_go_on(&args.writing, &question(&plan))?;
    }
    applying::apply(&connected, hold, &plan, approved_by, &connection, global.output).await
}

async fn of_people(global: &Global, args: &ApplyArgs) -> Result<(), Failure> {
    let rules = Rules::read(&args.planning)?;
    let people = people(&args.files, &rules.settings, &args.connection).await?;
    let connected = connect(&args.connection)?;
    let hold = hold_unless_dry(&connected, &args.connection, &args.writing).await?;
    let prepared = prepare(&connected, &people, rules, &args.planning, &args.connection).await?;
    carry_out(global, &connected, hold, prepared, &args.writing, &args.connection).await
}

/// Keeps others out of the target, unless nothing will be sent.
pub(crate) async fn hold_unless_dry(
    connected: &Connected,
    connection: &Connection,
    writing: &Writing,
) -> Result<Option<Hold>, Failure> {
    if writing.dry_run {
        return Ok(None);
    }
    applying::hold(connected, connection, None, writing.take_over).await.map(Some)
}

/// Shows a plan that was made just now, asks, and does it.
pub(crate) async fn carry_out(
    global: &Global,
    connected: &Connected,
    hold: Option<Hold>,
    prepared: Prepared,
    writing: &Writing,
    connection: &Connection,
) -> Result<(), Failure> {
    let Prepared { planned, directory, rules } = prepared;
    let shown = print::plan_text(&planned.plan, &planned.unlisted, reads(&directory), directory.rate_limit);
    // JSON goes to stdout alone, and there it is the report.
    match global.output {
        Output::Human | Output::Plain => print::show(&shown),
        Output::Json if !writing.yes => print::note(&shown),
        Output::Json => {}
    }
    applying::refuse(&planned.violations)?;
    let Some(hold) = hold else {
        print::requests(&planned.plan, |_| true, global.output);
        return Ok(());
    };
    approvals::require(&planned.plan, &rules.settings.approve, &[], &rules.folder)?;
    if planned.plan.body.actions.iter().any(|action| !action.deed.is_manual()) {
        asking::may_go_on(writing, &question(&planned.plan))?;
    }
    applying::apply(connected, hold, &planned.plan, vec![], connection, global.output).await
}
