//! Plans: what they do, in which order, with which reasons; and their file.

use crate::scene::{acme, csv, lenient, lines, mate, plan, plan_with, settings};
use tenure_lifecycle::directory::{Capabilities, Via};
use tenure_lifecycle::plan::{ActionId, Deed, NotAPlan, Plan, PlanBody, Risk};

#[test]
fn who_joins_is_invited_and_then_put_into_teams() {
    let planned = plan("email,first_name,is_admin,teams\nnew@acme.example,Nia,true,Sales;Support\n", &acme());
    insta::assert_snapshot!(lines(&planned), @r#"
    1 invite new@acme.example: {} -> {"email":"new@acme.example","first_name":"Nia"} (people.csv:2)
    2 grant_admin new@acme.example: {"is_admin":false} -> {"is_admin":true} (people.csv:2) after 1
    3 add_to_team new@acme.example: {"is_member":false} -> {"is_member":true} (people.csv:2) after 1
    4 add_to_team new@acme.example: {"is_member":false} -> {"is_member":true} (people.csv:2) after 1
    "#);
}

#[test]
fn who_moves_changes_fields_and_teams() {
    let planned =
        plan("email,last_name,teams,custom_fields.Number\nben@acme.example,Weber,tim_2,7\n", &acme());
    insta::assert_snapshot!(lines(&planned), @r#"
    1 update ben@acme.example: {"custom_fields.Number":null,"last_name":""} -> {"custom_fields.Number":7,"last_name":"Weber"} (people.csv:2)
    2 add_to_team ben@acme.example: {"is_member":false} -> {"is_member":true} (people.csv:2)
    3 remove_from_team ben@acme.example: {"is_member":true} -> {"is_member":false} (people.csv:2)
    "#);
}

#[test]
fn who_leaves_hands_over_first_and_is_deactivated_last() {
    let planned = plan("email,status,successor\nben@acme.example,departed,ada@acme.example\n", &acme());
    insta::assert_snapshot!(lines(&planned), @r#"
    1 hand_over ben@acme.example: {"open_conversations":2} -> {"assignee":"ada@acme.example","open_conversations":0} (people.csv:2: status is departed)
    2 remove_from_team ben@acme.example: {"is_member":true} -> {"is_member":false} (people.csv:2: status is departed) after 1
    3 deactivate ben@acme.example: {"is_blocked":false} -> {"is_blocked":true} (people.csv:2: status is departed) after 1
    "#);
}

#[test]
fn dates_decide_who_has_an_account() {
    let text = "email,starts,ends\nada@acme.example,,2026-11-26\nben@acme.example,,2026-11-25\n\
                new@acme.example,2026-11-27,\nnow@acme.example,2026-11-26,\n";
    let kinds: Vec<_> = plan(text, &acme())
        .plan
        .body
        .actions
        .iter()
        .map(|a| (a.deed.kind(), a.subject.email.clone()))
        .collect();
    let email = |name: &str| format!("{name}@acme.example");
    assert_eq!(
        kinds,
        [("invite", email("now")), ("remove_from_team", email("ben")), ("deactivate", email("ben"))]
    );
}

#[test]
fn who_is_blocked_and_to_be_active_is_a_persons_work() {
    insta::assert_snapshot!(lines(&plan("email\ncyd@acme.example\n", &acme())), @r#"
    1 reactivate cyd@acme.example: {"is_blocked":true} -> {"is_blocked":false} (people.csv:2: the account is blocked)
    "#);
}

#[test]
fn nothing_to_do_is_an_empty_plan() {
    let planned = plan("email,teams\nADA@acme.example,\nben@acme.example,support\n", &acme());
    assert_eq!(lines(&planned), "");
}

#[test]
fn those_in_no_file_are_reported_or_deactivated() {
    let people = csv("email\nada@acme.example\n");
    let planned = plan_with(&people, &acme(), &lenient(), &[], None).unwrap();
    assert_eq!(
        (planned.plan.body.actions.len(), planned.unlisted[0].email.as_str()),
        (0, "ben@acme.example")
    );
    let settings = settings(
        "[manage]\nunlisted = \"deactivate\"\n[guards]\nmax_deactivations = 5\nsource_min_rows = 0\n",
    );
    let planned = plan_with(&people, &acme(), &settings, &[], None).unwrap();
    insta::assert_snapshot!(lines(&planned), @r#"
    1 remove_from_team ben@acme.example: {"is_member":true} -> {"is_member":false} (in no people file)
    2 deactivate ben@acme.example: {"is_blocked":false} -> {"is_blocked":true} (in no people file)
    note: ben@acme.example has no successor; its open conversations (2) become unassigned. Name one with `successor`, --successor or [handover] default
    "#);
}

#[test]
fn a_server_without_post_is_planned_for_over_scim_or_by_a_person() {
    let mut directory = acme();
    for via in [Via::Scim, Via::Person] {
        directory.capabilities =
            Capabilities { create: via, deactivate: via, admin: Via::Person, are_told: true };
        let planned = plan("email,first_name,is_admin\nnew@acme.example,Nia,true\n", &directory);
        let manual: Vec<_> = planned.plan.body.actions.iter().map(|action| action.deed.is_manual()).collect();
        assert_eq!(manual, [via == Via::Person, true]);
        assert!(planned.plan.body.notes[0].contains("does not take POST /teammates"), "{planned:?}");
    }
}

#[test]
fn look_alikes_are_told_and_not_merged() {
    let planned = plan("email\nben+x@acme.example\n\u{430}da@acme.example\n", &acme());
    insta::assert_snapshot!(lines(&planned), @r#"
    1 invite ben+x@acme.example: {} -> {"email":"ben+x@acme.example"} (people.csv:2)
    2 invite аda@acme.example: {} -> {"email":"аda@acme.example"} (people.csv:3)
    note: possibly the same person: ada@acme.example, аda@acme.example
    note: possibly the same person: ben+x@acme.example, ben@acme.example
    "#);
}

#[test]
fn a_successor_must_stay() {
    let text = "email,status,successor\nben@acme.example,departed,cyd@acme.example\n";
    let problems = plan_with(&csv(text), &acme(), &lenient(), &[], None).unwrap_err();
    assert_eq!(
        problems[0].to_string(),
        "people.csv:2: successor: `cyd@acme.example` of ben@acme.example is no active teammate; name somebody who stays"
    );
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let text = "email,first_name,teams\nz@acme.example,Z,Sales\nben@acme.example,B,-\na@acme.example,A,Sales;Support\n";
    let mut shuffled = acme();
    shuffled.teammates.reverse();
    shuffled.teams.reverse();
    assert_eq!(plan(text, &acme()).plan.to_text(), plan(text, &acme()).plan.to_text());
    assert_eq!(plan(text, &acme()).plan.to_text(), plan(text, &shuffled).plan.to_text());
}

#[test]
fn a_plan_file_is_read_back_and_a_changed_one_is_refused() {
    let text = plan("email,status\nben@acme.example,departed\n", &acme()).plan.to_text();
    assert_eq!(Plan::parse(&text).unwrap().to_text(), text);
    for (from, to) in [
        ("tea_2", "tea_1"),
        ("\"risk\": \"irreversible\"", "\"risk\": \"low\""),
        ("\"min_admins\": 0", "\"min_admins\": 9"),
    ] {
        assert!(text.contains(from), "{from}");
        assert_eq!(Plan::parse(&text.replacen(from, to, 1)).unwrap_err(), NotAPlan::Changed, "{from}");
    }
    let added = text.replacen("\"reason\"", "\"added\": 1, \"reason\"", 1);
    assert_eq!(Plan::parse(&added).unwrap_err(), NotAPlan::Changed);
    assert!(matches!(Plan::parse("{}").unwrap_err(), NotAPlan::Unreadable(_)));
    let other = text.replacen("tenure-plan/1", "tenure-plan/9", 1);
    assert_eq!(Plan::parse(&other).unwrap_err(), NotAPlan::Format("tenure-plan/9".to_owned()));
}

#[test]
fn people_by_the_hundred_thousand_are_planned() {
    let mut directory = acme();
    directory.teammates.extend((10..2_010).map(|number| mate(number, &format!("p{number}@acme.example"))));
    let rows: Vec<_> = (10..2_010).map(|number| format!("p{number}@acme.example,P{number}")).collect();
    let rows = rows.join("\n");
    let planned = plan(&format!("email,first_name\n{rows}"), &directory);
    assert_eq!(planned.plan.counts(), [("update", 2_000)]);
}

#[test]
fn a_plan_that_was_forged_is_refused_although_its_digest_fits() {
    let planned = plan("email,first_name,status\nben@acme.example,Benno,active\n", &acme());
    let forge = |change: &dyn Fn(&mut PlanBody)| {
        let mut body = planned.plan.body.clone();
        change(&mut body);
        Plan::parse(&Plan::seal(body).to_text()).unwrap_err()
    };
    let changes: [&dyn Fn(&mut PlanBody); 6] = [
        &|body| drop(body.actions[0].after.insert("is_admin".to_owned(), true.into())),
        &|body| body.actions[0].subject.teammate_id = None,
        &|body| body.actions[0].id = ActionId(7),
        &|body| body.actions[0].risk = Risk::Irreversible,
        &|body| body.actions[0].waits_for = vec![ActionId(1)],
        &|body| body.actions[0].deed = Deed::Deactivate { via: Via::Rest },
    ];
    for change in changes {
        assert!(matches!(forge(change), NotAPlan::Wrong(_)), "{:?}", forge(change));
    }
}

#[test]
fn every_kind_of_action_is_read_back() {
    let text = "email,first_name,is_admin,teams,status,successor\nnew@acme.example,N,true,Sales,,\n\
                ben@acme.example,B,true,-,,\nada@acme.example,,,,departed,ben@acme.example\ncyd@acme.example,,,,,\n";
    let plan = plan(text, &acme()).plan;
    let kinds: std::collections::BTreeSet<_> =
        plan.body.actions.iter().map(|action| action.deed.kind()).collect();
    // Of all kinds but the right that is taken, in one plan.
    assert_eq!(kinds.len(), 8, "{kinds:?}");
    assert_eq!(Plan::parse(&plan.to_text()).unwrap(), plan);
}

#[test]
fn declared_aliases_are_one_person() {
    let settings = settings(
        "[manage]\nunlisted = \"deactivate\"\n[guards]\nmax_deactivations = 9\nmin_admins = 0\n\
         [aliases.people]\n\"benno@acme.example\" = \"ben@acme.example\"\n",
    );
    let people = csv("email,first_name\nada@acme.example,\nbenno@acme.example,Benno\n");
    let planned = plan_with(&people, &acme(), &settings, &[], None).unwrap();
    let kinds: Vec<_> = planned
        .plan
        .body
        .actions
        .iter()
        .map(|action| (action.deed.kind(), action.subject.email.as_str()))
        .collect();
    assert_eq!(kinds, [("update", "ben@acme.example")]);
}

#[test]
fn the_row_of_an_address_that_was_given_up_deactivates_nobody() {
    let settings =
        settings("[guards]\nmin_admins = 0\n[aliases.people]\n\"old@acme.example\" = \"ben@acme.example\"\n");
    let people = csv("email,status\nben@acme.example,active\nold@acme.example,departed\n");
    let planned = plan_with(&people, &acme(), &settings, &[], None).unwrap();
    assert_eq!((planned.plan.body.actions.len(), planned.violations.len()), (0, 0));
    let people = csv("email,status\nben@acme.example,active\nold@acme.example,active\n");
    let planned = plan_with(&people, &acme(), &settings, &[], None).unwrap();
    assert_eq!(planned.violations[0].guard, tenure_lifecycle::guard::Guard::DuplicateRows);
}

#[test]
fn a_successor_who_is_in_no_file_and_leaves_for_that_is_none() {
    let settings = settings(
        "[manage]\nunlisted = \"deactivate\"\n[guards]\nmax_deactivations = 9\nmin_admins = 0\nsource_min_rows = 0\n",
    );
    let people = csv("email,status,successor\nben@acme.example,departed,ada@acme.example\n");
    let problems = plan_with(&people, &acme(), &settings, &[], None).unwrap_err();
    assert!(problems[0].message.contains("leaves too"), "{problems:?}");
}

#[test]
fn the_right_is_taken_from_the_last_administrator_only_after_another_has_it() {
    let settings = settings("[guards]\nmin_admins = 1\n");
    let people = csv("email,is_admin\nada@acme.example,false\nben@acme.example,true\n");
    let planned = plan_with(&people, &acme(), &settings, &[], None).unwrap();
    assert_eq!(planned.violations, []);
    let waits: Vec<_> =
        planned.plan.body.actions.iter().map(|action| (action.deed.kind(), action.waits_for.len())).collect();
    assert_eq!(waits, [("grant_admin", 0), ("revoke_admin", 1)]);
}

#[test]
fn what_scim_cannot_set_is_set_over_rest_afterwards() {
    let mut directory = acme();
    directory.capabilities = Capabilities { create: Via::Scim, ..Capabilities::default() };
    let planned =
        plan("email,first_name,username,custom_fields.Number\nnew@acme.example,Nia,nia,7\n", &directory);
    insta::assert_snapshot!(lines(&planned), @r#"
    1 invite new@acme.example: {} -> {"email":"new@acme.example","first_name":"Nia"} (people.csv:2)
    2 update new@acme.example: {} -> {"custom_fields.Number":7,"username":"nia"} (people.csv:2) after 1
    note: this server does not take POST /teammates; accounts are created over SCIM, which sets the address and the names
    "#);
}
