//! Applying in simulation: whatever is lost, late or killed, a resumed run ends as an undisturbed one.

use crate::model::{MemoryLedger, Model, Trouble};
use crate::scene::{acme, lenient, mate, plan_with, settings};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::AtomicBool;
use tenure_client::TeammateId;
use tenure_lifecycle::apply::{Apply, Halt, Progress, Status};
use tenure_lifecycle::directory::Directory;
use tenure_lifecycle::plan::Plan;

/// A company of twelve, and a people file under which some join, move and leave.
fn scenario(rng: &mut fastrand::Rng) -> (Directory, Plan) {
    let mut directory = acme();
    for number in 4..12 {
        directory.teammates.push(mate(number, &format!("p{number}@acme.example")));
        if rng.bool() {
            directory.teams[rng.usize(0..2)].members.insert(TeammateId(format!("tea_{number}")));
        }
    }
    let mut rows = String::from("email,first_name,is_admin,teams,status,successor\n");
    for number in 2..16 {
        let email = match number {
            2 => "ben@acme.example".to_owned(),
            3 => continue,
            number => format!("p{number}@acme.example"),
        };
        let status = if number > 3 && number < 12 && rng.u32(0..4) == 0 { "departed" } else { "active" };
        let teams = ["", "Support", "Support;Sales", "-"][rng.usize(0..4)];
        let admin = ["", "true", ""][rng.usize(0..3)];
        let name = ["", "Kim", "Ola"][rng.usize(0..3)];
        let (teams, admin) = if status == "departed" { ("", "") } else { (teams, admin) };
        writeln!(rows, "{email},{name},{admin},{teams},{status},ada@acme.example").unwrap();
    }
    let people = crate::scene::csv(&rows);
    let planned = plan_with(&people, &directory, &lenient(), &[], None).unwrap();
    assert_eq!(planned.violations, [], "{rows}");
    (directory, planned.plan)
}

fn model(directory: &Directory, seed: u64, trouble: Trouble) -> Model {
    let model = Model::new(directory.clone(), seed, trouble);
    let mut state = model.state.lock().unwrap();
    for (number, mate) in directory.teammates.iter().enumerate() {
        state.conversations.insert(format!("cnv_{number}"), Some(mate.id.clone()));
    }
    drop(state);
    model
}

/// Applies until it is finished, dying now and then.
async fn apply_through(model: &Model, plan: &Plan, rng: &mut fastrand::Rng, deaths: u32) -> Progress {
    let mut ledger = MemoryLedger { entries: vec![], model: model.clone() };
    for round in 0..400 {
        model.die_after((round < deaths).then(|| rng.u32(0..60)));
        let entries = ledger.entries.clone();
        let (stop, mut hear) = (AtomicBool::new(false), |_: &_, _: &_| ());
        let apply = Apply::new(model, &mut ledger, &entries, plan, &mut hear, &stop);
        let ended = tokio::select! {
            (progress, ended) = apply.run() => Some((progress, ended)),
            () = model.died() => None,
        };
        match ended {
            Some((progress, Ok(()))) => return progress,
            Some((_, Err(Halt::Interrupted))) => unreachable!("nobody interrupts"),
            // Dead, or a read that did not come: another process goes on.
            Some((_, Err(Halt::Ledger(_) | Halt::Service(_)))) | None => {}
        }
    }
    panic!("it did not end");
}

/// What can be compared of a company, whoever was first to get which number.
fn picture(model: &Model) -> BTreeMap<String, String> {
    let state = model.state.lock().unwrap();
    let directory = &state.directory;
    let shown = directory.teammates.iter().map(|mate| {
        let teams = directory.teams.iter().filter(|team| team.members.contains(&mate.id));
        let teams: Vec<_> = teams.map(|team| team.name.as_str()).collect();
        let open =
            state.conversations.values().filter(|assignee| assignee.as_ref() == Some(&mate.id)).count();
        let shown = format!(
            "{} admin={} blocked={} {teams:?} {open}",
            mate.first_name, mate.is_admin, mate.is_blocked
        );
        (mate.email.clone(), shown)
    });
    shown.collect()
}

async fn check(seed: u64, trouble: Trouble, deaths: u32) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let (directory, plan) = scenario(&mut rng);
    let undisturbed = model(&directory, seed, Trouble::default());
    let progress = apply_through(&undisturbed, &plan, &mut rng, 0).await;
    assert!(progress.endings().values().all(|ending| ending.status == Status::Verified), "{progress:?}");
    let disturbed = model(&directory, seed, trouble);
    let progress = apply_through(&disturbed, &plan, &mut rng, deaths).await;
    disturbed.settle();
    let endings = progress.endings();
    assert_eq!(endings.len(), plan.body.actions.len(), "seed {seed}: an action was forgotten");
    let unwell: Vec<_> = endings.iter().filter(|(_, ending)| ending.status != Status::Verified).collect();
    assert!(unwell.is_empty(), "seed {seed}: {unwell:?}");
    assert_eq!(picture(&disturbed), picture(&undisturbed), "seed {seed}");
    let state = disturbed.state.lock().unwrap();
    let (mut effects, mut expected) =
        (state.effects.clone(), undisturbed.state.lock().unwrap().effects.clone());
    effects.retain(|effect| !effect.starts_with("updated"));
    expected.retain(|effect| !effect.starts_with("updated"));
    effects.sort();
    expected.sort();
    assert_eq!(effects, expected, "seed {seed}: a second invitation or deactivation, or one too few");
}

const SEEDS: u64 = 2_000;

#[tokio::test(start_paused = true)]
async fn a_run_that_is_killed_anywhere_and_resumed_ends_as_an_undisturbed_one() {
    for seed in 0..SEEDS {
        check(seed, Trouble::default(), 6).await;
    }
}

#[tokio::test(start_paused = true)]
async fn lost_and_late_answers_change_nothing_in_the_end() {
    let trouble = Trouble { lost_after: 15, lost_before: 10, late: 5, unread: 2 };
    for seed in 0..SEEDS {
        check(seed, trouble, 3).await;
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_touched_whom_the_plan_does_not_name() {
    let trouble = Trouble { lost_after: 20, lost_before: 10, late: 10, unread: 0 };
    for seed in 0..200 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (directory, plan) = scenario(&mut rng);
        let model = model(&directory, seed, trouble);
        let before = picture(&model);
        apply_through(&model, &plan, &mut rng, 3).await;
        model.settle();
        let named: Vec<_> = plan.body.actions.iter().map(|action| action.subject.email.as_str()).collect();
        for (email, shown) in picture(&model) {
            // Ada takes over conversations.
            let is_meant = named.contains(&email.as_str()) || email == "ada@acme.example";
            assert!(is_meant || before.get(&email) == Some(&shown), "seed {seed}: {email}: {shown}");
        }
    }
}

#[test]
fn guards_of_the_scenario_are_not_the_usual_ones() {
    assert_ne!(lenient(), settings(""));
}
