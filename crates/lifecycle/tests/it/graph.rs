//! The identity graph: for each code a company that shows it and one that does not; and its forms.

use crate::scene::{TODAY, acme, csv, mate, settings, team};
use serde_json::{Map, json};
use std::collections::BTreeMap;
use tenure_client::{Conversation, ScimUser, TeammateId};
use tenure_lifecycle::directory::Directory;
use tenure_lifecycle::graph::{self, CODES, Graph, GraphInput};
use tenure_lifecycle::people::People;
use tenure_lifecycle::settings::Settings;

/// What a graph is made from, to be changed one thing at a time.
struct Fixture {
    directory: Directory,
    people: Option<People>,
    scim: Option<Vec<ScimUser>>,
    conversations: Vec<Conversation>,
    invitations: BTreeMap<TeammateId, u32>,
    settings: Settings,
}

/// A company in which everything fits together: Ada and Ben, in people file, accounts and SCIM.
fn well() -> Fixture {
    let mut directory = acme();
    directory.teammates.truncate(2);
    Fixture {
        directory,
        people: Some(csv("email,teams\nada@acme.example,-\nben@acme.example,Support\n")),
        scim: Some(vec![user("tea_1", "ada@acme.example"), user("tea_2", "ben@acme.example")]),
        conversations: vec![conversation("tea_2")],
        invitations: BTreeMap::from([(TeammateId("tea_2".to_owned()), 13)]),
        settings: Settings::default(),
    }
}

fn user(id: &str, email: &str) -> ScimUser {
    serde_json::from_value(json!({ "id": id, "userName": email, "active": true, "name": {} })).unwrap()
}

fn conversation(of: &str) -> Conversation {
    let shown = json!({ "id": "cnv_1", "status": "assigned", "assignee": { "id": of } });
    serde_json::from_value(shown).unwrap()
}

fn build(fixture: &Fixture) -> Graph {
    graph::build(&GraphInput {
        directory: &fixture.directory,
        people: fixture.people.as_ref(),
        scim: fixture.scim.as_deref(),
        conversations: Some(&fixture.conversations),
        invitations: &fixture.invitations,
        settings: &fixture.settings,
        today: TODAY,
    })
}

/// The codes and subjects of what does not fit after a change to the company in which everything does.
fn after(change: impl FnOnce(&mut Fixture)) -> Vec<(&'static str, String)> {
    let mut fixture = well();
    change(&mut fixture);
    let graph = build(&fixture);
    assert!(
        graph.findings.iter().all(|finding| !finding.evidence.is_empty() && !finding.fix.is_empty()),
        "{graph:?}"
    );
    graph.findings.into_iter().map(|finding| (finding.code, finding.subject)).collect()
}

fn about(code: &'static str, name: &str) -> Vec<(&'static str, String)> {
    vec![(code, format!("{name}@acme.example"))]
}

#[test]
fn where_everything_fits_nothing_is_found() {
    assert_eq!(after(|_| ()), []);
}

#[test]
fn tnr_001_an_account_without_a_person() {
    assert_eq!(after(|all| all.people = Some(csv("email\nada@acme.example\n"))), about("TNR-001", "ben"));
    assert_eq!(after(|all| all.people = None), []);
}

#[test]
fn tnr_002_a_person_without_an_account() {
    let rows = "email\nada@acme.example\nben@acme.example\nnia@acme.example\n";
    assert_eq!(after(|all| all.people = Some(csv(rows))), about("TNR-002", "nia"));
    let later = "email,starts\nada@acme.example,\nben@acme.example,\nnia@acme.example,2030-01-01\n";
    assert_eq!(after(|all| all.people = Some(csv(later))), []);
}

#[test]
fn tnr_003_blocked_in_one_place_and_active_in_another() {
    let blocked = |all: &mut Fixture| {
        all.scim.as_mut().unwrap()[1].active = false;
    };
    assert_eq!(after(blocked), about("TNR-003", "ben"));
    let departed = "email,status,successor\nada@acme.example,,\nben@acme.example,departed,ada@acme.example\n";
    assert_eq!(after(|all| all.people = Some(csv(departed))), about("TNR-003", "ben"));
    let blocked_everywhere = |all: &mut Fixture| {
        all.people = Some(csv("email,status\nada@acme.example,active\nben@acme.example,departed\n"));
        all.scim.as_mut().unwrap()[1].active = false;
        all.directory.teammates[1].is_blocked = true;
        all.directory.teams[0].members.clear();
        all.conversations.clear();
    };
    assert_eq!(after(blocked_everywhere), []);
}

#[test]
fn tnr_004_names_differ() {
    let named = "email,first_name\nada@acme.example,\nben@acme.example,Ben\n";
    assert_eq!(after(|all| all.people = Some(csv(named))), about("TNR-004", "ben"));
    let same = |all: &mut Fixture| {
        all.people = Some(csv(named));
        all.directory.teammates[1].first_name = "Ben".to_owned();
    };
    assert_eq!(after(same), []);
}

#[test]
fn tnr_005_user_names_differ() {
    let named = "email,username\nada@acme.example,\nben@acme.example,benno\n";
    assert_eq!(after(|all| all.people = Some(csv(named))), about("TNR-005", "ben"));
    let same = "email,username\nada@acme.example,ada\nben@acme.example,ben\n";
    assert_eq!(after(|all| all.people = Some(csv(same))), []);
}

#[test]
fn tnr_006_addresses_differ() {
    let moved = |all: &mut Fixture| all.scim.as_mut().unwrap()[1] = user("tea_2", "benno@acme.example");
    assert_eq!(after(moved), about("TNR-006", "ben"));
    let only_case = |all: &mut Fixture| all.scim.as_mut().unwrap()[1] = user("tea_2", "BEN@Acme.Example");
    assert_eq!(after(only_case), []);
}

#[test]
fn tnr_007_scim_attributes_differ() {
    let renamed = |all: &mut Fixture| {
        all.scim.as_mut().unwrap()[1].name = serde_json::from_value(json!({ "givenName": "Benno" })).unwrap();
    };
    assert_eq!(after(renamed), about("TNR-007", "ben"));
    let same = |all: &mut Fixture| {
        renamed(all);
        all.directory.teammates[1].first_name = "Benno".to_owned();
    };
    assert_eq!(after(same), []);
}

#[test]
fn tnr_008_an_administrator_outside_the_administrators_team() {
    let settings = || settings("[graph]\nadmin_team = \"Sales\"\n");
    assert_eq!(after(|all| all.settings = settings()), about("TNR-008", "ada"));
    let inside = |all: &mut Fixture| {
        all.settings = settings();
        all.directory.teams[1].members.insert(TeammateId("tea_1".to_owned()));
        all.people = Some(csv("email,teams\nada@acme.example,Sales\nben@acme.example,Support\n"));
    };
    assert_eq!(after(inside), []);
}

#[test]
fn tnr_009_teams_differ() {
    let other = "email,teams\nada@acme.example,\nben@acme.example,Sales\n";
    assert_eq!(after(|all| all.people = Some(csv(other))), about("TNR-009", "ben"));
    let by_id = "email,teams\nada@acme.example,\nben@acme.example,tim_1\n";
    assert_eq!(after(|all| all.people = Some(csv(by_id))), []);
}

#[test]
fn tnr_010_an_invitation_that_is_not_accepted() {
    let ben = || TeammateId("tea_2".to_owned());
    assert_eq!(after(|all| _ = all.invitations.insert(ben(), 14)), about("TNR-010", "ben"));
    assert_eq!(after(|all| _ = all.invitations.insert(ben(), 13)), []);
}

#[test]
fn tnr_011_two_that_may_be_one() {
    let twin = |all: &mut Fixture| {
        all.directory.teammates.push(mate(9, "ben+old@acme.example"));
        all.people = None;
    };
    assert_eq!(
        after(twin),
        [("TNR-011", "ben+old@acme.example".to_owned()), ("TNR-011", "ben@acme.example".to_owned())]
    );
    let rows = "email\nada@acme.example\nben@acme.example\nBEN@acme.example\n";
    assert_eq!(after(|all| all.people = Some(csv(rows))), about("TNR-011", "ben"));
    let other = |all: &mut Fixture| {
        all.directory.teammates.push(mate(9, "bert@acme.example"));
        all.people = None;
    };
    assert_eq!(after(other), []);
}

#[test]
fn tnr_012_a_service_account() {
    let bot = |all: &mut Fixture| all.directory.teammates.push(mate(9, "svc-mail@acme.example"));
    let declared = |all: &mut Fixture| {
        bot(all);
        all.settings = settings("[graph]\nservice_accounts = [\"svc-*\"]\n");
    };
    assert_eq!(after(declared), about("TNR-012", "svc-mail"));
    assert_eq!(after(bot), about("TNR-001", "svc-mail"));
}

#[test]
fn tnr_013_blocked_and_still_in_a_team() {
    let blocked = |all: &mut Fixture| {
        all.people = Some(csv("email\nada@acme.example\n"));
        all.scim = None;
        all.directory.teammates[1].is_blocked = true;
        all.conversations.clear();
    };
    assert_eq!(after(blocked), about("TNR-013", "ben"));
    let removed = |all: &mut Fixture| {
        blocked(all);
        all.directory.teams = vec![team("tim_1", "Support", &[])];
    };
    assert_eq!(after(removed), []);
}

#[test]
fn tnr_014_no_successor_for_open_conversations() {
    let leaves = |all: &mut Fixture| {
        all.people = Some(csv("email,ends\nada@acme.example,\nben@acme.example,2026-11-25\n"));
        all.scim = None;
    };
    let found = after(leaves);
    assert!(found.contains(&("TNR-014", "ben@acme.example".to_owned())), "{found:?}");
    let with_default = |all: &mut Fixture| {
        leaves(all);
        all.settings = settings("[handover]\ndefault = \"ada@acme.example\"\n");
    };
    assert!(!after(with_default).iter().any(|(code, _)| *code == "TNR-014"));
}

#[test]
fn tnr_015_open_conversations_of_somebody_blocked() {
    let blocked = |all: &mut Fixture| {
        all.people = Some(csv("email\nada@acme.example\n"));
        all.scim = None;
        all.directory.teammates[1].is_blocked = true;
        all.directory.teams[0].members.clear();
    };
    assert_eq!(after(blocked), about("TNR-015", "ben"));
    let archived = |all: &mut Fixture| {
        blocked(all);
        all.conversations[0].status = "archived".to_owned();
    };
    assert_eq!(after(archived), []);
}

#[test]
fn every_code_is_told_once_and_has_a_test_of_its_own() {
    let tests = include_str!("graph.rs");
    for (number, (_, code, _, _)) in (1..).zip(CODES) {
        assert_eq!(code, format!("TNR-{number:03}"));
        assert!(tests.contains(&format!("fn tnr_{number:03}_")), "{code}");
    }
}

#[test]
fn declared_aliases_are_one_person() {
    let declared = |all: &mut Fixture| {
        all.directory.teammates[1].email = "benno@acme.example".to_owned();
        all.scim = None;
        all.settings = settings("[aliases.people]\n\"benno@acme.example\" = \"ben@acme.example\"\n");
    };
    // The addresses differ, and that is all.
    assert_eq!(after(declared), about("TNR-006", "benno"));
}

/// A graph with everything in a name that a page or another program could stumble over.
fn hostile() -> Graph {
    let mut fixture = well();
    let mut eve = mate(9, "eve\"><script>alert(1)</script>@acme.example");
    "</td><img src=x onerror=alert(1)>\u{1b}[31m".clone_into(&mut eve.first_name);
    eve.other = Map::new();
    fixture.directory.teammates.push(eve);
    fixture.directory.teams.push(team("tim_9", "\"]; drop \\ <b>", &["tea_9"]));
    build(&fixture)
}

#[test]
fn the_page_holds_everything_and_runs_nothing_of_others() {
    let page = graph::html(&hostile(), "2026-11-26T10:00:00Z");
    assert!(page.starts_with("<!doctype html>") && page.contains("TNR-001"));
    assert!(!page.contains("<script>alert") && !page.contains("<img") && !page.contains('\u{1b}'), "{page}");
    for elsewhere in ["src=\"http", "href=\"http", "@import", "url("] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
    assert!(page.find("<h2>Findings").unwrap() < page.find("<h2>Persons").unwrap(), "findings come first");
}

#[test]
fn other_programs_get_texts_that_end_where_they_should() {
    let graph = hostile();
    let dot = graph::dot(&graph);
    assert!(dot.lines().all(|line| line.replace("\\\"", "").matches('"').count() % 2 == 0), "{dot}");
    let mermaid = graph::mermaid(&graph);
    assert!(
        mermaid.lines().all(|line| matches!(line.matches('"').count(), 0 | 2)) && !mermaid.contains('<'),
        "{mermaid}"
    );
}
