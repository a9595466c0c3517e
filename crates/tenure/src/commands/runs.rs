//! `tenure runs`.

use crate::automate::connection::{connect, for_target};
use crate::automate::planning::Rules;
use crate::automate::{applying, asking, run_async, state};
use crate::cli::{Connection, Global, Output, RunsCommand, Writing};
use crate::failure::Failure;
use crate::print;
use tenure_lifecycle::apply::{Progress, Report};
use tenure_lifecycle::run::RunsError;

pub(crate) fn run(global: &Global, command: RunsCommand) -> Result<(), Failure> {
    match command {
        RunsCommand::List { connection } => {
            let runs = state::runs(&connection)?.list().map_err(Failure::new)?;
            print::runs(&runs, global.output);
            Ok(())
        }
        RunsCommand::Show { run, connection } => {
            let run = state::runs(&connection)?.find(&run).map_err(unknown)?;
            let plan = run.plan().map_err(Failure::new)?;
            let progress = Progress::replay(&run.entries().map_err(Failure::new)?);
            let report = Report::new(&run.id, &plan, &progress, progress.is_finished());
            let approved_by =
                run.report().map_err(Failure::new)?.map(|report| report.approved_by).unwrap_or_default();
            print::report(&Report { approved_by, ..report }, global.output);
            if !progress.is_finished() {
                print::note(&format!(
                    "note: this run was cut off; go on with: tenure runs resume {}",
                    run.id
                ));
            }
            Ok(())
        }
        RunsCommand::Resume { run, writing, connection } => {
            resume(global, run.as_deref(), &writing, connection)
        }
    }
}

fn unknown(error: RunsError) -> Failure {
    match error {
        RunsError::Unknown(_) => Failure::usage(error),
        other => Failure::new(other),
    }
}

fn resume(
    global: &Global,
    run: Option<&str>,
    writing: &Writing,
    connection: Connection,
) -> Result<(), Failure> {
    let runs = state::runs(&connection)?;
    let found = match run {
        Some(run) => Some(runs.find(run).map_err(unknown)?),
        None => runs.last_unfinished().map_err(Failure::new)?,
    };
    let Some(run) = found else {
        print::note("no run was cut off: there is nothing to go on with");
        if global.output == Output::Json {
            print::json(&serde_json::Value::Null);
        }
        return Ok(());
    };
    let plan = run.plan().map_err(Failure::new)?;
    let progress = Progress::replay(&run.entries().map_err(Failure::new)?);
    if progress.is_finished() {
        return Err(Failure::usage(format!("run {} is finished; there is nothing to go on with", run.id)));
    }
    if writing.dry_run {
        print::requests(&plan, |action| !progress.endings().contains_key(&action.id), global.output);
        return Ok(());
    }
    let connection = for_target(&connection, &plan.body.target.url)?;
    let left = plan.body.actions.len() - progress.ended();
    asking::may_go_on(
        writing,
        &format!("Go on with run {}, {left} of {} actions are left?", run.id, plan.body.actions.len()),
    )?;
    run_async(async {
        let rules = Rules::here()?;
        let connected = connect(&connection)?;
        let me = connected.live.client.me().await.map_err(Failure::new)?;
        let target = &plan.body.target;
        let url = connected.live.client.url().to_string();
        if me.id != target.company_id || url != target.url {
            return Err(Failure::refused(format!(
                "run {} is of company {} at {}, and the token is of {} at {url}; nothing was sent",
                run.id,
                print::safe(&target.company_id),
                print::safe(&target.url),
                print::safe(&me.id)
            )));
        }
        let hold = applying::hold(&connected, &connection, Some(&run.id), writing.take_over).await?;
        applying::resume(&connected, hold, run, &rules.settings.guards, &connection, global.output).await
    })
}
