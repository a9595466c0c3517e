//! From a plan that may be done to a report: the lock, the run, the progress, the ending.

use crate::automate::connection::Connected;
use crate::automate::interrupts::Applying;
use crate::automate::planning::system_user;
use crate::automate::progress::bar;
use crate::automate::{planning, state, time};
use crate::cli::{Connection, Output};
use crate::failure::Failure;
use crate::print;
use std::time::SystemTime;
use tenure_lifecycle::Plan;
use tenure_lifecycle::apply::{Apply, Ending, Halt, Progress, Report};
use tenure_lifecycle::directory::Directory;
use tenure_lifecycle::guard::{self, Guard, SourceCheck, Violation};
use tenure_lifecycle::people::{Source, sha256_of_file};
use tenure_lifecycle::plan::{Action, Deed, PlanBody};
use tenure_lifecycle::run::{Lock, LockError, Owner, Run, Runs};
use tenure_lifecycle::settings::Guards;

/// What the guards have against a plan now, by the rules that it was made with and by those that hold here.
pub(crate) fn guard(
    plan: &Plan,
    directory: &Directory,
    here: &Guards,
    connection: &Connection,
) -> Result<(), Failure> {
    let sources: Vec<_> = plan.body.sources.iter().map(source_now).collect();
    let target = &directory.target;
    let names: Vec<_> = sources.iter().map(|source| source.name.as_str()).collect();
    let rows_before = state::runs(connection)?.rows_before(&target.url, &target.company_id, &names);
    let rows_before = rows_before.map_err(Failure::new)?;
    let check = SourceCheck { sources: &sources, rows_before, now: SystemTime::now() };
    let mut violations = guard::check(&plan.body, directory, &plan.body.guards, check);
    if *here != plan.body.guards {
        violations.extend(guard::check(&plan.body, directory, here, check));
    }
    if plan.body.target.url != target.url {
        let message = format!("the plan is for {}, and this is {}", plan.body.target.url, target.url);
        violations.push(Violation::new(Guard::Target, message));
    }
    refuse(&violations)
}

/// A source as it is now. Another SCIM server is no file and cannot be looked at again.
fn source_now(source: &tenure_lifecycle::plan::PlanSource) -> Source {
    let is_file = !source.name.starts_with("scim+");
    let modified = std::fs::metadata(&source.name).ok().and_then(|facts| facts.modified().ok());
    let is_changed = is_file && sha256_of_file(source.name.as_ref()).as_deref() != Some(&source.sha256);
    Source {
        name: source.name.clone(),
        sha256: source.sha256.clone(),
        rows: source.rows,
        modified: modified.filter(|_| !is_changed),
        is_changed,
    }
}

/// A refusal by guards, with every reason.
pub(crate) fn refuse(violations: &[Violation]) -> Result<(), Failure> {
    if violations.is_empty() {
        return Ok(());
    }
    let mut lines: Vec<String> = Vec::new();
    for line in violations.iter().map(|violation| print::safe(&violation.to_string())) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let message = format!("refused by a guard; nothing was sent\n  {}", lines.join("\n  "));
    let failure = Failure::refused(message);
    if violations.iter().any(|violation| violation.guard.may_be_overridden()) {
        return Err(failure.with_hint(
            "if it is meant, plan again with --override GUARD; docs/guards.md tells what each protects from",
        ));
    }
    Err(failure)
}

/// A target that nobody else applies to meanwhile.
pub(crate) struct Hold {
    lock: Lock,
    runs: Runs,
    /// A run that was cut off and is to be given up, once another begins.
    overtaken: Option<Owner>,
}

impl Hold {
    /// Gives up the run that was cut off, if there is one.
    fn overtake(&self) -> Result<(), Failure> {
        let Some(Owner { run, .. }) = &self.overtaken else { return Ok(()) };
        self.runs.abandon(run).map_err(Failure::new)?;
        print::note(&format!("note: run {} was given up", print::safe(run)));
        Ok(())
    }
}

fn owner(run: &str) -> Owner {
    let (process, since) = (std::process::id(), time::iso(time::now()));
    Owner { run: run.to_owned(), process, since, by: system_user() }
}

/// Keeps others out, before anything is read that a decision hangs on. `run` is the run that is gone on with.
pub(crate) async fn hold(
    connected: &Connected,
    connection: &Connection,
    run: Option<&str>,
    takes_over: bool,
) -> Result<Hold, Failure> {
    let client = &connected.live.client;
    let me = client.me().await.map_err(Failure::new)?;
    let runs = state::runs(connection)?;
    let path = runs.lock_path(&client.url().to_string(), &me.id).map_err(Failure::new)?;
    let taken = Lock::take(&path, &owner(run.unwrap_or_default()), takes_over, |run| runs.is_open(run));
    let (lock, overtaken) = taken.map_err(|error| match error {
        LockError::Running(_) => {
            Failure::refused(format!("{error}; nothing was sent")).with_hint("wait until it is done")
        }
        LockError::Stale(_) => Failure::refused(format!("{error}; nothing was sent")).with_hint(
            "go on with it: `tenure runs resume`; or if it is to be given up, repeat this with --take-over",
        ),
        LockError::Io { .. } => Failure::new(error),
    })?;
    Ok(Hold { lock, runs, overtaken })
}

/// Carries a plan out as a new run.
pub(crate) async fn apply(
    connected: &Connected,
    hold: Hold,
    plan: &Plan,
    approved_by: Vec<String>,
    connection: &Connection,
    output: Output,
) -> Result<(), Failure> {
    hold.overtake()?;
    if plan.body.actions.is_empty() {
        hold.lock.release();
        return finish(&Report::new("none", plan, &Progress::default(), true), connection, output);
    }
    // The lock has the run's name before the run is there, so that no run can be cut off that no lock names.
    let id = hold.runs.new_id(&time::stamp(), plan);
    hold.lock
        .rename(&owner(&id))
        .map_err(|error| Failure::new(format!("the lock cannot be written: {error}")))?;
    let run = hold.runs.begin(id, plan).map_err(Failure::new)?;
    go(connected, plan, &run, hold.lock, approved_by, connection, output).await
}

/// Goes on with a run that was cut off. The guards look at what is left of it, but for those of the sources: what was begun
/// in time may be finished.
pub(crate) async fn resume(
    connected: &Connected,
    hold: Hold,
    run: Run,
    here: &Guards,
    connection: &Connection,
    output: Output,
) -> Result<(), Failure> {
    let plan = run.plan().map_err(Failure::new)?;
    let progress = run.progress().map_err(Failure::new)?;
    if progress.is_finished() {
        return Err(Failure::refused(format!(
            "run {} was finished or given up meanwhile; nothing was sent",
            run.id
        )));
    }
    hold.overtake()?;
    // A right that is about to be given counts, although its request may have been sent.
    let is_left = |action: &&Action| {
        let is_grant = matches!(action.deed, Deed::GrantAdmin { .. });
        progress.is_untouched(action.id) || (is_grant && !progress.endings().contains_key(&action.id))
    };
    let untouched = plan.body.actions.iter().filter(is_left);
    let left = PlanBody { sources: vec![], actions: untouched.cloned().collect(), ..plan.body.clone() };
    let directory = planning::directory(connected).await?;
    let check = SourceCheck { sources: &[], rows_before: None, now: SystemTime::now() };
    let mut violations = guard::check(&left, &directory, &plan.body.guards, check);
    violations.extend(guard::check(&left, &directory, here, check));
    // What was taken meanwhile is told by each action for itself.
    violations.retain(|violation| violation.guard != Guard::Taken);
    refuse(&violations)?;
    let approved_by =
        run.report().map_err(Failure::new)?.map(|report| report.approved_by).unwrap_or_default();
    go(connected, &plan, &run, hold.lock, approved_by, connection, output).await
}

async fn go(
    connected: &Connected,
    plan: &Plan,
    run: &Run,
    lock: Lock,
    approved_by: Vec<String>,
    connection: &Connection,
    output: Output,
) -> Result<(), Failure> {
    let cut_off = |why: String| {
        let resume = format!("tenure runs resume {}{}", run.id, given(connection));
        Failure::partly(format!("{why}\nthe run was cut off; go on with: {resume}"))
    };
    let (mut ledger, entries) = run.ledger().map_err(|error| cut_off(error.to_string()))?;
    let report_of = |progress: &Progress, is_finished| {
        let report = Report::new(&run.id, plan, progress, is_finished);
        Report { approved_by: approved_by.clone(), ..report }
    };
    let before = Progress::replay(&entries);
    // Kept from the beginning, so that a run that is cut off still knows who approved it.
    run.keep_report(&report_of(&before, false)).map_err(|error| cut_off(error.to_string()))?;
    let applying = Applying::begin();
    let bar = bar(plan.body.actions.len(), before.ended());
    let mut on_ending = |action: &Action, ending: &Ending| {
        bar.set_message(format!(
            "{} {} {}",
            action.deed.kind(),
            print::safe(&action.subject.email),
            ending.status.name()
        ));
        bar.inc(1);
    };
    let apply = Apply::new(&connected.live, &mut ledger, &entries, plan, &mut on_ending, applying.stop);
    let (progress, ended) = apply.run().await;
    drop(applying);
    bar.finish_and_clear();
    let report = report_of(&progress, ended.is_ok());
    if let Err(error) = run.keep_report(&report) {
        print::note(&format!("note: the report could not be kept: {error}"));
    }
    match ended {
        Ok(()) => {
            lock.release();
            finish(&report, connection, output)
        }
        Err(halt) => {
            print::report(&report, output);
            let cut_off = cut_off(print::safe(&halt.to_string()));
            Err(if matches!(halt, Halt::Interrupted) { cut_off.into_interrupted() } else { cut_off })
        }
    }
}

/// The options that a later command needs too.
fn given(connection: &Connection) -> String {
    let state = connection.state.as_ref().map(|state| format!(" --state {}", state.display()));
    let profile = connection.profile.as_ref().map(|profile| format!(" --profile {profile}"));
    [state, profile].into_iter().flatten().collect()
}

/// Prints the report, and turns it into an exit code.
fn finish(report: &Report, connection: &Connection, output: Output) -> Result<(), Failure> {
    print::report(report, output);
    if report.is_success() {
        return Ok(());
    }
    let left = format!(
        "some actions were not verified: tenure runs show {}{}\nmend the cause, and plan again: what is done is not done twice",
        report.run,
        given(connection)
    );
    if report.did_anything() { Err(Failure::partly(left)) } else { Err(Failure::new(left)) }
}
