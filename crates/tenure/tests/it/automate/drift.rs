//! `tenure drift`, and what all plans have in common on the command line.

use crate::automate::Stage;

#[test]
fn drift_tells_by_its_exit_code_and_as_json() {
    let stage = Stage::set();
    stage.tenure.write("people.csv", "email,first_name\nben@acme.example,Benno\n");
    let drift = ["drift", "-f", "people.csv"];
    stage.expect(0, &drift);
    stage.expect(2, &[&drift[..], &["--detailed-exitcode"]].concat());
    let plan = stage.json(&drift);
    assert_eq!(plan["summary"]["update"], 1);
    let action = &plan["actions"][0];
    assert_eq!(
        (&action["before"]["first_name"], &action["after"]["first_name"]),
        (&"Ben".into(), &"Benno".into())
    );
    assert_eq!(action["reason"], "people.csv:2");
    assert_eq!(plan["unlisted"].as_array().unwrap().len(), 2);
    assert_eq!(stage.writes(), [""; 0]);
}

#[test]
fn the_same_input_gives_the_same_plan() {
    let stage = Stage::set();
    stage.tenure.write(
        "people.csv",
        "email,first_name,teams\nben@acme.example,Benno,Sales\nnew@acme.example,New,Sales\n",
    );
    for name in ["one.json", "two.json"] {
        stage.expect(0, &["plan", "-f", "people.csv", "--out", name]);
    }
    let read = |name: &str| std::fs::read_to_string(stage.tenure.path(name)).unwrap();
    assert_eq!(read("one.json"), read("two.json"));
    assert!(!read("one.json").contains(&stage.token), "a plan holds no token");
}

#[test]
fn faults_of_people_files_are_told_at_once_and_nothing_is_sent() {
    let stage = Stage::set();
    stage
        .tenure
        .write("people.csv", "email,teams,starts\nnobody,Suport,soon\n,x,\nben@acme.example,Salse,\n");
    let told = stage.expect(1, &["plan", "-f", "people.csv"]);
    for part in [
        "people.csv:2:3: starts: `soon`",
        "people.csv:2: email: `nobody`",
        "people.csv:2:2: teams: there is no team `Suport`; did you mean `Support`?",
        "people.csv:3: email: is missing",
        "people.csv:4:2: teams: there is no team `Salse`; did you mean `Sales`?",
    ] {
        assert!(told.stderr.contains(part), "{part}\n{told}");
    }
    let told = stage.expect(1, &["plan", "-f", "absent.csv"]);
    assert!(told.stderr.contains("cannot read absent.csv"), "{told}");
}

#[test]
fn a_plan_for_a_day_to_come() {
    let stage = Stage::set();
    stage.tenure.write("people.csv", "email,ends\nben@acme.example,2030-06-30\n");
    stage.expect(0, &["drift", "-f", "people.csv", "--detailed-exitcode"]);
    stage.expect(2, &["drift", "-f", "people.csv", "--detailed-exitcode", "--on", "2030-07-01"]);
    stage.expect(64, &["drift", "-f", "people.csv", "--on", "tomorrow"]);
}

#[test]
fn another_scim_server_can_be_the_source() {
    let (stage, source) = (Stage::set(), Stage::set());
    source.tenure.write("idp.xml", "<EntityDescriptor/>");
    source.tenure.ok(&["sso", "set", "--metadata", "idp.xml"]);
    let scim = source.tenure.ok(&["token", "create", "--kind", "scim", "--output", "plain"]);
    source.expect(0, &["provision", "nia@acme.example", "--first", "Nia", "--yes"]);
    let file = format!("scim+{}/scim/v2", source.server.url());
    let mut command = stage.command(&["drift", "-f", &file, "--output", "json"]);
    command.env("TENURE_SOURCE_TOKEN", scim.stdout.trim());
    let told = stage.tenure.start(&mut command).wait();
    let plan: serde_json::Value =
        serde_json::from_str(&told.stdout).unwrap_or_else(|error| panic!("{error}\n{told}"));
    assert_eq!(plan["actions"][0]["subject"]["email"], "nia@acme.example");
    assert_eq!(plan["summary"]["invite"], 1);
}

#[test]
fn a_graph_has_every_form() {
    let stage = Stage::set();
    stage.tenure.write("people.csv", "email\nada@acme.example\nben@acme.example\nnew@acme.example\n");
    let graph = ["graph", "-f", "people.csv"];
    let table = stage.expect(2, &[&graph[..], &["--detailed-exitcode"]].concat());
    assert!(
        table.stdout.contains("TNR-001") && table.stdout.contains("tenure provision new@acme.example"),
        "{table}"
    );
    assert_eq!(stage.json(&graph)["findings"].as_array().unwrap().len(), 2);
    for (form, start) in [("dot", "graph identities {"), ("mermaid", "graph LR"), ("html", "<!doctype html>")]
    {
        let drawn = stage.expect(0, &[&graph[..], &["--format", form]].concat());
        assert!(
            drawn.stdout.starts_with(start) && drawn.stdout.contains("cyd@acme.example"),
            "{form}\n{drawn}"
        );
    }
    stage.expect(0, &[&graph[..], &["--format", "html", "--out", "graph.html"]].concat());
    assert!(stage.tenure.path("graph.html").exists());
    assert_eq!(stage.writes(), [""; 0]);
}

#[test]
fn watch_tells_what_changes_and_goes_on_where_it_stopped() {
    let stage = Stage::set();
    stage.expect(0, &["watch", "--looks", "1"]);
    stage.expect(0, &["provision", "nia@acme.example", "--yes"]);
    stage.expect(0, &["offboard", "cyd@acme.example", "--yes"]);
    let told = stage.expect(0, &["watch", "--looks", "1", "--output", "json"]);
    let names: Vec<_> = told
        .stdout
        .lines()
        .map(|line| {
            let change: serde_json::Value = serde_json::from_str(line).unwrap();
            (change["name"].as_str().unwrap().to_owned(), change["email"].as_str().unwrap().to_owned())
        })
        .collect();
    let change = |name: &str, who: &str| (name.to_owned(), format!("{who}@acme.example"));
    assert_eq!(names, [change("teammate.deleted", "cyd"), change("teammate.created", "nia")]);
    assert_eq!(stage.expect(0, &["watch", "--looks", "1"]).stdout, "");
}
