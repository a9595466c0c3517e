//! Queries that are refused: limits, offsets, page tokens and moments.

use super::fixture::{PAGED, PageTokens};
use super::rows::{Row, ask};

const BAD_QUERY: &str = "request.bad_query";

/// The lists that are empty as long as there are no conversations.
const EMPTY: [&str; 2] = ["/teammates/tea_1/inboxes", "/teammates/tea_1/conversations"];

pub(super) fn bad_limits() -> Vec<Row> {
    const LIMITS: &str = "0 101 255 256 x -1 1.5 1e1 0x10 %2B5 +5 99999999999999999999 50%00 null %D9%A1";
    let (range, once) = ("limit must be a whole number from 1 to 100", "limit must be given once");
    let mut rows = Vec::new();
    for list in PAGED.into_iter().chain(EMPTY) {
        for limit in LIMITS.split(' ').chain([""]) {
            rows.push(ask("GET", format!("{list}?limit={limit}")).gets(400, BAD_QUERY, range));
        }
        rows.push(ask("GET", format!("{list}?limit=5&limit=5")).gets(400, BAD_QUERY, once));
    }
    rows
}

pub(super) fn offset_pagination() -> Vec<Row> {
    let mut rows = Vec::new();
    for list in PAGED.into_iter().chain(EMPTY) {
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
    for list in EMPTY {
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
    let single = ["/teammates/tea_1", "/teammates/tea_1/invitation", "/teams/tim_1"];
    for path in PAGED.into_iter().chain(EMPTY).chain(single) {
        for moment in MOMENTS.split(' ').chain([""]) {
            rows.push(ask("GET", format!("{path}?as_of={moment}")).gets(400, BAD_QUERY, form));
        }
        rows.push(ask("GET", format!("{path}?as_of=1&as_of=1")).gets(400, BAD_QUERY, once));
        rows.push(ask("GET", format!("{path}?as_of=1")).gets(404, "request.before_the_company", unborn));
    }
    rows
}
