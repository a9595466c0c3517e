//! The lines of webhooks: how fast events are enqueued, how fast they are delivered to a receiver on this machine beside the
//! same posts without us, and how long after its answer a write arrives.

use crate::bench::load::{connect, exchange};
use crate::bench::receiver::{Arrivals, ID, Receiver};
use crate::bench::subject::{Subject, furnish, join, only_company, populate, post, text};
use crate::bench::{Bound, Extent, Line};
use hyper::StatusCode;
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tenure_directory::text::Note;
use tenure_directory::webhook::{
    CreateWebhook, Format, Pattern, SecretSalt, SettleValidation, ValidationPolicy,
};
use tenure_directory::webhook_url::WebhookUrl;
use tenure_directory::{Actor, Command, Word};
use tenure_engine::Engine;
use tenure_journal::{DeliveryPage, Endpoint, Stream};
use tenure_server::{ANSWER_WITHIN, Call, EgressRules, HttpPost, HttpPostOptions, Node, Post as _};
use tokio::task::JoinSet;

/// How many posts are under way at once where there is none of ours: as many as to one endpoint of ours.
const AT_ONCE: usize = 16;
/// How often each line is measured.
const ROUNDS: u64 = 3;
/// The longest that is waited for many; the rate is that of those that have come by then.
const LONGEST: Duration = Duration::from_mins(5);
/// The longest that is waited for one.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing happens between one write and the next, so that each begins at rest.
const PAUSE: Duration = Duration::from_millis(10);
/// How often it is looked how much is enqueued.
const LOOK: Duration = Duration::from_millis(2);
/// None was set for these lines.
const GOAL: Option<Bound> = None;

/// Of each round, the baseline and what was measured.
type Pairs = Vec<(f64, f64)>;

pub(crate) async fn run(
    extent: Extent,
    metrics: &PrometheusHandle,
    told: &dyn Fn(&str),
) -> Result<Vec<Line>, String> {
    let receiver = Receiver::start()?;
    let client = Arc::new(client(&receiver)?);
    let site = Site { receiver, client, extent, metrics, told };
    let (mut enqueued, mut delivered) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let rates = site.many().await?;
        enqueued.push((rates.written, rates.enqueued));
        delivered.push((rates.posted, rates.delivered));
    }
    let (medians, tails) = site.one_by_one().await?;
    let deliveries = format!("webhook deliveries, {AT_ONCE} at once (to the same posts alone)");
    let median = "p50 from 201 to a webhook's arrival (to a post's arrival)";
    let tail = "p99 from 201 to a webhook's arrival (to a post's p50)";
    Ok(vec![
        Line::of_ratios("events enqueued for a webhook (to written)", "events/s", &enqueued, GOAL),
        Line::of_ratios(deliveries, "posts/s", &delivered, GOAL),
        Line::of_ratios(median, "µs", &medians, GOAL),
        Line::of_ratios(tail, "µs", &tails, GOAL),
    ])
}

/// The client that webhooks are sent with, set up as a server of the bench sets up its own.
fn client(receiver: &Receiver) -> Result<HttpPost, String> {
    let rules = EgressRules::strict().allow_networks(vec![receiver.address.ip().into()]);
    HttpPost::new(HttpPostOptions { rules, proxy: None, extra_roots: vec![], answer_within: ANSWER_WITHIN })
}

/// A receiver and the client alone, between which nothing of ours is; and how servers are started.
struct Site<'a> {
    receiver: Receiver,
    client: Arc<HttpPost>,
    extent: Extent,
    metrics: &'a PrometheusHandle,
    told: &'a dyn Fn(&str),
}

/// How many a second.
struct Rates {
    /// Events written, with no server that hears of them.
    written: f64,
    /// The same events enqueued.
    enqueued: f64,
    /// The same deliveries arrived.
    delivered: f64,
    /// As many posts of the client alone arrived.
    posted: f64,
}

/// A node with a company whose only webhook is the receiver, before there is a server on it.
struct Furnished {
    folder: TempDir,
    node: Node,
    token: String,
    endpoint: Endpoint,
}

impl Site<'_> {
    async fn furnish(&self) -> Result<Furnished, String> {
        let folder = tempfile::tempdir().map_err(text)?;
        let (node, token) = furnish(folder.path(), 0).await?;
        let endpoint = listen(&node.engine, &self.receiver).await?;
        Ok(Furnished { folder, node, token, endpoint })
    }

    /// Writes many events, and only then starts the server whose follower enqueues them. It wakes the endpoint's worker when
    /// it has gone over all of them, so neither is measured beside the other.
    async fn many(&self) -> Result<Rates, String> {
        let events = self.extent.webhook_events;
        (self.told)(&format!("creating {events} teammates of whom a webhook is to be told"));
        let Furnished { folder, node, token, endpoint } = self.furnish().await?;
        let begun = Instant::now();
        populate(&node.engine, only_company(&node.engine)?, events).await?;
        let written = per_second(events, begun.elapsed());
        (self.told)("enqueuing and delivering");
        self.receiver.forget();
        let subject = Subject::serve(folder, node, token, events, self.metrics).await?;
        let enqueued = enqueuing(subject.engine(), endpoint, events).await?;
        let delivered = self.rate("deliveries", self.receiver.wait_for(events, LONGEST).await)?;
        subject.stop().await;
        let sample = self.receiver.sample().ok_or("no delivery was received")?;
        (self.told)("posting the same alone");
        let posted = self.rate("posts", self.post_all(&sample).await?)?;
        Ok(Rates { written, enqueued, delivered, posted })
    }

    fn rate(&self, what: &str, arrivals: Option<Arrivals>) -> Result<f64, String> {
        let (events, seconds) = (self.extent.webhook_events, LONGEST.as_secs());
        let arrivals = arrivals.filter(|arrivals| arrivals.count > 1);
        let arrivals = arrivals.ok_or_else(|| format!("no {what} arrived within {seconds} s"))?;
        if arrivals.count < events {
            (self.told)(&format!("{} of {events} {what} arrived within {seconds} s", arrivals.count));
        }
        Ok(arrivals.per_second())
    }

    /// Posts a delivery as often as there are events, each time under another id.
    async fn post_all(&self, sample: &Call) -> Result<Option<Arrivals>, String> {
        self.receiver.forget();
        let (events, until) = (self.extent.webhook_events, Instant::now() + LONGEST);
        let next = Arc::new(AtomicU64::new(0));
        let mut posting: JoinSet<Result<(), String>> = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (client, sample, next) = (Arc::clone(&self.client), sample.clone(), Arc::clone(&next));
            posting.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= events || Instant::now() >= until {
                        return Ok(());
                    }
                    post_once(&client, again(&sample, number)).await?;
                }
            });
        }
        while !posting.is_empty() {
            join(&mut posting).await?;
        }
        Ok(self.receiver.arrivals())
    }

    /// Single writes with nothing else going on: for each round the median of the posts alone with the median and the p99 of
    /// ours, in microseconds.
    async fn one_by_one(&self) -> Result<(Pairs, Pairs), String> {
        (self.told)("writing one at a time, and waiting for the webhook");
        let Furnished { folder, node, token, endpoint: _ } = self.furnish().await?;
        let subject = Subject::serve(folder, node, token, 0, self.metrics).await?;
        let (mut medians, mut tails) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let ours = self.delays_of_writes(&subject, round).await?;
            let sample = self.receiver.sample().ok_or("no delivery was received")?;
            let alone = self.delays_of_posts(&sample).await?;
            medians.push((percentile(&alone, 50), percentile(&ours, 50)));
            tails.push((percentile(&alone, 50), percentile(&ours, 99)));
        }
        subject.stop().await;
        Ok((medians, tails))
    }

    /// From the arrival of each write's 201 to that of its delivery, in order of size.
    async fn delays_of_writes(&self, subject: &Subject, round: u64) -> Result<Vec<f64>, String> {
        let mut connection = connect(subject.address).await?;
        let mut delays = Vec::new();
        // One to warm up.
        for write in 0..=self.extent.webhook_writes {
            tokio::time::sleep(PAUSE).await;
            self.receiver.forget();
            let number = round * (self.extent.webhook_writes + 1) + write;
            let ask = post("/teammates", &subject.token, number);
            let asked = exchange(&mut connection, ask, StatusCode::CREATED);
            let answer = tokio::time::timeout(PATIENCE, asked).await;
            let answered = Instant::now();
            answer.map_err(|_| format!("a write was not answered within {} s", PATIENCE.as_secs()))??;
            let arrived = self.receiver.wait_for(1, PATIENCE).await.ok_or_else(|| {
                format!("the webhook of a write did not arrive within {} s", PATIENCE.as_secs())
            })?;
            if write > 0 {
                // It may be there before the answer is.
                delays.push(arrived.first.saturating_duration_since(answered).as_secs_f64() * 1e6);
            }
        }
        delays.sort_by(f64::total_cmp);
        Ok(delays)
    }

    /// From the beginning of each post of the client alone to its arrival, in order of size.
    async fn delays_of_posts(&self, sample: &Call) -> Result<Vec<f64>, String> {
        let mut delays = Vec::new();
        // One to warm up.
        for number in 0..=self.extent.webhook_writes {
            tokio::time::sleep(PAUSE).await;
            self.receiver.forget();
            let call = again(sample, number);
            let begun = Instant::now();
            post_once(&self.client, call).await?;
            let arrived = self.receiver.arrivals().ok_or("a post that was answered did not arrive")?;
            if number > 0 {
                delays.push(arrived.first.saturating_duration_since(begun).as_secs_f64() * 1e6);
            }
        }
        delays.sort_by(f64::total_cmp);
        Ok(delays)
    }
}

/// Creates a webhook that tells the receiver of every new teammate, and settles that it is valid, so that nobody asks it
/// while something is measured.
async fn listen(engine: &Engine, receiver: &Receiver) -> Result<Endpoint, String> {
    let company = only_company(engine)?;
    let url = WebhookUrl::parse(receiver.url.as_str()).map_err(text)?;
    let create = CreateWebhook {
        url: url.clone(),
        format: Format::Event,
        events: vec![Pattern::Word(Word::TeammateCreated)],
        channel: None,
        description: Note::empty(),
        is_enabled: true,
        policy: ValidationPolicy::Optional,
        salt: SecretSalt::new(engine.random()),
    };
    engine.tell(company, Command::CreateWebhook(create), Actor::Operator).await.map_err(text)?;
    let created = engine.loaded(company).and_then(|company| company.webhooks.keys().next().copied());
    let webhook = created.ok_or("the webhook was not created")?;
    let settle = SettleValidation { webhook, url, fault: None };
    engine.tell(company, Command::SettleValidation(settle), Actor::Webhooks).await.map_err(text)?;
    Ok(Endpoint { stream: Stream(company.number()), number: webhook.number() })
}

/// Waits until so many events are enqueued for an endpoint; how many a second that were.
async fn enqueuing(engine: &Engine, endpoint: Endpoint, events: u64) -> Result<f64, String> {
    let begun = Instant::now();
    // The follower began while its server was still being opened.
    let before = enqueued(engine, endpoint).await?;
    loop {
        let now = enqueued(engine, endpoint).await?;
        let elapsed = begun.elapsed();
        if now >= events {
            return Ok(per_second(now - before, elapsed));
        }
        if elapsed > LONGEST {
            return Err(format!("{now} of {events} events were enqueued within {} s", LONGEST.as_secs()));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// How many events are enqueued for an endpoint: the sequence of the newest delivery, since it counts from 1.
async fn enqueued(engine: &Engine, endpoint: Endpoint) -> Result<u64, String> {
    let page = DeliveryPage { before: u64::MAX, status: None, limit: 1 };
    let newest = engine.journal().delivery_log().deliveries(endpoint, page).await.map_err(text)?;
    Ok(newest.first().map_or(0, |delivery| delivery.sequence))
}

/// The same once more, under an id of its own.
fn again(sample: &Call, number: u64) -> Call {
    let mut call = sample.clone();
    for (_, value) in call.headers.iter_mut().filter(|(name, _)| *name == ID) {
        *value = format!("{value}-{number}");
    }
    call
}

async fn post_once(client: &HttpPost, call: Call) -> Result<(), String> {
    let answer = client.post(call).await.map_err(|error| format!("a post alone failed: {error}"))?;
    if answer.status == StatusCode::OK.as_u16() {
        return Ok(());
    }
    Err(format!("the receiver answered {} to a post alone", answer.status))
}

#[expect(clippy::cast_precision_loss, reason = "counts of events stay far below the exact range")]
fn per_second(count: u64, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}

/// The value within which so many of a hundred are, of values in order of size.
fn percentile(sorted: &[f64], of_hundred: usize) -> f64 {
    sorted.get(sorted.len() * of_hundred / 100).copied().unwrap_or(f64::NAN)
}
