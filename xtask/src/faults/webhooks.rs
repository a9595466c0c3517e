//! `kill -9` of the real binary between the steps of a webhook's way: when an event is stored and not enqueued, enqueued and
//! not sent, sent and not recorded. The receiver outlives all of it. Where the moment is one that only the receiver knows, it
//! sends the signal itself; whether a kill came at the point that it was meant for is read from the dead server's journal.

mod judge;
mod receiver;

use super::{Setting, Verdict, folder, runtime};
use crate::server::{Process, Site};
use judge::{Told, judge};
use receiver::{Moment, Receiver, Shut};
use reqwest::Method;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::{Duration, Instant};
use tenure_testkit::Api;
use tenure_testkit::workload::{Random, read};

/// What lets a server reach the receiver.
const ALLOW: [&str; 2] = ["--webhook-allow", "127.0.0.0/8"];
/// Teammates who are renamed.
const PEOPLE: u64 = 3;
/// How often each of them is renamed in a round, so that something waits behind something about the same teammate.
const TIMES: u64 = 2;
/// The longest between the last answer and the kill that is to come before the follower, in microseconds. The follower
/// gathers for 20,000 after it was told of the first write.
const DELAY_US: u64 = 3_000;
/// How long is waited for what must come. What failed once is sent again after five seconds.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(2);

/// Events that the follower of webhooks has not been at.
const NOT_ENQUEUED: &str = "SELECT version FROM events WHERE name = 'teammate.updated' AND position > \
                            (SELECT max(position) FROM checkpoints WHERE follower = 'webhooks')";
const PENDING: &str = "SELECT sequence FROM deliveries WHERE status = 0";
/// Takes out a delivery that waits behind another about the same teammate, since without the first of them nothing would ever
/// be due again.
const TAKE_ONE_OUT: &str =
    "DELETE FROM deliveries WHERE id = (SELECT max(id) FROM deliveries WHERE status = 0 AND due IS NULL)";

/// Where on its way a webhook is when the server is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Point {
    Stored,
    Enqueued(Shut),
    Sent(Moment),
}

impl Point {
    /// The points of a round, one after the other.
    fn of(round: u64) -> [Self; 3] {
        if round.is_multiple_of(2) {
            [Self::Stored, Self::Enqueued(Shut::Refusing), Self::Sent(Moment::BeforeAnswer)]
        } else {
            [Self::Stored, Self::Enqueued(Shut::Unread), Self::Sent(Moment::AfterAnswer)]
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored and not enqueued",
            Self::Enqueued(Shut::Refusing) => "enqueued and not sent, since the port refused",
            Self::Enqueued(Shut::Unread) => "enqueued and not sent, since nobody read",
            Self::Sent(Moment::BeforeAnswer) => "sent and not answered",
            Self::Sent(Moment::AfterAnswer) => "answered and not recorded",
        }
    }

    /// Of a hundred kills that are meant for it, how many must come at it at least.
    const fn least(self) -> u64 {
        match self {
            // The writes of a round and the delay mostly fit into the 5 ms for which the follower gathers; a machine that is
            // busy takes longer over them. Fewer than a third would mean that something else is wrong.
            Self::Stored => 33,
            // Nothing is sent, or nothing answered, until the server is dead: there is nothing to be late for.
            Self::Enqueued(_) | Self::Sent(Moment::BeforeAnswer) => 100,
            // A signal against an answer that must be read and a commit that must be synced: it mostly wins.
            Self::Sent(Moment::AfterAnswer) => 25,
        }
    }
}

/// Kills that were meant for a point, and those of them that came at it.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    kills: u64,
    hits: u64,
}

pub(super) fn run(setting: &Setting<'_>) -> Result<Verdict, String> {
    let rounds = setting.extent.rounds(20, 300);
    let folder = folder()?;
    let runtime = runtime()?;
    let mut random = Random::new(setting.seed);
    let mut tallies: BTreeMap<Point, Tally> = BTreeMap::new();
    let judged = runtime.block_on(async {
        let mut stage = Stage::set(setting.binary, &folder.path().join("data")).await?;
        for round in 0..rounds {
            for point in Point::of(round) {
                let hit = stage.kill_at(point, &mut random).await.map_err(|error| {
                    format!("round {round} of seed {}, {}: {error}", setting.seed, point.name())
                })?;
                let tally = tallies.entry(point).or_default();
                tally.kills += 1;
                tally.hits += u64::from(hit);
            }
            if round % 50 == 49 {
                eprintln!("webhooks: {} of {rounds}", round + 1);
            }
        }
        let listed = stage.come_to_rest().await?;
        stage.site.run(&["verify"])?;
        judge(&stage.secret, &listed, &stage.receiver.arrivals())
    })?;
    for (point, Tally { kills, hits }) in &tallies {
        if hits * 100 < kills * point.least() {
            return Err(format!("only {hits} of {kills} kills found an event {}", point.name()));
        }
    }
    if judged.again == 0 {
        return Err("nothing came more than once, so no kill came between sending and recording".to_owned());
    }
    let points =
        tallies.iter().map(|(point, Tally { kills, hits })| format!("{hits} of {kills} {}", point.name()));
    let points: Vec<_> = points.collect();
    Ok(Verdict::Survived {
        injected: format!(
            "{} kills ({}); {} events in {} deliveries, {} events more than once: 0 lost, each teammate's in order, each \
             always under the same id with the same bytes, all signed",
            rounds * 3,
            points.join("; "),
            judged.events,
            judged.arrivals,
            judged.again
        ),
        control: runtime.block_on(control(setting))?,
    })
}

/// A delivery is taken out of the journal while the server is dead: the judge must miss its event.
async fn control(setting: &Setting<'_>) -> Result<String, String> {
    let folder = folder()?;
    let mut stage = Stage::set(setting.binary, &folder.path().join("data")).await?;
    let point = Point::Enqueued(Shut::Refusing);
    stage.kill_at(point, &mut Random::new(setting.seed)).await?;
    let taken = take_one_out(&stage.site.data.join("journal.db")).map_err(|error| error.to_string())?;
    if taken != 1 {
        return Err(format!("the control took {taken} deliveries out of the journal"));
    }
    let listed = stage.come_to_rest().await?;
    match judge(&stage.secret, &listed, &stage.receiver.arrivals()) {
        Err(fault) if fault.contains("never arrived") => {
            Ok("a delivery taken out of the journal: its event was missed".to_owned())
        }
        Err(fault) => Err(format!("the control was taken for something else: {fault}")),
        Ok(_) => Err("the control was not seen: an event that was not delivered was not missed".to_owned()),
    }
}

fn take_one_out(journal: &Path) -> rusqlite::Result<usize> {
    Connection::open(journal)?.execute(TAKE_ONE_OUT, [])
}

/// Numbers from the journal of a server that is dead.
fn numbers_in(journal: &Path, query: &str) -> rusqlite::Result<Vec<i64>> {
    let journal = Connection::open_with_flags(journal, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = journal.prepare(query)?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// A teammate, and the number that is its latest name.
struct Person {
    id: String,
    name: u64,
}

/// A company whose teammates are renamed, a webhook, and its receiver.
struct Stage {
    site: Site,
    receiver: Receiver,
    people: Vec<Person>,
    /// The last event before the webhook.
    before: String,
    webhook: String,
    secret: String,
}

impl Stage {
    async fn set(binary: &Path, data: &Path) -> Result<Self, String> {
        let site = Site::found(binary, data)?;
        site.run(&["company", "set", "invitations=hold"])?;
        let receiver = Receiver::start().await?;
        let server = site.serve(&ALLOW)?;
        let api = server.api(&site.token)?;
        let mut people = Vec::new();
        for number in 0..PEOPLE {
            let wish = json!({ "email": format!("p{number}@kill.example"), "first_name": "0" });
            let created = api.post("/teammates", wish).await.expect(201).json();
            people.push(Person { id: text_of(&created["id"])?, name: 0 });
        }
        let before = text_of(&read(&api, "/events?limit=1").await?["_results"][0]["id"])?;
        let created = api.post("/webhooks", json!({ "url": receiver.url() })).await.expect(201).json();
        if created["validation"]["status"] != "validated" {
            return Err(format!("the receiver is not valid: {}", created["validation"]));
        }
        let (webhook, secret) = (text_of(&created["id"])?, text_of(&created["secret"])?);
        server.terminate()?;
        Ok(Self { site, receiver, people, before, webhook, secret })
    }

    /// Starts the server, lets people be renamed, and kills it. Whether it was at the point.
    async fn kill_at(&mut self, point: Point, random: &mut Random) -> Result<bool, String> {
        let server = self.site.serve(&ALLOW)?;
        match point {
            Point::Stored => self.kill_stored(server, random).await,
            Point::Enqueued(shut) => self.kill_enqueued(server, shut).await,
            Point::Sent(moment) => self.kill_sent(server, moment).await,
        }
    }

    async fn kill_stored(&mut self, server: Process, random: &mut Random) -> Result<bool, String> {
        let delay = Duration::from_micros(random.below(DELAY_US + 1));
        self.rename_all(&server.api(&self.site.token)?, TIMES).await?;
        // The runtime's own sleep knows whole milliseconds only.
        std::thread::sleep(delay);
        server.kill_9()?.killed()?;
        Ok(!self.numbers(NOT_ENQUEUED)?.is_empty())
    }

    async fn kill_enqueued(&mut self, server: Process, shut: Shut) -> Result<bool, String> {
        let api = server.api(&self.site.token)?;
        // What fails twice waits for five minutes, so nothing that failed once may be left when the port is shut again.
        let wait = Wait::begin();
        while self.count_pending(&api).await? > 0 {
            wait.on("nothing to be pending").await?;
        }
        self.receiver.shut(shut).await?;
        self.rename_all(&api, TIMES).await?;
        let wait = Wait::begin();
        while self.count_pending(&api).await? < PEOPLE * TIMES {
            wait.on("the writes to be enqueued").await?;
        }
        server.kill_9()?.killed()?;
        let pending = self.numbers(PENDING)?;
        let is_unsent = {
            let arrivals = self.receiver.arrivals();
            let has_come = |sequence: i64| arrivals.iter().any(|arrival| arrival.sequence() == sequence);
            pending.into_iter().any(|sequence| !has_come(sequence))
        };
        self.receiver.open().await?;
        Ok(is_unsent)
    }

    async fn kill_sent(&mut self, server: Process, moment: Moment) -> Result<bool, String> {
        let api = server.api(&self.site.token)?;
        let sprung = self.receiver.arm(server.id(), moment)?;
        // The kill may cut off some of the writes. Which of them were stored is seen in the list of events.
        let written = self.rename_some(&api, TIMES).await;
        let sprung = tokio::time::timeout(PATIENCE, sprung).await;
        self.receiver.disarm();
        written?;
        let Ok(Ok(sequence)) = sprung else {
            return Err("nothing was delivered that the server could be killed by".to_owned());
        };
        server.end()?.killed()?;
        Ok(self.numbers(PENDING)?.contains(&sequence))
    }

    /// Renames everybody so many times, all of them at once, each write after the answer to the one before. How many were
    /// answered; a server that dies answers no more of them.
    async fn rename_some(&mut self, api: &Api, times: u64) -> Result<u64, String> {
        let renaming = self.people.iter_mut().map(|person| {
            let names = person.name + 1..=person.name + times;
            person.name += times;
            tokio::spawn(rename(api.clone(), format!("/teammates/{}", person.id), names))
        });
        let renaming: Vec<_> = renaming.collect();
        let mut answered = 0;
        for task in renaming {
            answered += task.await.map_err(|error| error.to_string())??;
        }
        Ok(answered)
    }

    /// The same, and every write must be answered.
    async fn rename_all(&mut self, api: &Api, times: u64) -> Result<(), String> {
        let answered = self.rename_some(api, times).await?;
        if answered == PEOPLE * times {
            return Ok(());
        }
        Err(format!("only {answered} of {} writes were answered", PEOPLE * times))
    }

    async fn count_pending(&self, api: &Api) -> Result<u64, String> {
        let shown = read(api, &format!("/webhooks/{}", self.webhook)).await?;
        shown["health"]["pending"].as_u64().ok_or_else(|| format!("no count of what is pending: {shown}"))
    }

    /// Starts the server once more, lets it run until everything was delivered, and stops it in good order. Gives back the
    /// events that are listed since the webhook was created.
    async fn come_to_rest(&mut self) -> Result<Vec<Told>, String> {
        let server = self.site.serve(&ALLOW)?;
        let api = server.api(&self.site.token)?;
        // What is about a teammate comes in order, so whatever is to come has come when this has.
        self.rename_all(&api, 1).await?;
        let wait = Wait::begin();
        while !self.has_told_the_latest_names() || self.count_pending(&api).await? > 0 {
            wait.on("everything to be delivered").await?;
        }
        let listed = self.listed(&api).await?;
        server.terminate()?;
        Ok(listed)
    }

    fn has_told_the_latest_names(&self) -> bool {
        let arrivals = self.receiver.arrivals();
        let was_told =
            |person: &Person| arrivals.iter().rev().any(|arrival| arrival.tells(&person.id, person.name));
        self.people.iter().all(was_told)
    }

    /// All pages of the events since the webhook was created, the newest first.
    async fn listed(&self, api: &Api) -> Result<Vec<Told>, String> {
        let mut listed = Vec::new();
        let mut next = Some("/events?limit=100".to_owned());
        while let Some(target) = next {
            let page = read(api, &target).await?;
            for event in page["_results"].as_array().into_iter().flatten() {
                if event["id"] == self.before.as_str() {
                    return Ok(listed);
                }
                let told = Told::read(event);
                listed.push(told.ok_or_else(|| format!("this is listed and about no teammate: {event}"))?);
            }
            next = page["_pagination"]["next"].as_str().map(str::to_owned);
        }
        Err(format!("{}, which came before the webhook, is not listed", self.before))
    }

    fn numbers(&self, query: &str) -> Result<Vec<i64>, String> {
        let journal = self.site.data.join("journal.db");
        numbers_in(&journal, query).map_err(|error| format!("the dead server's journal: {error}"))
    }
}

/// Gives one teammate these names, one after the other, until the server is gone; how many were answered.
async fn rename(api: Api, path: String, names: RangeInclusive<u64>) -> Result<u64, String> {
    let mut answered = 0;
    for name in names {
        let wish = json!({ "first_name": name.to_string() });
        match api.try_send(Method::PATCH, &path, Some(wish)).await {
            Ok(reply) if reply.status == 204 => answered += 1,
            Ok(reply) => return Err(format!("a renaming was answered with {reply}")),
            Err(_) => break,
        }
    }
    Ok(answered)
}

fn text_of(value: &Value) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("`{value}` is no text"))
}

/// Waiting for what comes to be by itself, which has an end.
struct Wait {
    begun: Instant,
}

impl Wait {
    fn begin() -> Self {
        Self { begun: Instant::now() }
    }

    async fn on(&self, what: &str) -> Result<(), String> {
        if self.begun.elapsed() > PATIENCE {
            return Err(format!("waited for {what} in vain"));
        }
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }
}
