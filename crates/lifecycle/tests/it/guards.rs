//! Each guard refuses what it is there for, and an override by its name lets that through.

use crate::scene::{acme, csv, mate, plan_with, settings};
use std::time::{Duration, SystemTime};
use tenure_client::TeammateId;
use tenure_lifecycle::directory::Directory;
use tenure_lifecycle::guard::{self, Guard, SourceCheck};
use tenure_lifecycle::settings::Settings;

fn refusals(
    text: &str,
    directory: &Directory,
    settings: &Settings,
    overrides: &[Guard],
    before: Option<usize>,
) -> Vec<Guard> {
    let planned = plan_with(&csv(text), directory, settings, overrides, before).unwrap();
    planned.violations.iter().map(|violation| violation.guard).collect()
}

fn hundred() -> Directory {
    let mut directory = acme();
    directory.teammates.extend((10..108).map(|number| mate(number, &format!("p{number}@acme.example"))));
    directory
}

fn leavers(count: usize) -> String {
    let rows = (10..10 + count).map(|number| format!("p{number}@acme.example,departed\n"));
    format!("email,status\n{}", rows.collect::<String>())
}

#[test]
fn more_deactivations_than_allowed_are_refused() {
    let (directory, settings) = (hundred(), settings("[guards]\nmax_deactivations = \"5%\""));
    assert_eq!(refusals(&leavers(5), &directory, &settings, &[], None), []);
    assert_eq!(refusals(&leavers(6), &directory, &settings, &[], None), [Guard::MaxDeactivations]);
    assert_eq!(refusals(&leavers(6), &directory, &settings, &[Guard::MaxDeactivations], None), []);
}

#[test]
fn the_last_administrators_are_kept() {
    let settings = settings("[guards]\nmax_deactivations = 9\nmin_admins = 1");
    let leaving = "email,status\nada@acme.example,departed\n";
    assert_eq!(refusals(leaving, &acme(), &settings, &[], None), [Guard::MinAdmins]);
    let revoked = "email,is_admin\nada@acme.example,false\n";
    assert_eq!(refusals(revoked, &acme(), &settings, &[], None), [Guard::MinAdmins]);
    let handed_on = "email,is_admin\nada@acme.example,false\nben@acme.example,true\n";
    assert_eq!(refusals(handed_on, &acme(), &settings, &[], None), []);
}

#[test]
fn a_plan_that_takes_no_right_is_not_held_up_by_too_few_administrators() {
    let settings = settings("[guards]\nmin_admins = 5");
    assert_eq!(refusals("email,first_name\nben@acme.example,Benno\n", &acme(), &settings, &[], None), []);
}

#[test]
fn a_protected_account_is_not_touched() {
    let settings = settings("[guards]\nprotect = [\"*@vendor.example\", \"tea_2\"]");
    assert_eq!(
        refusals("email,first_name\nben@acme.example,Benno\n", &acme(), &settings, &[], None),
        [Guard::Protect]
    );
    assert_eq!(refusals("email\nnew@vendor.example\n", &acme(), &settings, &[], None), [Guard::Protect]);
    assert_eq!(refusals("email\nben@acme.example\n", &acme(), &settings, &[], None), []);
}

#[test]
fn the_teammate_of_the_token_is_not_cut_off() {
    let mut directory = acme();
    directory.own_teammate = Some(TeammateId("tea_2".to_owned()));
    let text = "email,status\nben@acme.example,departed\n";
    assert_eq!(refusals(text, &directory, &Settings::default(), &[], None), [Guard::OwnTeammate]);
}

#[test]
fn a_stale_source_is_refused() {
    let settings = settings("[guards]\nsource_max_age = \"24h\"");
    let mut people = csv("email\nben@acme.example\n");
    people.sources[0].modified = Some(SystemTime::now() - Duration::from_hours(25));
    let planned = plan_with(&people, &acme(), &settings, &[], None).unwrap();
    assert_eq!(planned.violations[0].guard, Guard::SourceMaxAge);
    assert!(planned.violations[0].message.contains("25 h ago"), "{planned:?}");
}

#[test]
fn an_empty_or_shrunken_source_is_refused() {
    let settings = Settings::default();
    assert_eq!(refusals("email\n", &acme(), &settings, &[], None), [Guard::SourceMinRows]);
    assert_eq!(
        refusals("email\nben@acme.example\n", &acme(), &settings, &[], Some(2)),
        [Guard::SourceMinRows]
    );
    assert_eq!(refusals("email\nben@acme.example\n", &acme(), &settings, &[], Some(1)), []);
}

#[test]
fn a_list_of_everybody_that_lacks_most_is_refused() {
    let settings = settings("[manage]\nunlisted = \"deactivate\"\n[guards]\nmax_deactivations = \"100%\"");
    let refused = refusals("email\nada@acme.example\n", &hundred(), &settings, &[], None);
    assert_eq!(refused, [Guard::SourceMinRows]);
}

#[test]
fn two_rows_for_one_person_are_refused_whatever_is_overridden() {
    let text = "email\nben@acme.example\nBEN@acme.example\n";
    let planned = plan_with(&csv(text), &acme(), &Settings::default(), &[], None).unwrap();
    assert_eq!(planned.violations[0].guard, Guard::DuplicateRows);
    assert!(planned.violations[0].message.contains("people.csv:2 and people.csv:3"), "{planned:?}");
    assert!(Guard::parse("duplicate_rows").is_err() && Guard::parse("protect").is_ok());
}

#[test]
fn a_user_name_that_somebody_has_is_refused() {
    let taken = "email,username\nnew@acme.example,ada\n";
    assert_eq!(refusals(taken, &acme(), &Settings::default(), &[], None), [Guard::Taken]);
    let twice = "email,username\nnew@acme.example,kim\nben@acme.example,kim\n";
    assert_eq!(refusals(twice, &acme(), &Settings::default(), &[], None), [Guard::Taken]);
}

#[test]
fn what_was_taken_since_the_plan_was_made_is_refused() {
    let settings = Settings::default();
    let people = csv("email,username\nnew@acme.example,nia\nben@acme.example,benno\n");
    let planned = plan_with(&people, &acme(), &settings, &[], None).unwrap();
    assert_eq!(planned.violations, []);
    let mut changed = acme();
    changed.teammates.push(mate(8, "New@acme.example"));
    changed.teammates.push(mate(9, "benno@acme.example"));
    let check = SourceCheck { sources: &[], rows_before: None, now: SystemTime::now() };
    let found = guard::check(&planned.plan.body, &changed, &settings.guards, check);
    let guards: Vec<_> = found.iter().map(|violation| violation.guard).collect();
    assert_eq!(guards, [Guard::Taken, Guard::Taken]);
}

#[test]
fn so_many_rows_are_needed_even_the_first_time() {
    let settings = settings("[guards]\nsource_min_rows = 3");
    assert_eq!(refusals("email\nben@acme.example\n", &acme(), &settings, &[], None), [Guard::SourceMinRows]);
}

#[test]
fn a_source_that_is_no_longer_the_same_is_stale() {
    let settings = settings("[guards]\nsource_max_age = \"24h\"");
    let mut people = csv("email\nben@acme.example\n");
    people.sources[0].is_changed = true;
    let planned = plan_with(&people, &acme(), &settings, &[], None).unwrap();
    assert_eq!(planned.violations[0].guard, Guard::SourceMaxAge);
}
