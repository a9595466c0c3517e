//! `kill -9` of the real binary under writers, again and again on the same folder: nothing acknowledged is lost, nothing
//! is half done. `KILL_ROUNDS` sets how often, `KILL_SEED` repeats the choices of a run.

use crate::process::{Api, RunningServer, Tenure};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;
use tenure_testkit::Reply;
use tokio::task::JoinHandle;

const ROUNDS: u64 = 50;
const WRITERS: u64 = 8;

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// A small generator (xorshift); the same seed gives the same choices.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// What can be seen of a teammate. First and last name hold the same number, since they are always written together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    name: u64,
    is_blocked: bool,
    is_member: bool,
}

impl State {
    const NEW: Self = Self { name: 0, is_blocked: false, is_member: false };

    fn seen(teammate: &Value, members: &BTreeSet<String>) -> Result<Self, String> {
        let number = |field: &str| teammate[field].as_str().and_then(|name| name.parse().ok());
        let (first, last): (Option<u64>, Option<u64>) = (number("first_name"), number("last_name"));
        let half_done = || format!("half of a change is there: {teammate}");
        let name = first.filter(|_| first == last).ok_or_else(half_done)?;
        let is_member = teammate["id"].as_str().is_some_and(|id| members.contains(id));
        Ok(Self { name, is_blocked: teammate["is_blocked"] == true, is_member })
    }
}

/// A teammate as its writer knows it.
#[derive(Debug)]
struct Known {
    id: String,
    /// After the last write that was acknowledged.
    certain: State,
    /// After the write that nobody answered.
    possible: Option<State>,
    /// Whether anything was written since it was last read back.
    is_touched: bool,
}

impl Known {
    fn new(reply: &Reply) -> Self {
        let id = reply.json()["id"].as_str().unwrap().to_owned();
        Self { id, certain: State::NEW, possible: None, is_touched: true }
    }

    fn explains(&self, seen: State) -> bool {
        seen == self.certain || Some(seen) == self.possible
    }

    /// Holds what is seen to what is known, and goes on from there.
    fn settle(&mut self, seen: Result<State, String>) {
        let seen = seen.unwrap();
        assert!(self.explains(seen), "{self:?} was seen as {seen:?}");
        (self.certain, self.possible, self.is_touched) = (seen, None, false);
    }
}

/// A writer with teammates that nobody else touches, so that it knows what each must look like.
struct Writer {
    number: u64,
    random: Random,
    known: Vec<Known>,
    /// Teammates who joined the team in one command.
    pairs: Vec<[usize; 2]>,
    created: u64,
    /// The address of a new teammate that nobody answered for.
    unanswered: Option<String>,
    acknowledged: u64,
    cut_off: u64,
}

impl Writer {
    fn new(number: u64, random: Random) -> Self {
        let (known, pairs) = (Vec::new(), Vec::new());
        Self { number, random, known, pairs, created: 0, unanswered: None, acknowledged: 0, cut_off: 0 }
    }

    /// Writes until the server is gone.
    async fn write(mut self, api: Api) -> Self {
        let mut is_there = true;
        while is_there {
            is_there = match self.random.below(10) {
                0..=4 => self.create(&api).await,
                5 | 6 => self.rename(&api).await,
                7 => self.rename_and_block(&api).await,
                8 => self.block(&api).await,
                _ => self.join(&api).await,
            };
        }
        self
    }

    /// The answer, or nothing if the server went away before it had given one.
    async fn send(&mut self, api: &Api, method: Method, path: &str, body: Option<Value>) -> Option<Reply> {
        if let Ok(reply) = api.try_send(method, path, body).await {
            assert!(matches!(reply.status, 201 | 204), "{path}: {reply}");
            self.acknowledged += 1;
            Some(reply)
        } else {
            self.cut_off += 1;
            None
        }
    }

    async fn create(&mut self, api: &Api) -> bool {
        self.created += 1;
        let email = format!("w{}-{}@kill.example", self.number, self.created);
        let body = json!({ "email": email, "first_name": "0", "last_name": "0" });
        self.unanswered = Some(email);
        let Some(reply) = self.send(api, Method::POST, "/teammates", Some(body)).await else { return false };
        self.unanswered = None;
        self.known.push(Known::new(&reply));
        true
    }

    /// An active teammate, if a random one is.
    fn pick(&mut self) -> Option<usize> {
        let count = self.known.len().max(1);
        let at = usize::try_from(self.random.below(count as u64)).unwrap();
        self.known.get(at).filter(|known| !known.certain.is_blocked).map(|_| at)
    }

    fn intend(&mut self, at: usize, change: impl FnOnce(&mut State)) -> State {
        let known = &mut self.known[at];
        let mut state = known.certain;
        change(&mut state);
        (known.possible, known.is_touched) = (Some(state), true);
        state
    }

    /// Keeps what came of what was intended. Whether the server is still there.
    fn conclude(&mut self, at: &[usize], reply: Option<Reply>) -> bool {
        if reply.is_some() {
            for at in at {
                let known = &mut self.known[*at];
                known.certain = known.possible.take().unwrap();
            }
        }
        reply.is_some()
    }

    async fn patch(&mut self, api: &Api, at: usize, body: Value) -> bool {
        let path = format!("/teammates/{}", self.known[at].id);
        let reply = self.send(api, Method::PATCH, &path, Some(body)).await;
        self.conclude(&[at], reply)
    }

    async fn rename(&mut self, api: &Api) -> bool {
        let Some(at) = self.pick() else { return self.create(api).await };
        let name = self.intend(at, |state| state.name += 1).name.to_string();
        self.patch(api, at, json!({ "first_name": name, "last_name": name })).await
    }

    /// One command of which two events follow.
    async fn rename_and_block(&mut self, api: &Api) -> bool {
        let Some(at) = self.pick() else { return self.create(api).await };
        let intended = self.intend(at, |state| (state.name, state.is_blocked) = (state.name + 1, true));
        let name = intended.name.to_string();
        self.patch(api, at, json!({ "first_name": name, "last_name": name, "is_blocked": true })).await
    }

    async fn block(&mut self, api: &Api) -> bool {
        let Some(at) = self.pick() else { return self.create(api).await };
        self.intend(at, |state| state.is_blocked = true);
        let path = format!("/teammates/{}", self.known[at].id);
        let reply = self.send(api, Method::DELETE, &path, None).await;
        self.conclude(&[at], reply)
    }

    async fn join(&mut self, api: &Api) -> bool {
        let (Some(one), Some(other)) = (self.pick(), self.pick()) else { return self.create(api).await };
        let is_new = |at: usize| !self.known[at].certain.is_member;
        if one == other || !is_new(one) || !is_new(other) {
            return self.create(api).await;
        }
        let pair = [one, other];
        for at in pair {
            self.intend(at, |state| state.is_member = true);
        }
        self.pairs.push(pair);
        let body = json!({ "teammate_ids": pair.map(|at| self.known[at].id.clone()) });
        let reply = self.send(api, Method::POST, "/teams/tim_1/teammates", Some(body)).await;
        self.conclude(&pair, reply)
    }

    /// Reads everything back that was written since the last time.
    async fn read_back(mut self, api: Api, members: Arc<BTreeSet<String>>) -> Self {
        if let Some(email) = self.unanswered.take() {
            let reply = api.get(&format!("/teammates/alt:email:{email}")).await;
            if reply.status != 404 {
                self.known.push(Known::new(&reply.expect(200)));
            }
        }
        for known in self.known.iter_mut().filter(|known| known.is_touched) {
            let teammate = api.get(&format!("/teammates/{}", known.id)).await.expect(200).json();
            known.settle(State::seen(&teammate, &members));
        }
        for pair in &self.pairs {
            let [one, other] = pair.map(|at| self.known[at].certain.is_member);
            assert_eq!(one, other, "half of a join is there: {pair:?} of writer {}", self.number);
        }
        // A join that was cut off before it was done is as if it had never been asked for.
        let known = &self.known;
        self.pairs.retain(|[one, _]| known[*one].certain.is_member);
        self
    }
}

async fn joined(tasks: Vec<JoinHandle<Writer>>) -> Vec<Writer> {
    let mut writers = Vec::new();
    for task in tasks {
        writers.push(task.await.unwrap());
    }
    writers
}

async fn members_of_the_team(api: &Api) -> BTreeSet<String> {
    let team = api.get("/teams/tim_1").await.expect(200).json();
    let members = team["members"].as_array().unwrap().iter();
    members.map(|member| member["id"].as_str().unwrap().to_owned()).collect()
}

/// Writes until the server is killed at a random moment, starts it again, and reads back.
async fn round(
    tenure: &Tenure,
    token: &str,
    random: &mut Random,
    server: RunningServer,
    writers: Vec<Writer>,
) -> (RunningServer, Vec<Writer>) {
    let api = server.api(token);
    let writing = writers.into_iter().map(|writer| tokio::spawn(writer.write(api.clone()))).collect();
    tokio::time::sleep(Duration::from_millis(100 + random.below(200))).await;
    server.kill_9();
    let writers = joined(writing).await;

    let server = tenure.serve(&[]);
    let api = server.api(token);
    let members = Arc::new(members_of_the_team(&api).await);
    let read_back = |writer: Writer| tokio::spawn(writer.read_back(api.clone(), Arc::clone(&members)));
    let writers = joined(writers.into_iter().map(read_back).collect()).await;
    (server, writers)
}

/// Holds the whole list of teammates to all that the writers know.
async fn check_everything(api: &Api, writers: &mut [Writer]) {
    let members = members_of_the_team(api).await;
    let mut found = BTreeMap::new();
    let mut next = Some("/teammates?limit=100".to_owned());
    while let Some(target) = next {
        let page = api.get(&target).await.expect(200).json();
        for teammate in page["_results"].as_array().unwrap() {
            found.insert(teammate["id"].as_str().unwrap().to_owned(), State::seen(teammate, &members));
        }
        next = page["_pagination"]["next"].as_str().map(str::to_owned);
    }
    for known in writers.iter_mut().flat_map(|writer| &mut writer.known) {
        let seen = found.remove(&known.id).unwrap_or_else(|| panic!("{known:?} is lost"));
        known.settle(seen);
    }
    assert!(found.is_empty(), "nobody asked for these: {found:?}");
}

/// The export, once what was on its way to be mailed has come to rest.
fn export_at_rest(tenure: &Tenure) -> Value {
    let mut before = Value::Null;
    loop {
        let now = tenure.json(&["company", "export"]);
        if now == before {
            return now;
        }
        before = now;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_is_half_done_when_the_server_is_killed() {
    let seed = from_environment("KILL_SEED").unwrap_or_else(|| RandomState::new().hash_one(0) | 1);
    let rounds = from_environment("KILL_ROUNDS").unwrap_or(ROUNDS);
    eprintln!("KILL_SEED={seed} KILL_ROUNDS={rounds}");
    let tenure = Tenure::with_company();
    let token = tenure.token();
    tenure.ok(&["team", "create", "Support"]);
    let mut random = Random(seed);
    let mut writers: Vec<_> =
        (0..WRITERS).map(|number| Writer::new(number, Random(random.next() | 1))).collect();
    let mut server = tenure.serve(&[]);
    for _ in 0..rounds {
        (server, writers) = round(&tenure, &token, &mut random, server, writers).await;
    }
    check_everything(&server.api(&token), &mut writers).await;

    // A run in which no write was cut off or no pair joined would show nothing.
    let total = |count: fn(&Writer) -> u64| writers.iter().map(count).sum::<u64>();
    let (acknowledged, cut_off) = (total(|writer| writer.acknowledged), total(|writer| writer.cut_off));
    let pairs = total(|writer| writer.pairs.len() as u64);
    eprintln!("{acknowledged} writes acknowledged, {cut_off} cut off, {pairs} pairs joined");
    assert!(acknowledged > rounds && cut_off > 0 && pairs > 0);

    tenure.ok(&["company", "set", "invitations=hold"]);
    let live = export_at_rest(&tenure);
    tenure.ok(&["verify"]);
    server.terminate();
    tenure.ok(&["verify"]);
    std::fs::remove_dir_all(tenure.path("data/snapshots")).unwrap();
    let _replayed = tenure.serve(&[]);
    assert!(tenure.json(&["company", "export"]) == live, "the events alone give another state");
}

#[test]
fn the_checker_sees_a_lost_write_and_a_half_done_one() {
    let renamed = State { name: 1, ..State::NEW };
    let known = Known { id: "tea_1".to_owned(), certain: renamed, possible: None, is_touched: true };
    assert!(known.explains(renamed) && !known.explains(State::NEW));
    let possible = Some(State { name: 2, is_blocked: true, is_member: false });
    let known = Known { possible, ..known };
    assert!(known.explains(renamed) && !known.explains(State { name: 2, ..State::NEW }));
    let half = json!({ "id": "tea_1", "first_name": "2", "last_name": "1", "is_blocked": false });
    assert!(State::seen(&half, &BTreeSet::new()).is_err());
}
