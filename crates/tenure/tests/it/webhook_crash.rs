//! `kill -9` of the real binary between the steps of a webhook's way: when an event is stored and not enqueued, enqueued and
//! not sent, sent and not recorded. The receiver outlives it. `cargo xtask faults webhooks` does it hundreds of times, with
//! a port that refuses, with a signal right after an answer, and looks at the signatures.

use crate::process::{Api, RunningServer, Tenure};
use reqwest::Method;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tenure_testkit::{Answering, Received, Receiver, eventually};

const ALLOW: [&str; 2] = ["--webhook-allow", "127.0.0.0/8"];
/// How often the server is killed at each point.
const ROUNDS: usize = 2;
/// How often a kill may come after the follower, before something else is wrong. It gathers for 20 ms, and a busy machine can
/// be slower than that.
const TRIES: usize = 20;

/// Events that the follower of webhooks has not been at.
const NOT_ENQUEUED: &str = "SELECT count(*) FROM events WHERE name = 'teammate.updated' AND position > \
                            (SELECT max(position) FROM checkpoints WHERE follower = 'webhooks')";
const PENDING: &str = "SELECT count(*) FROM deliveries WHERE status = 0";

/// Two teammates who are renamed, a webhook, and its receiver.
struct Stage {
    receiver: Receiver,
    token: String,
    people: Vec<String>,
    /// The latest name that was given to anybody; names are numbers that rise.
    name: u64,
    /// The last event before the webhook.
    before: String,
    webhook: String,
    tenure: Tenure,
}

impl Stage {
    async fn set() -> Self {
        let (tenure, receiver) = (Tenure::with_company(), Receiver::start().await);
        tenure.ok(&["company", "set", "invitations=hold"]);
        let (server, token) = (tenure.serve(&ALLOW), tenure.token());
        let api = server.api(&token);
        let mut people = Vec::new();
        for email in ["ana@acme.example", "bo@acme.example"] {
            let created = api.post("/teammates", json!({ "email": email })).await.expect(201).json();
            people.push(text(&created["id"]));
        }
        let before = api.get("/events?limit=1").await.expect(200).ids().remove(0);
        let created = api.post("/webhooks", json!({ "url": receiver.url() })).await.expect(201).json();
        server.terminate();
        let webhook = text(&created["id"]);
        Self { receiver, token, people, name: 0, before, webhook, tenure }
    }

    fn serve(&self) -> (RunningServer, Api) {
        let server = self.tenure.serve(&ALLOW);
        let api = server.api(&self.token);
        (server, api)
    }

    /// Gives a teammate a new name.
    async fn rename(&mut self, api: &Api, person: usize) {
        self.name += 1;
        let path = format!("/teammates/{}", self.people[person]);
        let wish = json!({ "first_name": self.name.to_string() });
        api.try_send(Method::PATCH, &path, Some(wish)).await.unwrap().expect(204);
    }

    /// Kills the server right after an answer, before the follower has been at the event.
    async fn kill_before_it_is_enqueued(&mut self) {
        for _ in 0..TRIES {
            let (server, api) = self.serve();
            self.rename(&api, 0).await;
            server.kill_9();
            if self.count(NOT_ENQUEUED) > 0 {
                return;
            }
        }
        panic!("the follower was faster than {TRIES} kills");
    }

    /// Kills the server while something waits behind something about the same teammate that nobody answers.
    async fn kill_before_it_is_sent(&mut self) {
        let (server, api) = self.serve();
        let sent = self.let_nothing_be_answered(&api).await;
        for person in [0, 1, 0, 1] {
            self.rename(&api, person).await;
        }
        until("what was written to be enqueued", async || self.pending(&api).await == 4).await;
        // What is first about each teammate.
        self.receiver.wait_for(sent + 2).await;
        server.kill_9();
        assert_eq!((self.count(PENDING), self.receiver.received().len()), (4, sent + 2));
        self.receiver.answer(Answering::With(200));
    }

    /// Kills the server when the receiver has read a request and not answered it.
    async fn kill_before_it_is_recorded(&mut self) {
        let (server, api) = self.serve();
        let sent = self.let_nothing_be_answered(&api).await;
        for person in [0, 1] {
            self.rename(&api, person).await;
        }
        self.receiver.wait_for(sent + 2).await;
        server.kill_9();
        assert_eq!(self.count(PENDING), 2);
        self.receiver.answer(Answering::With(200));
    }

    /// Lets everything be delivered that was left, and nothing from then on; how much has come.
    async fn let_nothing_be_answered(&mut self, api: &Api) -> usize {
        self.let_everything_arrive(api).await;
        self.receiver.answer(Answering::Never);
        self.receiver.received().len()
    }

    /// Renames everybody once more, and waits until that has arrived: what is about a teammate comes in order, so all that
    /// is to come has come then.
    async fn let_everything_arrive(&mut self, api: &Api) {
        for person in [0, 1] {
            self.rename(api, person).await;
        }
        let latest = [self.name - 1, self.name].map(|name| name.to_string());
        until("the latest names to arrive", async || latest.iter().all(|name| self.was_told(name))).await;
        until("nothing to be pending", async || self.pending(api).await == 0).await;
    }

    fn was_told(&self, name: &str) -> bool {
        let received = self.receiver.received();
        received.iter().any(|one| one.json()["target"]["data"]["first_name"] == name)
    }

    async fn pending(&self, api: &Api) -> u64 {
        let shown = api.get(&format!("/webhooks/{}", self.webhook)).await.expect(200).json();
        shown["health"]["pending"].as_u64().unwrap()
    }

    /// The events since the webhook was created.
    async fn listed(&self, api: &Api) -> BTreeSet<String> {
        let mut listed = BTreeSet::new();
        let mut next = Some("/events?limit=100".to_owned());
        while let Some(target) = next {
            let page = api.get(&target).await.expect(200);
            for event in page.ids() {
                if event == self.before {
                    return listed;
                }
                listed.insert(event);
            }
            next = page.json()["_pagination"]["next"].as_str().map(str::to_owned);
        }
        panic!("{} is not listed", self.before);
    }

    /// A number from the journal of a server that is dead.
    fn count(&self, query: &str) -> i64 {
        let journal = self.tenure.path("data/journal.db");
        let journal = Connection::open_with_flags(journal, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        journal.query_row(query, [], |row| row.get(0)).unwrap()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn until(what: &str, look: impl AsyncFn() -> bool) {
    eventually(what, async || look().await.then_some(())).await;
}

/// The events that came: each under one id and with the same bytes, and in order about each teammate.
fn judged(received: &[Received]) -> BTreeSet<String> {
    let (mut bytes, mut latest, mut came) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
    for one in received {
        let id = one.header("webhook-id");
        if let Some(before) = bytes.insert(id, one.body.as_str()) {
            assert_eq!(before, one.body, "{id} came with other bytes");
            continue;
        }
        let told = one.json();
        assert!(came.insert(text(&told["id"])), "{told} came under two ids");
        let about = &told["target"]["data"];
        let name: u64 = text(&about["first_name"]).parse().unwrap();
        let place = (told["sequence"].as_u64().unwrap(), name);
        let before = latest.insert(text(&about["id"]), place).unwrap_or_default();
        assert!(before.0 < place.0 && before.1 < place.1, "{before:?} came before {place:?}");
    }
    came
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_arrives_in_order_under_the_same_id_wherever_on_its_way_the_server_is_killed() {
    let mut stage = Stage::set().await;
    for _ in 0..ROUNDS {
        stage.kill_before_it_is_enqueued().await;
        stage.kill_before_it_is_sent().await;
        stage.kill_before_it_is_recorded().await;
    }
    let (server, api) = stage.serve();
    stage.let_everything_arrive(&api).await;
    let (listed, received) = (stage.listed(&api).await, stage.receiver.received());
    server.terminate();
    let came = judged(&received);
    assert_eq!(came, listed);
    // What nobody answered came again.
    assert!(received.len() >= came.len() + 4 * ROUNDS, "{} of {}", received.len(), came.len());
}
