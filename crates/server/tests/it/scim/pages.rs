//! "Operations", pages and sort, and "Cursor pages" (RFC 9865).

use crate::scim::{Scim, ids, scim_type, user, with};
use serde_json::{Value, json};
use tenure_testkit::Reply;

/// Twelve users; their ids.
async fn twelve() -> (Scim, Vec<String>) {
    let scim = Scim::start().await;
    let mut all = Vec::new();
    for number in 0..12 {
        let title = ["c", "a", "B"][number % 3];
        let sent = with(user(&format!("p{number:02}@x.example")), json!({"title": title}));
        all.push(scim.created("/Users", sent).await);
    }
    (scim, all)
}

/// All pages by cursor.
async fn walk(scim: &Scim, first: &str) -> Vec<Reply> {
    let mut pages = vec![scim.get(&format!("{first}&cursor=")).await.expect(200)];
    while let Some(next) = pages.last().unwrap().json()["nextCursor"].as_str() {
        let page = scim.get(&format!("{first}&cursor={next}")).await.expect(200);
        pages.push(page);
    }
    pages
}

#[tokio::test]
async fn start_index_and_count() {
    let (scim, all) = twelve().await;
    let page = scim.get("/Users?startIndex=3&count=5").await.expect(200);
    assert_eq!(ids(&page), all[2..7]);
    let page = page.json();
    assert_eq!(
        (&page["totalResults"], &page["itemsPerPage"], &page["startIndex"]),
        (&json!(12), &json!(5), &json!(3))
    );
}

#[tokio::test]
async fn the_order_without_one_is_that_of_creation() {
    let (scim, all) = twelve().await;
    assert_eq!(ids(&scim.get("/Users").await), all);
}

#[tokio::test]
async fn a_start_index_below_one_is_one() {
    let (scim, all) = twelve().await;
    for start in ["0", "-5"] {
        let page = scim.get(&format!("/Users?startIndex={start}&count=1")).await.expect(200);
        assert_eq!((ids(&page), &page.json()["startIndex"]), (vec![all[0].clone()], &json!(1)));
    }
}

#[tokio::test]
async fn a_count_of_nothing_or_less_gives_totals_only() {
    let (scim, _) = twelve().await;
    for count in ["0", "-1"] {
        let page = scim.get(&format!("/Users?count={count}")).await.expect(200).json();
        assert_eq!(
            (&page["totalResults"], &page["itemsPerPage"], &page["Resources"]),
            (&json!(12), &json!(0), &json!([]))
        );
    }
}

#[tokio::test]
async fn past_the_end_is_empty_with_the_right_total() {
    let (scim, _) = twelve().await;
    let page = scim.get("/Users?startIndex=100&count=10").await.expect(200).json();
    assert_eq!(
        (&page["totalResults"], &page["itemsPerPage"], &page["startIndex"], &page["Resources"]),
        (&json!(12), &json!(0), &json!(100), &json!([]))
    );
}

#[tokio::test]
async fn items_per_page_is_what_is_there() {
    let (scim, _) = twelve().await;
    assert_eq!(scim.get("/Users?count=100").await.json()["itemsPerPage"], json!(12));
    assert_eq!(scim.get("/Users?startIndex=11&count=100").await.json()["itemsPerPage"], json!(2));
}

#[tokio::test]
async fn a_page_has_at_most_200() {
    let scim = Scim::start().await;
    for number in 0..201 {
        scim.rest.teammate(&format!("p{number}@x.example")).await;
    }
    let page = scim.get("/Users?count=5000").await.expect(200).json();
    assert_eq!((&page["totalResults"], &page["itemsPerPage"]), (&json!(201), &json!(200)));
}

#[tokio::test]
async fn no_number_is_refused() {
    let (scim, _) = twelve().await;
    for query in ["count=ten", "startIndex=1.5", "count="] {
        assert_eq!(
            scim_type(&scim.get(&format!("/Users?{query}")).await.expect(400)),
            "invalidValue",
            "{query}"
        );
    }
}

#[tokio::test]
async fn sort_by_and_order() {
    let (scim, all) = twelve().await;
    let page = scim.get("/Users?sortBy=userName&sortOrder=descending&count=2").await.expect(200);
    assert_eq!(ids(&page), [all[11].clone(), all[10].clone()]);
    let page = scim.get("/Users?sortBy=title&count=5").await.expect(200);
    assert_eq!(ids(&page), [&all[1], &all[4], &all[7], &all[10], &all[2]].map(Clone::clone));
    scim.get("/Users?sortBy=name.familyName").await.expect(200);
    scim.get("/Users?sortBy=urn:ietf:params:scim:schemas:core:2.0:User:userName").await.expect(200);
}

#[tokio::test]
async fn what_has_no_value_comes_last_and_first_descending() {
    let (scim, all) = twelve().await;
    scim.patch(&format!("/Users/{}", all[3]), json!([{"op": "remove", "path": "title"}])).await.expect(200);
    assert_eq!(ids(&scim.get("/Users?sortBy=title").await).last(), Some(&all[3]));
    assert_eq!(ids(&scim.get("/Users?sortBy=title&sortOrder=descending").await).first(), Some(&all[3]));
}

#[tokio::test]
async fn an_order_by_nothing_is_refused() {
    let (scim, _) = twelve().await;
    for query in ["sortBy=shoeSize", "sortBy=name", "sortBy=userName&sortOrder=sideways"] {
        assert_eq!(
            scim_type(&scim.get(&format!("/Users?{query}")).await.expect(400)),
            "invalidValue",
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_walk_by_cursor_shows_everybody_once() {
    let (scim, all) = twelve().await;
    for first in [
        "/Users?count=5",
        "/Users?count=5&filter=userName%20sw%20%22p%22",
        "/Users?count=12",
        "/Users?count=1",
    ] {
        let pages = walk(&scim, first).await;
        let shown: Vec<_> = pages.iter().flat_map(ids).collect();
        assert_eq!(shown, all, "{first}");
        assert_eq!(pages.last().unwrap().json().get("nextCursor"), None);
    }
}

#[tokio::test]
async fn a_sorted_walk_by_cursor_keeps_the_order() {
    let (scim, _) = twelve().await;
    for order in ["ascending", "descending"] {
        let first = format!("/Users?sortBy=title&sortOrder={order}&count=5");
        let walked: Vec<_> = walk(&scim, &first).await.iter().flat_map(ids).collect();
        let whole = ids(&scim.get(&format!("/Users?sortBy=title&sortOrder={order}")).await);
        assert_eq!(walked, whole);
    }
}

#[tokio::test]
async fn a_cursor_page_has_no_start_index_and_a_cursor_of_unreserved_characters() {
    let (scim, _) = twelve().await;
    let page = scim.get("/Users?count=5&cursor").await.expect(200).json();
    assert_eq!((page.get("startIndex"), page.get("previousCursor")), (None, None));
    let cursor = page["nextCursor"].as_str().unwrap();
    assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)));
}

#[tokio::test]
async fn a_cursor_stays_exact_while_people_come_and_go() {
    let (scim, all) = twelve().await;
    let first = scim.get("/Users?count=5&cursor=").await.json();
    let cursor = first["nextCursor"].as_str().unwrap().to_owned();
    for gone in [&all[0], &all[4], &all[5]] {
        scim.delete(&format!("/Users/{gone}")).await.expect(204);
    }
    let new = scim.user("new@x.example").await;
    let rest = ids(&scim.get(&format!("/Users?count=5&cursor={cursor}")).await.expect(200));
    assert_eq!(rest, all[6..11]);
    assert_eq!(ids(&scim.get("/Users").await).last(), Some(&new));
}

#[tokio::test]
async fn a_cursor_survives_a_restart() {
    let (scim, all) = twelve().await;
    let token = scim.rest.scim_token(&scim.server).await;
    let cursor = scim.get("/Users?count=5&cursor=").await.json()["nextCursor"].as_str().unwrap().to_owned();
    let server = scim.server.restart().await;
    let url = format!("http://{}/scim/v2/Users?count=5&cursor={cursor}", server.address());
    let page = server.http().get(url).bearer_auth(token).send().await.unwrap().bytes().await.unwrap();
    let page: Value = serde_json::from_slice(&page).unwrap();
    assert_eq!(page["Resources"][0]["id"], json!(all[5]));
}

#[tokio::test]
async fn a_bad_cursor_is_invalid_whatever_is_wrong_with_it() {
    let (scim, _) = twelve().await;
    let cursor = scim.get("/Users?count=5&cursor=").await.json()["nextCursor"].as_str().unwrap().to_owned();
    let forged = format!("{}A", &cursor[..cursor.len() - 1]);
    let mut details = Vec::new();
    for query in [
        "cursor=nonsense".to_owned(),
        format!("cursor={forged}B"),
        format!("cursor={cursor}&filter=userName%20pr"),
        format!("cursor={cursor}&sortBy=userName"),
        format!("cursor={cursor}&attributes=userName"),
    ] {
        let refused = scim.get(&format!("/Users?{query}")).await.expect(400);
        assert_eq!(scim_type(&refused), "invalidCursor", "{query}");
        details.push(refused.json()["detail"].clone());
    }
    let refused = scim.get(&format!("/Groups?cursor={cursor}")).await.expect(400);
    details.push(refused.json()["detail"].clone());
    details.dedup();
    assert_eq!(details.len(), 1, "{details:?}");
}

#[tokio::test]
async fn a_cursor_of_another_company_is_invalid() {
    let (scim, _) = twelve().await;
    let cursor = scim.get("/Users?count=5&cursor=").await.json()["nextCursor"].as_str().unwrap().to_owned();
    let other = scim.server.company("Other").await;
    let other = other.with_token(other.scim_token(&scim.server).await);
    let refused = other.get(&format!("/scim/v2/Users?count=5&cursor={cursor}")).await.expect(400);
    assert_eq!(scim_type(&refused), "invalidCursor");
}

#[tokio::test]
async fn an_old_cursor_has_expired() {
    let (scim, _) = twelve().await;
    let cursor = scim.get("/Users?count=5&cursor=").await.json()["nextCursor"].as_str().unwrap().to_owned();
    scim.server.clock().advance(std::time::Duration::from_hours(1));
    scim.get(&format!("/Users?count=5&cursor={cursor}")).await.expect(200);
    scim.server.clock().advance(std::time::Duration::from_secs(1));
    let refused = scim.get(&format!("/Users?count=5&cursor={cursor}")).await.expect(400);
    assert_eq!(scim_type(&refused), "expiredCursor");
}

#[tokio::test]
async fn a_count_that_changes_or_is_too_large_is_invalid() {
    let (scim, _) = twelve().await;
    let cursor = scim.get("/Users?count=5&cursor=").await.json()["nextCursor"].as_str().unwrap().to_owned();
    for query in [format!("count=6&cursor={cursor}"), "count=201&cursor=".to_owned()] {
        assert_eq!(
            scim_type(&scim.get(&format!("/Users?{query}")).await.expect(400)),
            "invalidCount",
            "{query}"
        );
    }
    let totals = scim.get("/Users?count=0&cursor=").await.expect(200).json();
    assert_eq!((&totals["totalResults"], &totals["Resources"]), (&json!(12), &json!([])));
}

#[tokio::test]
async fn both_ways_of_paging_at_once_are_refused() {
    let (scim, _) = twelve().await;
    assert_eq!(scim_type(&scim.get("/Users?startIndex=1&cursor=").await.expect(400)), "invalidValue");
}
