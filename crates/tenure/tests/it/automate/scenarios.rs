//! The three scenarios of the guide, each one command that verifies by reading back.

use crate::automate::{Stage, picture};

#[test]
fn provision_creates_captures_the_id_adds_to_teams_and_verifies() {
    let stage = Stage::set();
    let args =
        ["provision", "nia@acme.example", "--first", "Nia", "--last", "Long", "--team", "Sales", "--yes"];
    insta::assert_snapshot!(picture(&stage.run(&args)), @r#"
    exit: 0
    --- stdout
    invite (1, risk medium)
      1 nia@acme.example: first_name "Nia", last_name "Long"  [asked for on the command line]

    add_to_team (1, risk low)
      2 nia@acme.example to Sales (tim_2)  [asked for on the command line, after 1]

    1 invite, 1 add_to_team
    Acme at http://[ADDR]
    19 requests, with no limit that is known
    [DIGEST]
    verified  1 invite nia@acme.example  tea_4
    verified  2 add_to_team nia@acme.example  Sales
    2 verified  (run [RUN])
    1 invitation was sent

    --- stderr
    "#);
    let nia = stage.teammate("nia@acme.example");
    assert_eq!((nia["first_name"].as_str(), nia["last_name"].as_str()), (Some("Nia"), Some("Long")));
    assert_eq!(stage.json(&["list", "members", "sales"])[0]["email"], "nia@acme.example");
    assert_eq!(stage.writes(), ["POST /teammates", "POST /teams/tim_2/teammates"]);
}

#[test]
fn provision_of_somebody_who_is_there_only_adds() {
    let stage = Stage::set();
    stage.expect(0, &["provision", "Ben@acme.example", "--team", "Sales", "--yes"]);
    assert_eq!(stage.writes(), ["POST /teams/tim_2/teammates"]);
    assert_eq!(stage.json(&["list", "members", "Support"])[0]["email"], "ben@acme.example");
}

#[test]
fn offboard_hands_over_removes_deactivates_and_proves_it() {
    let stage = Stage::set();
    let conversation = stage.conversation("ben@acme.example");
    let args = ["offboard", "BEN@acme.example", "--successor", "ada@acme.example", "--yes"];
    insta::assert_snapshot!(picture(&stage.run(&args)), @"
    exit: 0
    --- stdout
    hand_over (1, risk medium)
      1 ben@acme.example (tea_2): 1 open conversation to ada@acme.example  [asked for on the command line]

    remove_from_team (1, risk medium)
      2 ben@acme.example (tea_2) from Support (tim_1)  [asked for on the command line, after 1]

    deactivate (1, risk irreversible)
      3 ben@acme.example (tea_2)  [asked for on the command line, after 1]

    1 hand_over, 1 remove_from_team, 1 deactivate
    Acme at http://[ADDR]
    22 requests, with no limit that is known
    [DIGEST]
    verified  1 hand_over ben@acme.example
    verified  2 remove_from_team ben@acme.example  Support
    verified  3 deactivate ben@acme.example  is_blocked=true
    3 verified  (run [RUN])

    --- stderr
    ");
    assert_eq!(stage.teammate("ben@acme.example")["is_blocked"], true);
    let api = stage.api();
    let shown =
        crate::automate::block_on(async { api.get(&format!("/conversations/{conversation}")).await.json() });
    assert_eq!(shown["assignee"]["email"], "ada@acme.example");
    // Once more is no harm.
    let again = stage.expect(0, &["offboard", "ben@acme.example", "--yes"]);
    assert!(again.stderr.contains("is deactivated already: is_blocked=true"), "{again}");
    assert_eq!(stage.events("was blocked").len(), 1);
}

#[test]
fn a_bulk_sync_does_what_the_plan_says_and_then_nothing_differs() {
    let stage = Stage::set();
    stage.tenure.write(
        "people.csv",
        "email,first_name,last_name,teams,status\n\
         ben@acme.example,Benjamin,,Sales,active\ncyd@acme.example,,,,departed\nnew@acme.example,Nova,,Support;Sales,active\n",
    );
    insta::assert_snapshot!(picture(&stage.run(&["plan", "-f", "people.csv", "--out", "plan.json"])), @r#"
    exit: 0
    --- stdout
    invite (1, risk medium)
      1 new@acme.example: first_name "Nova"  [people.csv:4]

    update (1, risk low)
      2 ben@acme.example (tea_2): first_name "Ben" → "Benjamin"  [people.csv:2]

    add_to_team (3, risk low)
      3 new@acme.example to Support (tim_1)  [people.csv:4, after 1]
      4 ben@acme.example (tea_2) to Sales (tim_2)  [people.csv:2]
      5 new@acme.example to Sales (tim_2)  [people.csv:4, after 1]

    remove_from_team (1, risk medium)
      6 ben@acme.example (tea_2) from Support (tim_1)  [people.csv:2]

    deactivate (1, risk irreversible)
      7 cyd@acme.example (tea_3)  [people.csv:3: status is departed]

    1 active teammates are in no people file and are left alone: ada@acme.example
    1 invite, 1 update, 3 add_to_team, 1 remove_from_team, 1 deactivate
    Acme at http://[ADDR]
    31 requests, with no limit that is known
    [DIGEST]

    --- stderr
    the plan is in plan.json; apply it with: tenure apply plan.json
    "#);
    assert_eq!(stage.writes(), [""; 0]);
    insta::assert_snapshot!(picture(&stage.run(&["apply", "plan.json", "--yes"])), @"
    exit: 0
    --- stdout
    verified  1 invite new@acme.example  tea_4
    verified  2 update ben@acme.example
    verified  3 add_to_team new@acme.example  Support
    verified  4 add_to_team ben@acme.example  Sales
    verified  5 add_to_team new@acme.example  Sales
    verified  6 remove_from_team ben@acme.example  Support
    verified  7 deactivate cyd@acme.example  is_blocked=true
    7 verified  (run [RUN])
    1 invitation was sent

    --- stderr
    ");
    stage.expect(0, &["drift", "-f", "people.csv", "--detailed-exitcode"]);
}

#[test]
fn nothing_is_written_without_yes_where_nobody_can_be_asked() {
    let stage = Stage::set();
    insta::assert_snapshot!(picture(&stage.run(&["provision", "nia@acme.example"])), @"
    exit: 3
    --- stdout
    invite (1, risk medium)
      1 nia@acme.example  [asked for on the command line]

    1 invite
    Acme at http://[ADDR]
    17 requests, with no limit that is known
    [DIGEST]

    --- stderr
    error: nobody can be asked here; nothing was sent
    hint: look at the plan, and give --yes if it may be done without asking; --dry-run shows what would be sent
    ");
    stage.tenure.write("people.csv", "email,first_name\nben@acme.example,Benno\n");
    stage.expect(3, &["apply", "-f", "people.csv"]);
    stage.expect(3, &["offboard", "ben@acme.example"]);
    assert_eq!(stage.writes(), [""; 0]);
}

#[test]
fn a_dry_run_shows_what_would_be_sent_and_sends_nothing() {
    let stage = Stage::set();
    let shown = stage.expect(0, &["offboard", "ben@acme.example", "--dry-run"]);
    assert!(shown.stdout.contains("deactivate ben@acme.example: DELETE /teammates/tea_2"), "{shown}");
    assert_eq!(stage.writes(), [""; 0]);
}

#[test]
fn somebody_unknown_is_not_offboarded_and_the_nearest_is_named() {
    let stage = Stage::set();
    let told = stage.expect(1, &["offboard", "bem@acme.example", "--yes"]);
    assert!(
        told.stderr.contains("nobody has the address bem@acme.example; did you mean ben@acme.example?"),
        "{told}"
    );
    assert_eq!(stage.writes(), [""; 0]);
}

#[test]
fn offboard_can_wait_for_its_time() {
    let stage = Stage::set();
    let soon = in_seconds(2);
    stage.expect(0, &["offboard", "ben@acme.example", "--wait-until", &soon, "--yes"]);
    assert_eq!(stage.teammate("ben@acme.example")["is_blocked"], true);
    stage.expect(64, &["offboard", "cyd@acme.example", "--wait-until", "tomorrow", "--yes"]);
}

/// A time so many seconds from now, in ISO 8601.
fn in_seconds(seconds: i64) -> String {
    jiff::Timestamp::from_second(jiff::Timestamp::now().as_second() + seconds).unwrap().to_string()
}

#[test]
fn who_is_deactivated_and_listed_as_active_is_a_persons_work() {
    let stage = Stage::set();
    stage.expect(0, &["offboard", "cyd@acme.example", "--yes"]);
    stage.tenure.write("people.csv", "email\ncyd@acme.example\n");
    let told = stage.expect(0, &["apply", "-f", "people.csv", "--yes"]);
    assert!(
        told.stdout.contains("1 manual") && told.stdout.contains("tenure teammate reactivate tea_3"),
        "{told}"
    );
}

#[test]
fn the_published_subset_is_coped_with_over_scim() {
    let stage = Stage::misbehaving("published-subset = true\n");
    let args = ["provision", "nia@acme.example", "--first", "Nia", "--team", "Sales", "--yes"];
    let told = stage.expect(0, &args);
    assert!(told.stdout.contains("a person must create these accounts"), "{told}");
    stage.tenure.write("idp.xml", "<EntityDescriptor/>");
    stage.tenure.ok(&["sso", "set", "--metadata", "idp.xml"]);
    let scim = stage.tenure.ok(&[
        "token",
        "create",
        "--kind",
        "scim",
        "--rate-limit",
        "unlimited",
        "--output",
        "plain",
    ]);
    let scim_url = format!("{}/scim/v2", stage.server.url());
    let over_scim = |args: &[&str]| {
        let mut command = stage.command(args);
        command.env("TENURE_SCIM_URL", &scim_url).env("TENURE_SCIM_TOKEN", scim.stdout.trim());
        stage.tenure.start(&mut command).wait()
    };
    let told = over_scim(&args);
    assert_eq!(told.code, 0, "{told}");
    assert!(told.stdout.contains("accounts are created over SCIM"), "{told}");
    assert_eq!(stage.teammate("nia@acme.example")["first_name"], "Nia");
    let told = over_scim(&["offboard", "nia@acme.example", "--yes"]);
    assert!(told.code == 0 && told.stdout.contains("is_blocked=true"), "{told}");
}
