//! From a plan that may be done to a report: the lock, the run, the progress, the ending.

use crate::automate::connection::Connected;
use crate::automate::planning::system_user;
use crate::automate::progress::bar;
use crate::automate::{state, time};
use crate::cli::{Connection, Output};
use crate::failure::Failure;
use crate::print;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;
use tenure_lifecycle::Plan;
use tenure_lifecycle::apply::{Apply, Halt, Progress, Report};
use tenure_lifecycle::directory::Directory;
use tenure_lifecycle::guard::{self, SourceCheck, Violation};
use tenure_lifecycle::people::Source;
use tenure_lifecycle::plan::Action;
use tenure_lifecycle::run::{Lock, LockError, Owner, Run};
use tenure_lifecycle::settings::Guards;

/// What the guards have against a plan now, by the rules that it was made with and by those that hold here.
pub(crate) fn guard(
    plan: &Plan,
    directory: &Directory,
    here: &Guards,
    connection: &Connection,
) -> Result<(), Failure> {
    let sources = sources_now(plan);
    let target = &directory.target;
    let names: Vec<_> = sources.iter().map(|source| source.name.as_str()).collect();
    let rows_before = state::runs(connection)?.rows_before(&target.url, &target.company_id, &names);
    let rows_before = rows_before.map_err(Failure::new)?;
    let check = SourceCheck { sources: &sources, rows_before, now: SystemTime::now() };
    let mut violations = guard::check(&plan.body, directory, &plan.body.guards, check);
    if *here != plan.body.guards {
        violations.extend(guard::check(&plan.body, directory, here, check));
        violations.dedup();
    }
    if plan.body.target.url != target.url {
        let message = format!("the plan is for {}, and this is {}", plan.body.target.url, target.url);
        violations.push(Violation::new(guard::Guard::Target, message));
    }
    refuse(&violations)
}

/// The sources as they are now, where they are still the ones that the plan was made from.
fn sources_now(plan: &Plan) -> Vec<Source> {
    let sources = plan.body.sources.iter().map(|source| {
        let modified = std::fs::metadata(&source.name).ok().and_then(|facts| facts.modified().ok());
        Source { name: source.name.clone(), sha256: source.sha256.clone(), rows: source.rows, modified }
    });
    sources.collect()
}

/// A refusal by guards, with every reason.
pub(crate) fn refuse(violations: &[Violation]) -> Result<(), Failure> {
    if violations.is_empty() {
        return Ok(());
    }
    let lines: Vec<_> = violations.iter().map(|violation| print::safe(&violation.to_string())).collect();
    let message = format!("refused by a guard; nothing was sent\n  {}", lines.join("\n  "));
    let failure = Failure::refused(message);
    if violations.iter().any(|violation| violation.guard.may_be_overridden()) {
        return Err(failure.with_hint(
            "if it is meant, plan again with --override GUARD; docs/guards.md tells what each protects from",
        ));
    }
    Err(failure)
}

/// Carries a plan out as a new run.
pub(crate) async fn apply(
    connected: &Connected,
    plan: &Plan,
    approved_by: Vec<String>,
    takes_over: bool,
    connection: &Connection,
    output: Output,
) -> Result<(), Failure> {
    let runs = state::runs(connection)?;
    if plan.body.actions.is_empty() {
        return finish(&Report::new("none", plan, &Progress::default(), true), output);
    }
    let lock = lock_for(plan, connection, "", takes_over)?;
    let run = runs.begin(&time::stamp(), plan).map_err(Failure::new)?;
    let lock = own(lock, plan, connection, &run)?;
    go(connected, plan, &run, lock, approved_by, output).await
}

/// Goes on with a run that was cut off.
pub(crate) async fn resume(
    connected: &Connected,
    run: Run,
    connection: &Connection,
    output: Output,
) -> Result<(), Failure> {
    let plan = run.plan().map_err(Failure::new)?;
    let lock = lock_for(&plan, connection, &run.id, false)?;
    let approved_by =
        run.report().map_err(Failure::new)?.map(|report| report.approved_by).unwrap_or_default();
    go(connected, &plan, &run, lock, approved_by, output).await
}

fn owner(run: &str) -> Owner {
    let (process, since) = (std::process::id(), time::iso(time::now()));
    Owner { run: run.to_owned(), process, since, by: system_user() }
}

fn lock_for(plan: &Plan, connection: &Connection, run: &str, takes_over: bool) -> Result<Lock, Failure> {
    let target = &plan.body.target;
    let path = state::runs(connection)?.lock_path(&target.url, &target.company_id).map_err(Failure::new)?;
    Lock::take(&path, &owner(run), takes_over).map_err(|error| match error {
        LockError::Running(_) => {
            Failure::refused(format!("{error}; nothing was sent")).with_hint("wait until it is done")
        }
        LockError::Stale(_) => Failure::refused(format!("{error}; nothing was sent")).with_hint(
            "go on with it: `tenure runs resume`; or if it is to be given up, repeat this with --take-over",
        ),
        LockError::Io { .. } => Failure::new(error),
    })
}

/// Writes the run's name into the lock, which was taken before the run had one.
fn own(lock: Lock, plan: &Plan, connection: &Connection, run: &Run) -> Result<Lock, Failure> {
    let target = &plan.body.target;
    let path = state::runs(connection)?.lock_path(&target.url, &target.company_id).map_err(Failure::new)?;
    lock.rename(&owner(&run.id)).map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    Ok(lock)
}

async fn go(
    connected: &Connected,
    plan: &Plan,
    run: &Run,
    lock: Lock,
    approved_by: Vec<String>,
    output: Output,
) -> Result<(), Failure> {
    let (mut ledger, entries) = run.ledger().map_err(Failure::new)?;
    let report_of = |progress: &Progress, is_finished| {
        let report = Report::new(&run.id, plan, progress, is_finished);
        Report { approved_by: approved_by.clone(), ..report }
    };
    let before = Progress::replay(&entries);
    // Kept from the beginning, so that a run that is cut off still knows who approved it.
    run.keep_report(&report_of(&before, false)).map_err(Failure::new)?;
    let stop = Arc::new(AtomicBool::new(false));
    let listening = tokio::spawn(heed_interrupt(Arc::clone(&stop)));
    let bar = bar(plan.body.actions.len(), before.ended());
    let mut on_ending = |action: &Action, ending: &tenure_lifecycle::apply::Ending| {
        bar.set_message(format!(
            "{} {} {}",
            action.deed.kind(),
            print::safe(&action.subject.email),
            ending.status.name()
        ));
        bar.inc(1);
    };
    let apply = Apply::new(&connected.live, &mut ledger, &entries, plan, &mut on_ending, &stop);
    let (progress, ended) = apply.run().await;
    listening.abort();
    bar.finish_and_clear();
    let report = report_of(&progress, ended.is_ok());
    run.keep_report(&report).map_err(Failure::new)?;
    if let Err(halt) = ended {
        print::report(&report, output);
        let resume = format!("tenure runs resume {}", run.id);
        return Err(match halt {
            Halt::Interrupted => Failure::interrupted_resumable(format!("interrupted; go on with: {resume}")),
            Halt::Ledger(_) | Halt::Service(_) => Failure::partly(format!(
                "{}\nthe run was cut off; go on with: {resume}",
                print::safe(&halt.to_string())
            )),
        });
    }
    lock.release();
    finish(&report, output)
}

/// Prints the report, and turns it into an exit code.
fn finish(report: &Report, output: Output) -> Result<(), Failure> {
    print::report(report, output);
    if report.is_success() {
        return Ok(());
    }
    let left = "some actions were not verified; see the report, mend the cause, and plan again: what is done is not done twice";
    if report.did_anything() { Err(Failure::partly(left)) } else { Err(Failure::new(left)) }
}

/// The first Ctrl-C lets the action that is under way end; the second does not wait for it.
async fn heed_interrupt(stop: Arc<AtomicBool>) {
    while tokio::signal::ctrl_c().await.is_ok() {
        if stop.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        print::note("stopping after the action that is under way; Ctrl-C again ends at once");
    }
}
