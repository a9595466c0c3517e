//! Writers under whom a server is killed: each has teammates that nobody else touches, so that it knows what each of them
//! must look like afterwards. What was acknowledged must be there; what was cut off must be there as a whole or not at
//! all; a creation that nobody answered is repeated with its `Idempotency-Key`, and must then exist exactly once.

use crate::api::Api;
use crate::reply::Reply;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// What the addresses of the writers' teammates end with.
const DOMAIN: &str = "@kill.example";

/// A small generator (xorshift); the same seed gives the same choices.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// From a seed; any will do.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// The next number below a limit.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.draw() % limit
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
    email: String,
    /// After the last write that was acknowledged.
    certain: State,
    /// After the write that nobody answered.
    possible: Option<State>,
    /// Whether anything was written since it was last read back.
    is_touched: bool,
}

impl Known {
    fn new(reply: &Reply) -> Self {
        let teammate = reply.json();
        let text = |field: &str| teammate[field].as_str().unwrap().to_owned();
        let (id, email) = (text("id"), text("email"));
        Self { id, email, certain: State::NEW, possible: None, is_touched: true }
    }

    fn explains(&self, seen: State) -> bool {
        seen == self.certain || Some(seen) == self.possible
    }

    /// Holds what is seen to what is known, and goes on from there.
    fn settle(&mut self, teammate: &Value, members: &BTreeSet<String>) -> Result<(), String> {
        if teammate["email"] != self.email.as_str() {
            return Err(format!("{self:?} is lost: its id is now that of {teammate}"));
        }
        let seen = State::seen(teammate, members)?;
        if !self.explains(seen) {
            return Err(format!("{self:?} was seen as {seen:?}"));
        }
        (self.certain, self.possible, self.is_touched) = (seen, None, false);
        Ok(())
    }
}

/// What became of a write.
enum Heard {
    /// It was acknowledged.
    Done(Reply),
    /// It was refused, and nothing was done.
    NotDone,
    /// Nobody can tell.
    Unknown,
}

/// How much was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Writes that were acknowledged.
    pub acknowledged: u64,
    /// Writes whose answer never came, or said that the outcome is unknown.
    pub cut_off: u64,
    /// Those of them that were told that the outcome is unknown.
    pub unknown: u64,
    /// Writes that were refused because the disk was full.
    pub refused: u64,
    /// Pairs of teammates who joined the team in one command.
    pub pairs: u64,
}

struct Writer {
    number: u64,
    random: Random,
    known: Vec<Known>,
    /// Teammates who joined the team in one command.
    pairs: Vec<[usize; 2]>,
    created: u64,
    /// The address of a new teammate that nobody answered for.
    unanswered: Option<String>,
    counts: Counts,
}

impl Writer {
    fn new(number: u64, random: Random) -> Self {
        let (known, pairs, counts) = (Vec::new(), Vec::new(), Counts::default());
        Self { number, random, known, pairs, created: 0, unanswered: None, counts }
    }

    /// Writes until the server is gone, or says that it does not know.
    async fn write(mut self, api: Api) -> Result<Self, String> {
        let mut is_there = true;
        while is_there {
            is_there = match self.random.below(10) {
                0..=4 => self.create(&api).await,
                5 | 6 => self.rename(&api).await,
                7 => self.rename_and_block(&api).await,
                8 => self.block(&api).await,
                _ => self.join(&api).await,
            }?;
        }
        Ok(self)
    }

    async fn send(
        &mut self,
        api: &Api,
        method: Method,
        path: &str,
        body: Option<Value>,
        key: Option<&str>,
    ) -> Result<Heard, String> {
        let mut request = api.request(method, path);
        if let Some(body) = &body {
            request = request.json(body);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let reply = match request.send().await {
            Ok(response) => Reply::read_whole(response).await,
            Err(error) => Err(error),
        };
        let Ok(reply) = reply else {
            self.counts.cut_off += 1;
            return Ok(Heard::Unknown);
        };
        match reply.status {
            201 | 204 => {
                self.counts.acknowledged += 1;
                Ok(Heard::Done(reply))
            }
            507 => {
                self.counts.refused += 1;
                // The disk is full: others are let through meanwhile.
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                Ok(Heard::NotDone)
            }
            503 if reply.code() == "server.outcome_unknown" => {
                self.counts.cut_off += 1;
                self.counts.unknown += 1;
                nothing_succeeds(api).await.map(|()| Heard::Unknown)
            }
            503 if matches!(reply.code().as_str(), "server.stopping" | "server.unreadable") => {
                self.counts.cut_off += 1;
                Ok(Heard::Unknown)
            }
            _ => Err(format!("{path} was answered with {reply}")),
        }
    }

    /// Whether the server is still there.
    async fn create(&mut self, api: &Api) -> Result<bool, String> {
        self.created += 1;
        let email = format!("w{}-{}{DOMAIN}", self.number, self.created);
        let body = new_teammate(&email);
        self.unanswered = Some(email.clone());
        match self.send(api, Method::POST, "/teammates", Some(body), Some(&email)).await? {
            Heard::Unknown => return Ok(false),
            Heard::NotDone => {}
            Heard::Done(reply) => self.known.push(Known::new(&reply)),
        }
        self.unanswered = None;
        Ok(true)
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
    fn conclude(&mut self, at: &[usize], heard: &Heard) -> bool {
        for at in at {
            let known = &mut self.known[*at];
            match heard {
                Heard::Done(_) => known.certain = known.possible.take().unwrap(),
                Heard::NotDone => known.possible = None,
                Heard::Unknown => {}
            }
        }
        !matches!(heard, Heard::Unknown)
    }

    async fn patch(&mut self, api: &Api, at: usize, body: Value) -> Result<bool, String> {
        let path = format!("/teammates/{}", self.known[at].id);
        let heard = self.send(api, Method::PATCH, &path, Some(body), None).await?;
        Ok(self.conclude(&[at], &heard))
    }

    async fn rename(&mut self, api: &Api) -> Result<bool, String> {
        let Some(at) = self.pick() else { return self.create(api).await };
        let name = self.intend(at, |state| state.name += 1).name.to_string();
        self.patch(api, at, json!({ "first_name": name, "last_name": name })).await
    }

    /// One command of which two events follow.
    async fn rename_and_block(&mut self, api: &Api) -> Result<bool, String> {
        let Some(at) = self.pick() else { return self.create(api).await };
        let intended = self.intend(at, |state| (state.name, state.is_blocked) = (state.name + 1, true));
        let name = intended.name.to_string();
        self.patch(api, at, json!({ "first_name": name, "last_name": name, "is_blocked": true })).await
    }

    async fn block(&mut self, api: &Api) -> Result<bool, String> {
        let Some(at) = self.pick() else { return self.create(api).await };
        self.intend(at, |state| state.is_blocked = true);
        let path = format!("/teammates/{}", self.known[at].id);
        let heard = self.send(api, Method::DELETE, &path, None, None).await?;
        Ok(self.conclude(&[at], &heard))
    }

    async fn join(&mut self, api: &Api) -> Result<bool, String> {
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
        let heard = self.send(api, Method::POST, "/teams/tim_1/teammates", Some(body), None).await?;
        if matches!(heard, Heard::NotDone) {
            self.pairs.pop();
        }
        Ok(self.conclude(&pair, &heard))
    }

    /// Reads everything back that was written since the last time.
    async fn read_back(mut self, api: Api, members: Arc<BTreeSet<String>>) -> Result<Self, String> {
        if let Some(email) = self.unanswered.take() {
            let request = api.request(Method::POST, "/teammates").header("idempotency-key", &email);
            let response =
                request.json(&new_teammate(&email)).send().await.map_err(|error| error.to_string())?;
            let reply = Reply::read_whole(response).await.map_err(|error| error.to_string())?;
            if reply.status != 201 {
                return Err(format!("a creation and its key are not one: its repetition gave {reply}"));
            }
            self.known.push(Known::new(&reply));
        }
        for known in self.known.iter_mut().filter(|known| known.is_touched) {
            let teammate = read(&api, &format!("/teammates/{}", known.id)).await?;
            known.settle(&teammate, &members)?;
        }
        for pair in &self.pairs {
            let [one, other] = pair.map(|at| self.known[at].certain.is_member);
            if one != other {
                return Err(format!("half of a join is there: {pair:?} of writer {}", self.number));
            }
        }
        // A join that was cut off before it was done is as if it had never been asked for.
        let known = &self.known;
        self.pairs.retain(|[one, _]| known[*one].certain.is_member);
        Ok(self)
    }
}

fn new_teammate(email: &str) -> Value {
    json!({ "email": email, "first_name": "0", "last_name": "0" })
}

/// After an unknown outcome no write succeeds any more.
async fn nothing_succeeds(api: &Api) -> Result<(), String> {
    let body = new_teammate(&format!("after-the-failure{DOMAIN}"));
    match api.try_send(Method::POST, "/teammates", Some(body)).await {
        Ok(reply) if reply.status < 300 => Err(format!("a write succeeded after a failed sync: {reply}")),
        _ => Ok(()),
    }
}

/// All writers.
pub struct Workload {
    writers: Vec<Writer>,
}

impl Workload {
    /// So many writers, on a company that has the team `tim_1`.
    pub fn new(seed: u64, writers: u64) -> Self {
        let mut random = Random::new(seed);
        let writer = |number| Writer::new(number, Random::new(random.draw()));
        Self { writers: (0..writers).map(writer).collect() }
    }

    /// Starts writing; it goes on until the server is gone.
    pub fn start(self, api: &Api) -> Writing {
        let write = |writer: Writer| tokio::spawn(writer.write(api.clone()));
        Writing { tasks: self.writers.into_iter().map(write).collect() }
    }

    /// Reads back what was written since the last time, from a server that was started anew. The error is a loss.
    pub async fn read_back(self, api: &Api) -> Result<Self, String> {
        let members = Arc::new(members_of_the_team(api).await?);
        let read_back = |writer: Writer| tokio::spawn(writer.read_back(api.clone(), Arc::clone(&members)));
        joined(self.writers.into_iter().map(read_back).collect()).await
    }

    /// Holds the whole list of teammates to all that the writers know. Those that others made are left out.
    pub async fn check_everything(&mut self, api: &Api) -> Result<(), String> {
        let members = members_of_the_team(api).await?;
        let mut found = BTreeMap::new();
        let mut next = Some("/teammates?limit=100".to_owned());
        while let Some(target) = next {
            let page = read(api, &target).await?;
            for teammate in page["_results"].as_array().unwrap() {
                if teammate["email"].as_str().is_some_and(|email| email.ends_with(DOMAIN)) {
                    found.insert(teammate["id"].as_str().unwrap().to_owned(), teammate.clone());
                }
            }
            next = page["_pagination"]["next"].as_str().map(str::to_owned);
        }
        for known in self.writers.iter_mut().flat_map(|writer| &mut writer.known) {
            let seen = found.remove(&known.id).ok_or_else(|| format!("{known:?} is lost"))?;
            known.settle(&seen, &members)?;
        }
        if found.is_empty() { Ok(()) } else { Err(format!("nobody asked for these: {found:?}")) }
    }

    /// How much was written so far.
    pub fn counts(&self) -> Counts {
        self.writers.iter().fold(Counts::default(), |sum, writer| Counts {
            acknowledged: sum.acknowledged + writer.counts.acknowledged,
            cut_off: sum.cut_off + writer.counts.cut_off,
            unknown: sum.unknown + writer.counts.unknown,
            refused: sum.refused + writer.counts.refused,
            pairs: sum.pairs + writer.pairs.len() as u64,
        })
    }
}

/// Writers at work.
pub struct Writing {
    tasks: Vec<JoinHandle<Result<Writer, String>>>,
}

impl Writing {
    /// Whether every writer has stopped by itself.
    pub fn has_ended(&self) -> bool {
        self.tasks.iter().all(JoinHandle::is_finished)
    }

    /// Waits for all writers; each stops when the server is gone. The error is an answer that must not be.
    pub async fn join(self) -> Result<Workload, String> {
        joined(self.tasks).await
    }
}

async fn joined(tasks: Vec<JoinHandle<Result<Writer, String>>>) -> Result<Workload, String> {
    let mut ended = Vec::new();
    for task in tasks {
        ended.push(task.await.map_err(|error| error.to_string())?);
    }
    Ok(Workload { writers: ended.into_iter().collect::<Result<_, _>>()? })
}

async fn members_of_the_team(api: &Api) -> Result<BTreeSet<String>, String> {
    let team = read(api, "/teams/tim_1").await?;
    let members = team["members"].as_array().unwrap().iter();
    Ok(members.map(|member| member["id"].as_str().unwrap().to_owned()).collect())
}

/// What must be there, as JSON; or what came instead.
pub async fn read(api: &Api, target: &str) -> Result<Value, String> {
    match api.try_send(Method::GET, target, None).await {
        Ok(reply) if reply.status == 200 => Ok(reply.json()),
        Ok(reply) => Err(format!("{target} is lost: {reply}")),
        Err(error) => Err(format!("{target} cannot be read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checker_sees_a_lost_write_and_a_half_done_one() {
        let renamed = State { name: 1, ..State::NEW };
        let (id, email) = ("tea_1".to_owned(), "ana@kill.example".to_owned());
        let mut known = Known { id, email, certain: renamed, possible: None, is_touched: true };
        let other = json!({ "id": "tea_1", "email": "bo@kill.example", "first_name": "1", "last_name": "1" });
        assert!(known.settle(&other, &BTreeSet::new()).is_err());
        assert!(known.explains(renamed) && !known.explains(State::NEW));
        let possible = Some(State { name: 2, is_blocked: true, is_member: false });
        let known = Known { possible, ..known };
        assert!(known.explains(renamed) && !known.explains(State { name: 2, ..State::NEW }));
        let half = json!({ "id": "tea_1", "first_name": "2", "last_name": "1", "is_blocked": false });
        assert!(State::seen(&half, &BTreeSet::new()).is_err());
    }
}
