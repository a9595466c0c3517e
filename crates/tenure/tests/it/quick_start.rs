//! The guide's two scenarios, as a newcomer would do them: over HTTP against `serve --demo`.

use crate::process::{Api, Demo};
use serde_json::{Value, json};
use tenure_testkit::Reply;

/// An answer that is 204 and nothing else.
fn is_bare_204(reply: &Reply) -> bool {
    reply.status == 204 && reply.body.is_empty() && reply.header("content-type").is_none()
}

/// All pages of a list.
async fn pages(api: &Api, path: &str) -> Vec<Value> {
    let mut pages = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(target) = next {
        let page = api.get(&target).await.expect(200).json();
        next = page["_pagination"]["next"].as_str().map(str::to_owned);
        pages.push(page);
    }
    pages
}

fn items(pages: &[Value]) -> Vec<&Value> {
    pages.iter().flat_map(|page| page["_results"].as_array().unwrap()).collect()
}

#[tokio::test]
async fn a_new_teammate_is_provisioned_and_put_into_a_team() {
    let demo = Demo::start();
    let api = demo.server.api(&demo.token);
    let wish = json!({
        "email": "yara.haddad@harborcoffee.example",
        "first_name": "Yara",
        "last_name": "Haddad",
        "custom_fields": { "Department": "Support" }
    });

    let created = api.post("/teammates", wish.clone()).await.expect(201);
    let teammate = created.json();
    let id = teammate["id"].as_str().unwrap();
    let url = format!("{}/teammates/{id}", demo.server.url());
    assert_eq!(created.header("location"), Some(url.as_str()));
    for (field, value) in wish.as_object().unwrap() {
        assert_eq!(&teammate[field], value, "{field}");
    }

    let joined = api.post("/teams/tim_1/teammates", json!({ "teammate_ids": [id] })).await;
    assert!(is_bare_204(&joined), "{joined}");

    let members = pages(&api, "/teams/tim_1/teammates").await;
    assert!(items(&members).contains(&&teammate), "{members:?}");
}

#[tokio::test]
async fn a_teammate_who_leaves_is_found_by_address_and_deactivated() {
    let demo = Demo::start();
    let api = demo.server.api(&demo.token);

    let pages = pages(&api, "/teammates?limit=10").await;
    let sizes: Vec<_> = pages.iter().map(|page| page["_results"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [10, 10, 4]);
    let items = items(&pages);
    let leaver = items.iter().find(|item| item["email"] == "umar.siddiqui@harborcoffee.example").unwrap();
    assert_eq!(leaver["is_blocked"], false);
    let path = format!("/teammates/{}", leaver["id"].as_str().unwrap());

    let deactivated = api.delete(&path).await;
    assert!(is_bare_204(&deactivated), "{deactivated}");

    let after = api.get(&path).await.expect(200).json();
    let mut expected = Value::clone(leaver);
    expected["is_blocked"] = json!(true);
    assert_eq!(after, expected);

    let again = api.delete(&path).await;
    assert!(is_bare_204(&again), "{again}");
}

#[tokio::test]
async fn the_pages_of_a_list_begin_with_the_servers_url_and_end_with_null() {
    let demo = Demo::start();
    let pages = pages(&demo.server.api(&demo.token), "/teammates?limit=10").await;
    let base = format!("{}/teammates?limit=10&page_token=", demo.server.url());
    let (last, before) = pages.split_last().unwrap();
    for page in before {
        assert!(page["_pagination"]["next"].as_str().unwrap().starts_with(&base), "{page}");
    }
    assert_eq!(last["_pagination"], json!({ "next": null }));
}
