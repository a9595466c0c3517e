//! `tenure teammate`. In the demo company `tea_d` and `tea_o` are blocked.

use crate::process::{Demo, Tenure};
use serde_json::json;

fn version(tenure: &Tenure) -> serde_json::Value {
    tenure.json(&["company", "show"])["version"].clone()
}

#[test]
fn reactivate_prints_who_is_back() {
    let tenure = Demo::start().stop();
    insta::assert_snapshot!(tenure.run(&["teammate", "reactivate", "--company", "harbor-coffee", "tea_d"]), @"
    exit: 0
    --- stdout
    teammate tea_d <mei.chen@harborcoffee.example> was reactivated

    --- stderr
    ");
}

#[tokio::test]
async fn who_was_reactivated_is_active_over_the_api_at_once() {
    let demo = Demo::start();
    let back = demo.tenure.json(&["teammate", "reactivate", "tea_o"]);
    assert_eq!(back["is_blocked"], false);
    let shown = demo.server.api(&demo.token).get("/teammates/tea_o").await.expect(200).json();
    assert_eq!(json!([shown["email"], shown["is_blocked"]]), json!([back["email"], false]));
}

#[test]
fn a_teammate_may_be_named_by_the_alias_of_the_address() {
    let tenure = Demo::start().stop();
    let alias = "alt:email:mei.chen@harborcoffee.example";
    assert_eq!(tenure.json(&["teammate", "reactivate", alias])["id"], "tea_d");
}

#[test]
fn reactivating_an_active_teammate_changes_nothing() {
    let tenure = Demo::start().stop();
    let before = version(&tenure);
    assert_eq!(tenure.json(&["teammate", "reactivate", "tea_1"])["is_blocked"], false);
    assert_eq!(version(&tenure), before);
}

#[test]
fn an_unknown_teammate_is_refused() {
    insta::assert_snapshot!(Tenure::with_company().run(&["teammate", "reactivate", "tea_9"]), @"
    exit: 1
    --- stdout

    --- stderr
    error: Unknown teammate ID tea_9
    hint: name the teammate by its id (tea_…) or by alt:email:ADDRESS
    ");
}

#[test]
fn a_bare_address_is_refused_with_the_alias_to_use() {
    let tenure = Demo::start().stop();
    insta::assert_snapshot!(tenure.run(&["teammate", "reactivate", "mei.chen@harborcoffee.example"]), @"
    exit: 1
    --- stdout

    --- stderr
    error: Unknown teammate ID mei.chen@harborcoffee.example; use the teammate's id (tea_…), or the alias alt:email:ADDRESS
    ");
}
