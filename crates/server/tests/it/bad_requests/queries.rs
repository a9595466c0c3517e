//! Queries that are refused: limits, offsets, page tokens, moments, and what a list is chosen by.

use super::fixture::{PAGED, PageTokens};
use super::rows::{Row, ask};

const BAD_QUERY: &str = "request.bad_query";

/// The other lists that look back.
const OTHERS: [&str; 3] =
    ["/teammates/tea_1/inboxes", "/teammates/tea_1/conversations", "/inboxes/inb_1/channels"];
/// The lists that do not: they tell what happened as it is.
const OF_EVENTS: [&str; 4] =
    ["/events", "/teammates/tea_1/history", "/conversations/cnv_1/events", "/conversations/cnv_1/messages"];

pub(super) fn bad_limits() -> Vec<Row> {
    const LIMITS: &str = "0 101 255 256 x -1 1.5 1e1 0x10 %2B5 +5 99999999999999999999 50%00 null %D9%A1";
    let (range, once) = ("limit must be a whole number from 1 to 100", "limit must be given once");
    let mut rows = Vec::new();
    for list in PAGED.into_iter().chain(OTHERS).chain(OF_EVENTS) {
        for limit in LIMITS.split(' ').chain([""]) {
            rows.push(ask("GET", format!("{list}?limit={limit}")).gets(400, BAD_QUERY, range));
        }
        rows.push(ask("GET", format!("{list}?limit=5&limit=5")).gets(400, BAD_QUERY, once));
    }
    rows
}

pub(super) fn offset_pagination() -> Vec<Row> {
    let mut rows = Vec::new();
    for list in PAGED.into_iter().chain(OTHERS).chain(OF_EVENTS) {
        for query in ["offset=0", "offset=10&limit=5", "offset", "page=1", "page="] {
            let part = "offset pagination is not supported";
            rows.push(ask("GET", format!("{list}?{query}")).gets(400, BAD_QUERY, part));
        }
    }
    rows
}

pub(super) fn bad_page_tokens(pages: &PageTokens) -> Vec<Row> {
    let (other, once) = (
        "page_token is damaged, or was made for another list or other parameters",
        "page_token must be given once",
    );
    let mut rows = Vec::new();
    let mut bad = |list: &str, query: &str, part: &str| {
        rows.push(ask("GET", format!("{list}?{query}")).gets(400, BAD_QUERY, part));
    };
    for (index, list) in PAGED.into_iter().enumerate() {
        let (own, foreign) = (&pages.own[index], &pages.foreign[index]);
        let of_another_list = &pages.own[(index + 1) % PAGED.len()];
        bad(list, &format!("limit=1&page_token={foreign}"), other);
        bad(list, &format!("page_token={foreign}"), other);
        bad(list, &format!("limit=1&page_token={of_another_list}"), other);
        bad(list, &format!("limit=2&page_token={own}"), other);
        bad(list, &format!("limit=1&page_token={own}&as_of=1767225600"), other);
        bad(list, &format!("limit=1&page_token={own}&page_token={own}"), once);
        let (reversed, longer): (String, String) = (own.chars().rev().collect(), format!("{own}A"));
        for damaged in ["", "x", "%00", "%FF", "null", "tea_1", reversed.as_str(), longer.as_str(), &own[1..]]
        {
            bad(list, &format!("limit=1&page_token={damaged}"), other);
        }
    }
    for list in OTHERS.into_iter().chain(OF_EVENTS) {
        bad(list, &format!("limit=1&page_token={}", pages.own[0]), other);
    }
    bad("/teams/tim_2/teammates", &format!("limit=1&page_token={}", pages.own[2]), other);
    rows
}

pub(super) fn bad_moments() -> Vec<Row> {
    const MOMENTS: &str = "now -1 yesterday 2026-01-01 2026-01-01T00:00:00 2026-13-01T00:00:00Z 2026-01-32T00:00:00Z \
        2026-01-01T25:00:00Z 1e9 1.2345 99999999999999999999 Infinity";
    let (form, once) = ("as_of must be a time in ISO 8601 with a zone", "as_of must be given once");
    let unborn = "at that time this company did not exist yet";
    let mut rows = Vec::new();
    let single = [
        "/teammates/tea_1",
        "/teammates/tea_1/invitation",
        "/teams/tim_1",
        "/inboxes/inb_1",
        "/channels/cha_1",
        "/conversations/cnv_1",
    ];
    for path in PAGED.into_iter().chain(OTHERS).chain(single) {
        for moment in MOMENTS.split(' ').chain([""]) {
            rows.push(ask("GET", format!("{path}?as_of={moment}")).gets(400, BAD_QUERY, form));
        }
        rows.push(ask("GET", format!("{path}?as_of=1&as_of=1")).gets(400, BAD_QUERY, once));
        rows.push(ask("GET", format!("{path}?as_of=1")).gets(404, "request.before_the_company", unborn));
    }
    rows
}

pub(super) fn bad_choices() -> Vec<Row> {
    const STATUSES: &str = "snoozed Open OPEN open,archived unassigned%20 null %00 %FF";
    const TYPES: &str =
        "teammate.exploded teammate.* teammate.blocked assignee_changed Assign assign,unassign null %00 %FF";
    const TIMES: &str = "now -1 1.2345 1e9 0x10 2026-01-01 99999999999999999999 NaN %00 %FF";
    let mut rows = Vec::new();
    let mut bad = |path: String, part: &str| rows.push(ask("GET", path).gets(400, BAD_QUERY, part));
    for list in ["/conversations", "/teammates/tea_1/conversations"] {
        for status in STATUSES.split(' ').chain([""]) {
            bad(format!("{list}?q[statuses][]={status}"), "q[statuses][] must be one of: assigned, ");
            bad(
                format!("{list}?q[statuses][]=open&q[statuses][]={status}"),
                "q[statuses][] must be one of: ",
            );
        }
    }
    for word in TYPES.split(' ').chain([""]) {
        bad(format!("/events?q[types][]={word}"), "q[types][] must be one of: teammate.created, ");
        bad(format!("/events?q[types][]=assign&q[types][]={word}"), "q[types][] must be one of: ");
    }
    for name in ["q[before]", "q[after]"] {
        for time in TIMES.split(' ').chain([""]) {
            bad(format!("/events?{name}={time}"), &format!("{name} must be a time in epoch seconds"));
        }
        bad(format!("/events?{name}=1&{name}=1"), &format!("{name} must be given once"));
    }
    rows
}
