//! `tenure doctor` tells apart what is wrong, each with its own words and its fix.

use crate::automate::{Stage, picture};
use crate::process::Output;
use serde_json::Value;

fn with(stage: &Stage, vars: &[(&str, &str)], args: &[&str]) -> Output {
    let mut command = stage.command(args);
    for (name, value) in vars {
        command.env(name, value);
    }
    stage.tenure.start(&mut command).wait()
}

/// The codes of what is not good.
fn codes(stage: &Stage, vars: &[(&str, &str)]) -> Vec<String> {
    let output = with(stage, vars, &["doctor", "--output", "json"]);
    let checks: Vec<Value> =
        serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{output}"));
    let bad: Vec<_> = checks.iter().filter(|check| check["verdict"] != "good").collect();
    assert!(bad.iter().all(|check| check["fix"].as_str().is_some_and(|fix| !fix.is_empty())), "{bad:?}");
    assert_eq!(output.code, i32::from(bad.iter().any(|check| check["verdict"] == "bad")), "{output}");
    bad.iter().map(|check| check["code"].as_str().unwrap().to_owned()).collect()
}

fn token(stage: &Stage, args: &[&str]) -> String {
    let create = [&["token", "create", "--output", "plain"], args].concat();
    stage.tenure.ok(&create).stdout.trim().to_owned()
}

#[test]
fn all_is_well() {
    let stage = Stage::set();
    insta::assert_snapshot!(picture(&stage.run(&["doctor", "--detailed-exitcode"])), @"
    exit: 0
    --- stdout
    good    url      http://[ADDR] answers as company Acme (cmp_1)
    good    token    token tok_1 works and is company-level
    good    scopes   the token has the scopes for everything
    good    clock    both clocks agree
    good    limit    there is no limit on requests
    good    create   the server takes POST /teammates
    good    scim     no SCIM URL is given; it is needed only where REST cannot create

    --- stderr
    ");
    assert_eq!(stage.writes(), [""; 0]);
}

#[test]
fn wrong_urls() {
    let stage = Stage::set();
    assert_eq!(codes(&stage, &[("TENURE_URL", "http://127.0.0.1:1")]), ["url.unreachable"]);
    assert_eq!(
        codes(&stage, &[("TENURE_URL", &format!("{}/docs", stage.server.url()))]),
        ["url.not_the_api"]
    );
    let told = with(&stage, &[("TENURE_URL", "api2.frontapp.com")], &["doctor"]);
    assert!(told.code == 64 && told.stderr.contains("no URL of a server"), "{told}");
}

#[test]
fn tokens_that_do_not_do() {
    let stage = Stage::set();
    let mut mistyped = stage.token.clone();
    let last = mistyped.pop().unwrap();
    mistyped.push(if last == 'a' { 'b' } else { 'a' });
    assert_eq!(codes(&stage, &[("TENURE_TOKEN", &mistyped)]), ["token.mistyped"]);
    let revoked = token(&stage, &[]);
    let tokens = stage.tenure.json(&["token", "list"]);
    let id = tokens.as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned();
    stage.tenure.ok(&["token", "revoke", &id]);
    assert_eq!(codes(&stage, &[("TENURE_TOKEN", &revoked)]), ["token.revoked"]);
    let teammates = token(&stage, &["--kind", "teammate", "--teammate", "tea_1"]);
    assert!(codes(&stage, &[("TENURE_TOKEN", &teammates)]).contains(&"token.teammate_level".to_owned()));
    let narrow = token(&stage, &["--scope", "teammates:read,teams:read,custom_fields:read"]);
    let found = codes(&stage, &[("TENURE_TOKEN", &narrow)]);
    assert!(found.iter().all(|code| code == "token.scope_missing") && !found.is_empty(), "{found:?}");
}

#[test]
fn scim_of_another_company_is_told_from_a_wrong_token() {
    let stage = Stage::set();
    stage.tenure.ok(&["company", "create", "Other"]);
    stage.tenure.write("idp.xml", "<EntityDescriptor/>");
    stage.tenure.ok(&["sso", "set", "--company", "acme", "--metadata", "idp.xml"]);
    let create = ["token", "create", "--company", "acme", "--kind", "scim", "--output", "plain"];
    let scim = stage.tenure.ok(&create).stdout.trim().to_owned();
    let url = |path: &str| format!("{}{path}", stage.server.url());
    let found = |path: &str, token: &str| {
        codes(&stage, &[("TENURE_SCIM_URL", &url(path)), ("TENURE_SCIM_TOKEN", token)])
    };
    assert_eq!(found("/companies/acme/scim/v2", &scim), [""; 0]);
    assert_eq!(found("/companies/other/scim/v2", &scim), ["scim.wrong_company"]);
    assert_eq!(found("/scim/v2", &stage.token), ["scim.wrong_kind"]);
    assert_eq!(found("/scim/v2", &format!("{}x", &scim[..scim.len() - 1])), ["scim.token_mistyped"]);
    assert_eq!(found("/scim/v3", &scim), ["scim.not_a_service"]);
    assert_eq!(codes(&stage, &[("TENURE_TOKEN", &scim)]), ["token.wrong_kind"]);
}

#[test]
fn a_server_without_post_and_a_skewed_clock() {
    let stage = Stage::misbehaving("published-subset = true\nclock-ahead-seconds = 3600\n");
    assert_eq!(codes(&stage, &[]), ["clock.skewed", "create.absent"]);
    let told = stage.run(&["doctor", "--detailed-exitcode"]);
    assert_eq!(told.code, 2, "{told}");
}
