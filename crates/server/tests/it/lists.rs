//! What all lists share: limits, pages, page tokens, and what readers see while others write.

use crate::conversations::assign;
use crate::inboxes::{channel, public_inbox};
use crate::messages::receive;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::Read as _;
use std::time::Duration;
use tenure_testkit::{PUBLIC_URL, TestCompany, TestServer};

/// Makes so many teammates; their ids in the order in which they were made.
async fn teammates(company: &TestCompany, count: usize) -> Vec<String> {
    let mut ids = Vec::with_capacity(count);
    for number in 0..count {
        ids.push(company.teammate(&format!("t{number}@x.example")).await);
    }
    ids
}

/// The ids of a list, page by page, to its end.
pub(crate) async fn pages(company: &TestCompany, first: &str) -> Vec<Vec<String>> {
    let mut pages = vec![];
    let mut next = Some(first.to_owned());
    while let Some(path) = next {
        let page = company.get(&path).await.expect(200);
        pages.push(page.ids());
        next = page.next();
    }
    pages
}

/// The page token of the page after the first of a list, with one item a page.
async fn page_token(company: &TestCompany, list: &str) -> String {
    let next = company.get(&format!("{list}?limit=1")).await.expect(200).next();
    let next = next.expect("the list has a second page");
    next.split_once("page_token=").expect("a next page has a token").1.to_owned()
}

/// Makes a team with two members, and a second one like it; two inboxes, and two channels of the first; two conversations, and
/// two messages of the first. The paths of all lists with two items.
async fn lists_of_two(server: &TestServer, company: &TestCompany) -> [&'static str; 12] {
    let ids = teammates(company, 2).await;
    for name in ["Support", "Sales"] {
        let team = company.team(server, name).await;
        company.join(&team, &[&ids[0], &ids[1]]).await;
        company.custom_field(server, name, "string", &[]).await;
        public_inbox(company, name).await;
    }
    for _ in 0..2 {
        channel(company, "inb_1").await;
    }
    for handle in ["dee@shop.example", "eve@shop.example", "dee@shop.example"] {
        receive(company, handle).await;
    }
    for conversation in ["cnv_1", "cnv_2"] {
        assign(company, conversation, "tea_1").await;
    }
    [
        "/teammates",
        "/teammates/custom_fields",
        "/teammates/tea_1/inboxes",
        "/teammates/tea_1/conversations",
        "/teams",
        "/teams/tim_1/teammates",
        "/teams/tim_2/teammates",
        "/inboxes",
        "/inboxes/inb_1/channels",
        "/channels",
        "/conversations",
        "/conversations/cnv_1/messages",
    ]
}

/// Lists that have more than two items after [`lists_of_two`].
const LISTS_OF_MORE: [&str; 3] = ["/events", "/teammates/tea_1/history", "/conversations/cnv_1/events"];

/// A list, read from a server that has another address by now than its companies know.
async fn get_from(server: &TestServer, token: &str, path: &str) -> Value {
    let request = server.http().get(format!("http://{}{path}", server.address())).bearer_auth(token);
    let response = request.send().await.expect("the server answers");
    response.json().await.expect("a list is JSON")
}

#[tokio::test]
async fn an_empty_list_has_the_shape_of_a_list() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let listed = company.get("/teammates").await;
    insta::assert_snapshot!(listed, @r#"
    200
    content-type: application/json

    {
      "_links": {
        "self": "http://tenure.test/teammates"
      },
      "_pagination": {
        "next": null
      },
      "_results": []
    }
    "#);
}

#[tokio::test]
async fn a_page_has_50_items_unless_asked_otherwise() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let ids = teammates(&company, 51).await;
    let team = company.team(&server, "Support").await;
    company.join(&team, &ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for path in ["/teammates".to_owned(), format!("/teams/{team}/teammates")] {
        let sizes: Vec<_> = pages(&company, &path).await.iter().map(Vec::len).collect();
        assert_eq!(sizes, [50, 1], "{path}");
    }
}

#[tokio::test]
async fn a_page_has_at_most_100_items() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    teammates(&company, 101).await;
    let sizes: Vec<_> = pages(&company, "/teammates?limit=100").await.iter().map(Vec::len).collect();
    assert_eq!(sizes, [100, 1]);
    company.get("/teammates?limit=101").await.expect(400);
}

#[tokio::test]
async fn a_limit_that_is_none_is_refused() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for list in lists_of_two(&server, &company).await.into_iter().chain(LISTS_OF_MORE) {
        for limit in
            ["0", "-1", "101", "256", "99999999999999999999", "", "ten", "1.5", "+5", "%2B5", "5&limit=6"]
        {
            let refused = company.get(&format!("{list}?limit={limit}")).await;
            assert_eq!(refused.status, 400, "{list} {limit}: {refused}");
            assert!(refused.message().contains("limit"), "{list} {limit}: {refused}");
        }
    }
}

#[tokio::test]
async fn a_refused_limit_tells_what_is_right() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let refused = company.get("/teammates?limit=0").await;
    insta::assert_snapshot!(refused, @r#"
    400
    content-type: application/json

    {
      "_error": {
        "code": "request.bad_query",
        "details": [
          "limit must be a whole number from 1 to 100"
        ],
        "message": "Bad query: limit must be a whole number from 1 to 100",
        "status": 400,
        "title": "Bad request"
      }
    }
    "#);
}

#[tokio::test]
async fn a_list_names_itself_and_its_next_page_under_the_public_url() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for list in lists_of_two(&server, &company).await.into_iter().chain(LISTS_OF_MORE) {
        let page = company.get(&format!("{list}?limit=1")).await.expect(200).json();
        let next = page["_pagination"]["next"].as_str().unwrap();
        assert_eq!(page["_links"], json!({ "self": format!("{PUBLIC_URL}{list}") }), "{list}");
        assert!(next.starts_with(&format!("{PUBLIC_URL}{list}?limit=1&page_token=")), "{next}");
    }
}

#[tokio::test]
async fn the_last_page_has_no_next_even_when_it_is_full() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for list in lists_of_two(&server, &company).await {
        let page = company.get(&format!("{list}?limit=2")).await.expect(200);
        assert_eq!((page.ids().len(), &page.json()["_pagination"]), (2, &json!({ "next": null })), "{list}");
    }
}

#[tokio::test]
async fn pages_show_everybody_once_in_order_of_their_ids() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    // Enough that ids get a second digit: as texts, `tea_10` would come before `tea_z`.
    let ids = teammates(&company, 40).await;
    company.delete(&format!("/teammates/{}", ids[7])).await.expect(204);
    for limit in [1, 7, 40, 100] {
        let shown = pages(&company, &format!("/teammates?limit={limit}")).await;
        assert_eq!(shown.concat(), ids, "{limit}");
        assert!(shown.iter().rev().skip(1).all(|page| page.len() == limit), "{limit}: {shown:?}");
    }
}

#[tokio::test]
async fn offset_pagination_is_refused() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let refused = company.get("/teammates?offset=50").await;
    insta::assert_snapshot!(refused, @r#"
    400
    content-type: application/json

    {
      "_error": {
        "code": "request.bad_query",
        "details": [
          "offset is not supported; follow `_pagination.next`"
        ],
        "message": "offset pagination is not supported (offset); follow `_pagination.next`",
        "status": 400,
        "title": "Bad request"
      }
    }
    "#);
}

#[tokio::test]
async fn page_numbers_are_refused_in_every_list() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    for list in lists_of_two(&server, &company).await.into_iter().chain(LISTS_OF_MORE) {
        for query in ["page=1", "page=", "offset=0", "limit=1&page=2"] {
            let refused = company.get(&format!("{list}?{query}")).await.expect(400);
            let told = refused.message().starts_with("offset pagination is not supported");
            assert!(told, "{list} {query}: {refused}");
        }
    }
}

#[tokio::test]
async fn a_damaged_page_token_is_refused() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    teammates(&company, 2).await;
    let token = page_token(&company, "/teammates").await;
    let mut damaged = vec![String::new(), "1".to_owned(), token[1..].to_owned(), format!("{token}A")];
    for (place, letter) in token.char_indices() {
        let other = if letter == 'A' { "B" } else { "A" };
        damaged.push(format!("{}{other}{}", &token[..place], &token[place + 1..]));
    }
    for token in damaged {
        let refused = company.get(&format!("/teammates?page_token={token}")).await;
        assert_eq!(refused.status, 400, "{token}: {refused}");
        assert!(refused.message().contains("page_token"), "{token}: {refused}");
    }
}

#[tokio::test]
async fn a_page_token_of_another_company_is_refused() {
    let server = TestServer::start().await;
    let (acme, other) = (server.company("Acme").await, server.company("Other").await);
    teammates(&acme, 2).await;
    teammates(&other, 2).await;
    let foreign = page_token(&other, "/teammates").await;
    let refused = acme.get(&format!("/teammates?page_token={foreign}")).await;
    insta::assert_snapshot!(refused, @r#"
    400
    content-type: application/json

    {
      "_error": {
        "code": "request.bad_query",
        "details": [
          "page_token is damaged, or was made for another list or other parameters; start from the first page"
        ],
        "message": "Bad query: page_token is damaged, or was made for another list or other parameters; start from the first page",
        "status": 400,
        "title": "Bad request"
      }
    }
    "#);
}

#[tokio::test]
async fn a_page_token_opens_only_the_list_it_was_made_for() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let lists: Vec<_> = lists_of_two(&server, &company).await.into_iter().chain(LISTS_OF_MORE).collect();
    for made_for in &lists {
        let token = page_token(&company, made_for).await;
        for list in &lists {
            let status = company.get(&format!("{list}?page_token={token}")).await.status;
            assert_eq!(status, if list == made_for { 200 } else { 400 }, "{made_for} in {list}");
        }
    }
}

#[tokio::test]
async fn a_page_token_goes_with_its_limit() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let ids = teammates(&company, 3).await;
    let token = page_token(&company, "/teammates").await;
    company.get(&format!("/teammates?limit=2&page_token={token}")).await.expect(400);
    for query in ["", "limit=1&"] {
        let page = company.get(&format!("/teammates?{query}page_token={token}")).await.expect(200);
        assert_eq!(page.ids(), [ids[1].as_str()], "{query}");
        assert!(page.next().unwrap().contains("limit=1&"), "{query}");
    }
}

#[tokio::test]
async fn a_page_token_outlives_a_day() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let ids = teammates(&company, 2).await;
    let token = page_token(&company, "/teammates").await;
    server.clock().advance(Duration::from_hours(24));
    let page = company.get(&format!("/teammates?page_token={token}")).await.expect(200);
    assert_eq!(page.ids(), [ids[1].as_str()]);
}

#[tokio::test]
async fn a_page_token_outlives_a_restart() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let ids = teammates(&company, 2).await;
    let token = page_token(&company, "/teammates").await;
    let server = server.restart().await;
    let page = get_from(&server, &company.token, &format!("/teammates?page_token={token}")).await;
    assert_eq!(page["_results"][0]["id"], ids[1]);
}

#[tokio::test]
async fn a_page_goes_on_where_the_last_item_has_left_the_list() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let ids = teammates(&company, 3).await;
    let path = format!("/teams/{}/teammates", company.team(&server, "Support").await);
    company.post(&path, json!({ "teammate_ids": ids })).await.expect(204);
    let next = company.get(&format!("{path}?limit=1")).await.expect(200).next().unwrap();
    company.delete_with(&path, json!({ "teammate_ids": [ids[0]] })).await.expect(204);
    assert_eq!(company.get(&next).await.ids(), [ids[1].as_str()]);
}

#[tokio::test]
async fn a_list_is_compressed_for_those_who_take_it() {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    teammates(&company, 5).await;
    let plain = company.get("/teammates").await.expect(200);
    let request = company.request(reqwest::Method::GET, "/teammates").header("accept-encoding", "gzip");
    let compressed = company.send(request).await.expect(200);
    assert_eq!(compressed.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&compressed.body[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, plain.text());
}

/// What others do between two pages.
#[derive(Debug, Clone, Copy)]
enum Write {
    Create,
    Block(usize),
    Change(usize),
}

fn write() -> impl Strategy<Value = Write> {
    prop_oneof![
        Just(Write::Create),
        (0..64_usize).prop_map(Write::Block),
        (0..64_usize).prop_map(Write::Change),
    ]
}

async fn carry_out(company: &TestCompany, write: Write, made: &mut Vec<String>) {
    match write {
        Write::Create => {
            made.push(company.teammate(&format!("later{}@x.example", made.len())).await);
        }
        Write::Block(which) => {
            let id = &made[which % made.len()];
            company.delete(&format!("/teammates/{id}")).await.expect(204);
        }
        Write::Change(which) => {
            let id = &made[which % made.len()];
            let change = json!({ "email": format!("{id}@changed.example"), "username": format!("a_{id}") });
            company.patch(&format!("/teammates/{id}"), change).await.expect(204);
        }
    }
}

async fn read_while_others_write(before: usize, limit: usize, writes: Vec<Vec<Write>>) {
    let server = TestServer::start().await;
    let company = server.company("Acme").await;
    let mut made = teammates(&company, before).await;
    let mut writes = writes.into_iter();
    let mut shown = vec![];
    let mut next = Some(format!("/teammates?limit={limit}"));
    while let Some(path) = next {
        let page = company.get(&path).await.expect(200);
        shown.extend(page.ids());
        next = page.next();
        for write in writes.next().unwrap_or_default() {
            carry_out(&company, write, &mut made).await;
        }
    }
    let missed: Vec<_> = made[..before].iter().filter(|id| !shown.contains(id)).collect();
    assert!(missed.is_empty(), "{missed:?} of {shown:?}");
    let mut once = shown.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), shown.len(), "{shown:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn nobody_is_shown_twice_and_none_that_was_there_is_missed_while_others_write(
        before in 1..30_usize,
        limit in 1..=8_usize,
        writes in vec(vec(write(), 0..4), 0..30),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(read_while_others_write(before, limit, writes));
    }
}
