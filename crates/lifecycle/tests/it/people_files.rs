//! People files: formats, cells, and faults that are told all at once with their places.

use crate::scene::{acme, csv, lenient, plan_with, read, settings};
use tenure_lifecycle::people::{PeopleProblem, Status, Wish};
use tenure_lifecycle::settings::Settings;

fn faults(name: &str, text: &str) -> String {
    let problems = read(name, text, &Settings::default()).unwrap_err();
    told(&problems)
}

fn told(problems: &[PeopleProblem]) -> String {
    let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n") + "\n"
}

#[test]
fn an_empty_cell_leaves_a_dash_clears_and_a_column_that_is_absent_is_not_managed() {
    let people = csv("email,first_name,last_name\nada@acme.example,,-\n");
    let ada = &people.persons[0];
    assert_eq!((&ada.first_name, &ada.last_name, &ada.username), (&Wish::Leave, &Wish::Clear, &Wish::Leave));
}

#[test]
fn every_fault_is_told_at_once_with_its_place() {
    insta::assert_snapshot!(faults("people.csv", "email,frist_name,starts\nnobody,x,2026-1-1\n,y,\na@b.example,z\n"), @"
    people.csv:1:2: there is no column `frist_name`; did you mean `first_name`?
    people.csv:2: email: `nobody` is not an address: it needs one @ with something on both sides
    people.csv:2:3: starts: `2026-1-1` is no date; write it as 2026-01-31
    people.csv:3: email: is missing; every row needs it
    people.csv:4: has 2 cells and the header names 3 columns; is a comma or a quote missing?
    ");
}

#[test]
fn unknown_teams_and_fields_are_told_with_the_nearest_name() {
    let people =
        csv("email,teams,custom_fields.Departmnt,custom_fields.Department\nben@acme.example,Suport,x,Sale\n");
    let problems = plan_with(&people, &acme(), &lenient(), &[], None).unwrap_err();
    insta::assert_snapshot!(told(&problems), @r#"
    people.csv:2:2: teams: there is no team `Suport`; did you mean `Support`?
    people.csv:2:3: there is no custom field `Departmnt`; did you mean `Department`?
    people.csv:2:4: custom_fields.Department: "Sale" is none of Support, Sales; did you mean `Sales`?
    "#);
}

#[test]
fn yaml_json_and_toml_say_the_same() {
    let yaml = "people:\n- email: ben@acme.example\n  teams: [Sales]\n  custom_fields: {Number: 7}\n  ends: 2026-11-30\n";
    let json = r#"[{"email": "ben@acme.example", "teams": ["Sales"], "custom_fields": {"Number": 7}, "ends": "2026-11-30"}]"#;
    let toml = "[[people]]\nemail = \"ben@acme.example\"\nteams = [\"Sales\"]\ncustom_fields = {Number = 7}\nends = 2026-11-30\n";
    let actions = |name: &str, text: &str| {
        let people = read(name, text, &Settings::default()).unwrap();
        let mut planned = plan_with(&people, &acme(), &lenient(), &[], None).unwrap();
        planned.plan.body.actions.iter_mut().for_each(|action| action.reason.clear());
        planned.plan.body.actions
    };
    let (from_yaml, from_json, from_toml) =
        (actions("p.yaml", yaml), actions("p.json", json), actions("p.toml", toml));
    assert_eq!(from_yaml.len(), 3);
    assert_eq!(from_yaml, from_json);
    assert_eq!(from_yaml, from_toml);
}

#[test]
fn faults_of_structured_files_have_line_and_column() {
    insta::assert_snapshot!(faults("p.yaml", "- email: ada@acme.example\n  frist_name: Ada\n- email: ada\n"), @"
    p.yaml:2:15: there is no column `frist_name`; did you mean `first_name`?
    p.yaml:3: email: `ada` is not an address: it needs one @ with something on both sides
    ");
    insta::assert_snapshot!(faults("p.toml", "[[people]]\nemail = \"ada@acme.example\"\nis_admin = \"perhaps\"\n"), @"p.toml:3:12: is_admin: `perhaps` is neither true nor false");
    insta::assert_snapshot!(faults("p.json", "[{\"email\": \"ada@acme.example\",\n \"status\": \"gone\"}]"), @"p.json:2:12: status: `gone` is neither active nor departed");
}

#[test]
fn what_cannot_be_parsed_is_told_with_its_place() {
    for (name, text) in [
        ("p.yaml", "- email: [\n"),
        ("p.toml", "[[people]]\nemail = \n"),
        ("p.json", "[{\"email\": }]"),
        ("p.doc", "x"),
    ] {
        let told = faults(name, text);
        assert!(told.starts_with(name) && told.lines().count() == 1, "{told}");
    }
    let input = tenure_lifecycle::people::Input {
        name: "p.csv".to_owned(),
        bytes: b"email\nad\xff@x.example\n".to_vec(),
        modified: None,
    };
    let told = tenure_lifecycle::people::read(&[input], &Settings::default()).unwrap_err()[0].to_string();
    assert!(told.starts_with("p.csv:2: these bytes are not UTF-8"), "{told}");
}

#[test]
fn an_export_of_okta_is_recognised() {
    let people =
        csv("login,firstName,lastName,email,status\nada@acme.example,Ada,Okafor,ada@acme.example,ACTIVE\n\
                      ben,Ben,,ben@acme.example,DEPROVISIONED\nkim@acme.example,Kim,,,SUSPENDED\n");
    let statuses: Vec<_> =
        people.persons.iter().map(|person| (person.email.as_str(), person.status)).collect();
    assert_eq!(
        statuses,
        [
            ("ada@acme.example", Status::Active),
            ("ben@acme.example", Status::Departed),
            ("kim@acme.example", Status::Unclear),
        ]
    );
    assert_eq!(people.persons[0].last_name, Wish::Set("Okafor".to_owned()));
}

#[test]
fn an_export_of_entra_is_recognised() {
    let people = csv("userPrincipalName,displayName,surname,mail,givenName,accountEnabled\n\
                      ada@acme.onmicrosoft.example,Ada,Okafor,ada@acme.example,Ada,True\n\
                      ben@acme.example,Ben,,,Ben,False\n");
    let statuses: Vec<_> =
        people.persons.iter().map(|person| (person.email.as_str(), person.status)).collect();
    assert_eq!(statuses, [("ada@acme.example", Status::Active), ("ben@acme.example", Status::Departed)]);
}

#[test]
fn columns_can_be_mapped_and_left_out() {
    let settings = settings(
        "[columns]\n\"E-Mail\" = \"email\"\n\"Vorname\" = \"first_name\"\n\"Kostenstelle\" = \"-\"\n",
    );
    let people = read("p.csv", "E-Mail;Vorname;Kostenstelle\nada@acme.example;Ada;77\n", &settings).unwrap();
    assert_eq!(people.persons[0].first_name, Wish::Set("Ada".to_owned()));
}

#[test]
fn what_is_not_managed_is_not_wished_for() {
    let settings = settings("[manage]\nfields = [\"last_name\"]\n");
    let people = read("p.csv", "email,first_name,last_name\nada@acme.example,Ada,O\n", &settings).unwrap();
    assert_eq!(people.persons[0].first_name, Wish::Leave);
    assert_eq!(people.persons[0].last_name, Wish::Set("O".to_owned()));
}

#[test]
fn a_cell_guarded_for_spreadsheets_is_unguarded() {
    let people = csv("email,first_name\nada@acme.example,'=Ada\n");
    assert_eq!(people.persons[0].first_name, Wish::Set("=Ada".to_owned()));
}

#[test]
fn lines_are_counted_as_editors_count_them() {
    let people =
        csv("email,first_name\r\nada@acme.example,Ada\r\n\r\nben@acme.example,Ben\r\ncyd@acme.example,C\r\n");
    let lines: Vec<_> = people.persons.iter().map(|person| person.place.line).collect();
    assert_eq!(lines, [2, 4, 5]);
}

#[test]
fn empty_columns_that_were_joined_take_nobody_out_of_all_teams() {
    assert_eq!(
        faults("people.csv", "email,teams\nada@acme.example,;\n"),
        "people.csv:2:2: teams: names no team; leave the cell empty, or clear it with -\n"
    );
}

#[test]
fn a_large_company_fits_into_every_format() {
    let rows: Vec<_> = (0..30_000).map(|number| format!("{{\"email\":\"p{number}@acme.example\",\"first_name\":\"P\",\"last_name\":\"L\",\"teams\":[\"Support\",\"Sales\"]}}")).collect();
    let people = read("p.json", &format!("[{}]", rows.join(",\n")), &Settings::default()).unwrap();
    assert_eq!(people.persons.len(), 30_000);
}
