//! Ids in paths that are of nothing of the company.

use super::UNKNOWN_TEAMMATE;
use super::rows::{Ask, Row, ask};

const UNKNOWN_TEAM: &str = "team.unknown";

/// Every operation on one teammate, with a body where it needs one.
fn on_one_teammate(given: &str) -> [Ask; 8] {
    let path = format!("/teammates/{given}");
    [
        ask("GET", path.as_str()),
        ask("PATCH", path.as_str()).json(r#"{"first_name":"X"}"#),
        ask("DELETE", path.as_str()),
        ask("GET", format!("{path}/inboxes")),
        ask("GET", format!("{path}/conversations")),
        ask("GET", format!("{path}/history")),
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

pub(super) fn unknown_inboxes() -> Vec<Row> {
    const INBOXES: &str = "inb_zz inb_3 inb_0 inb_ INB_1 inb_01 inb_1%20 inb_-1 inb_zzzzzzzzzzzzzzzzzzzz cha_1 tim_1 1 \
        custom_fields Orders %00 %FF null";
    const CHANNELS: &str = "cha_zz cha_3 cha_0 cha_ CHA_1 cha_01 cha_1%20 cha_-1 cha_zzzzzzzzzzzzzzzzzzzz inb_1 1 \
        alt:address:dee %00 %FF null";
    let inboxes = INBOXES.split(' ').flat_map(|given| {
        let (inbox, its_channels) = (format!("/inboxes/{given}"), format!("/inboxes/{given}/channels"));
        let create = ask("POST", its_channels.as_str()).json(r#"{"type":"custom"}"#);
        let asks = [ask("GET", inbox), ask("GET", its_channels), create];
        asks.map(|ask| ask.gets(404, "inbox.unknown", "Unknown inbox ID "))
    });
    let channels = CHANNELS.split(' ').flat_map(|given| {
        let receive = ask("POST", format!("/channels/{given}/incoming_messages"));
        let receive = receive.json(r#"{"sender":{"handle":"dee"},"body":"Hello?"}"#);
        let asks = [ask("GET", format!("/channels/{given}")), receive];
        asks.map(|ask| ask.gets(404, "channel.unknown", "Unknown channel ID "))
    });
    inboxes.chain(channels).collect()
}

pub(super) fn unknown_conversations() -> Vec<Row> {
    const GIVEN: &str = "cnv_zz cnv_3 cnv_0 cnv_ CNV_1 cnv_01 cnv_1%20 cnv_-1 cnv_zzzzzzzzzzzzzzzzzzzz msg_1 tea_1 1 \
        alt:ref:order-7 %00 %FF null";
    let asks = GIVEN.split(' ').flat_map(|given| {
        let path = format!("/conversations/{given}");
        [
            ask("GET", path.as_str()),
            ask("PATCH", path.as_str()).json(r#"{"status":"archived"}"#),
            ask("PUT", format!("{path}/assignee")).json(r#"{"assignee_id":"tea_1"}"#),
            ask("GET", format!("{path}/messages")),
            ask("POST", format!("{path}/messages")).json(r#"{"body":"Hello!"}"#),
            ask("GET", format!("{path}/events")),
        ]
    });
    asks.map(|ask| ask.gets(404, "conversation.unknown", "Unknown conversation ID ")).collect()
}

pub(super) fn unknown_messages_and_events() -> Vec<Row> {
    const MESSAGES: &str = "msg_zz msg_3 msg_0 msg_ MSG_1 msg_01 msg_1%20 msg_-1 msg_zzzzzzzzzzzzzzzzzzzz cnv_1 tea_1 1 \
        alt:uid: alt:uid:msg_3 alt:uid:1 ALT:UID:msg_1 alt:email:ada@acme.example %00 %FF null";
    // The first is of the company, and nobody is told of it.
    const EVENTS: &str = "evt_1 evt_zzzz evt_0 evt_ EVT_9 evt_09 evt_9%20 evt_-1 evt_zzzzzzzzzzzzz evt_zzzzzzzzzzzzzzzzzzzz \
        msg_1 9 %00 %FF null";
    let messages = MESSAGES.split(' ').map(|given| {
        ask("GET", format!("/messages/{given}")).gets(404, "message.unknown", "Unknown message ID ")
    });
    let events = EVENTS
        .split(' ')
        .map(|given| ask("GET", format!("/events/{given}")).gets(404, "event.unknown", "Unknown event ID "));
    messages.chain(events).collect()
}
