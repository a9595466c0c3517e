//! Members of a team that are refused: lists that are none, and teammates that cannot be members.

use super::rows::{Row, ask};
use super::{INVALID, MEMBER_WRITES, UNKNOWN_TEAMMATE};
use serde_json::json;

pub(super) fn bad_members() -> Vec<Row> {
    let too_many = json!({ "teammate_ids": vec!["tea_1"; 1001] }).to_string();
    let faults = [
        ("{}", "teammate_ids is required"),
        (r#"{"teammate_ids":[]}"#, "teammate_ids must list 1 to 1000 teammate ids; this one lists 0"),
        (too_many.as_str(), "teammate_ids must list 1 to 1000 teammate ids; this one lists 1001"),
        (r#"{"teammate_ids":null}"#, "teammate_ids must be an array of strings, not null"),
        (r#"{"teammate_ids":"tea_1"}"#, "teammate_ids must be an array of strings, not a string"),
        (r#"{"teammate_ids":1}"#, "teammate_ids must be an array of strings, not a number"),
        (r#"{"teammate_ids":true}"#, "teammate_ids must be an array of strings, not a boolean"),
        (r#"{"teammate_ids":{"0":"tea_1"}}"#, "teammate_ids must be an array of strings, not an object"),
        (r#"{"teammate_ids":[1]}"#, "teammate_ids[0] must be a string, not a number"),
        (r#"{"teammate_ids":[null]}"#, "teammate_ids[0] must be a string, not null"),
        (r#"{"teammate_ids":["tea_1",true]}"#, "teammate_ids[1] must be a string, not a boolean"),
        (r#"{"teammate_ids":[["tea_1"]]}"#, "teammate_ids[0] must be a string, not an array"),
        (r#"{"teammate_ids":[{"id":"tea_1"}]}"#, "teammate_ids[0] must be a string, not an object"),
    ];
    let unknown = [
        (r#"["tea_zz"]"#, "Unknown teammate ID tea_zz"),
        (r#"["tea_1","tea_zz","tea_2","tea_7"]"#, "Unknown teammate IDs tea_zz, tea_7"),
        (r#"["tea_3","tea_zz"]"#, "Unknown teammate ID tea_zz"),
        (r#"["TEA_1"]"#, "Unknown teammate ID TEA_1"),
        (r#"["tim_1"]"#, "Unknown teammate ID tim_1"),
        (r#"[""]"#, "Unknown teammate ID"),
        (
            r#"["ada@acme.example"]"#,
            "Unknown teammate ID ada@acme.example; use the teammate's id (tea_…), or the alias",
        ),
        (r#"["alt:email:nobody@acme.example"]"#, "Unknown teammate ID alt:email:nobody@acme.example"),
        (r#"["alt:email:gina@globex.example"]"#, "Unknown teammate ID alt:email:gina@globex.example"),
    ];
    let blocked = [r#"["tea_3"]"#, r#"["tea_4","tea_3"]"#, r#"["alt:email:CLEO@acme.example"]"#];
    let mut rows = Vec::new();
    for (method, path) in MEMBER_WRITES {
        let of_ids = |ids: &str| ask(method, path).json(format!("{{\"teammate_ids\":{ids}}}"));
        rows.extend(faults.map(|(body, part)| ask(method, path).json(body).gets(400, INVALID, part)));
        rows.extend(unknown.map(|(ids, part)| of_ids(ids).gets(404, UNKNOWN_TEAMMATE, part)));
    }
    let part = "Body did not satisfy requirements: blocked teammates cannot be added to a team: tea_3";
    let add = |ids: &str| ask("POST", "/teams/tim_2/teammates").json(format!("{{\"teammate_ids\":{ids}}}"));
    rows.extend(blocked.map(|ids| add(ids).gets(400, "team.teammate_blocked", part)));
    rows
}
