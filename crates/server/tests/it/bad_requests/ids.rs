//! Ids in paths that are of no teammate and no team of the company.

use super::UNKNOWN_TEAMMATE;
use super::rows::{Ask, Row, ask};

const UNKNOWN_TEAM: &str = "team.unknown";

/// Every operation on one teammate, with a body where it needs one.
fn on_one_teammate(given: &str) -> [Ask; 7] {
    let path = format!("/teammates/{given}");
    [
        ask("GET", path.as_str()),
        ask("PATCH", path.as_str()).json(r#"{"first_name":"X"}"#),
        ask("DELETE", path.as_str()),
        ask("GET", format!("{path}/inboxes")),
        ask("GET", format!("{path}/conversations")),
        ask("GET", format!("{path}/invitation")),
        ask("POST", format!("{path}/invitation/resend")),
    ]
}

pub(super) fn unknown_teammates() -> Vec<Row> {
    const ELSEWHERE: &str =
        "tea_zz tea_7 tim_1 TEA_1 alt:email:gina@globex.example alt:email:nobody@acme.example";
    const ODD: &str = "tea_0 tea_5 tea_ tea Tea_1 tea_01 tea_1%20 %20tea_1 tea_-1 tea_+1 tea_1.0 tea_1%2F tea_1,tea_2 \
        tea_3w5e11264sgsg tea_zzzzzzzzzzzzzzzzzzzz tea_%EF%BC%91 fld_1 cmp_1 tok_1 inb_1 1 me ada null * %00 %FF %C3%28 \
        %E2%80%AEtea_1 alt:email: alt:email alt:email:ada alt:email:tea_1 alt:email:%20ada@acme.example alt:username:ada \
        alt%3Aemail%3Anobody%40acme.example ext_ada";
    const BARE: &str =
        "ada@acme.example ada%40acme.example ALT:EMAIL:ada@acme.example alt:Email:ada@acme.example";
    const HINT: &str = "; use the teammate's id (tea_…), or the alias alt:email:";
    let unknown = |ask: Ask| ask.gets(404, UNKNOWN_TEAMMATE, "Unknown teammate ID ");
    let hinted = |ask: Ask| ask.gets(404, UNKNOWN_TEAMMATE, HINT);
    let elsewhere = ELSEWHERE.split(' ').flat_map(on_one_teammate).map(unknown);
    let odd = ODD.split(' ').map(|given| unknown(ask("GET", format!("/teammates/{given}"))));
    let bare = BARE.split(' ').flat_map(on_one_teammate).map(hinted);
    elsewhere.chain(odd).chain(bare).collect()
}

pub(super) fn unknown_teams() -> Vec<Row> {
    const GIVEN: &str = "tim_zz tim_5 tim_3 tim_0 tim_ TIM_1 Tim_1 tim_01 tim_1%20 tim_-1 tim_zzzzzzzzzzzzzzzzzzzz tea_1 \
        fld_1 cmp_1 1 Support alt:name:Support ada@acme.example %00 %FF null";
    let members = r#"{"teammate_ids":["tea_1"]}"#;
    let asks = GIVEN.split(' ').flat_map(|given| {
        let (team, its_members) = (format!("/teams/{given}"), format!("/teams/{given}/teammates"));
        [
            ask("GET", team),
            ask("GET", its_members.as_str()),
            ask("POST", its_members.as_str()).json(members),
            ask("DELETE", its_members).json(members),
        ]
    });
    asks.map(|ask| ask.gets(404, UNKNOWN_TEAM, "Unknown team ID ")).collect()
}
