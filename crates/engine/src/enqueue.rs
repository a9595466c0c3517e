//! Followers that decide for each company what is to be sent to its endpoints. Only companies that have some are read.

use crate::codec::{company_event, directory_version};
use crate::companies::replay;
use crate::engine::{Engine, ReadError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tenure_directory::registry::REGISTRY_STREAM;
use tenure_directory::{Company, CompanyId, Recorded};
use tenure_journal::{
    Advance, Advanced, Answer, Endpoint, NewDelivery, Output, Position, Shard, StoredEvent, Stream, Version,
    Whereabouts,
};
use tokio::time::Instant;

/// How many events are looked at together: each may become a body for many endpoints.
const STRIDE: usize = 250;
/// How much may be made of the events that are looked at together, in octets, as far as their own size tells.
const BUDGET: usize = 8 * 1024 * 1024;
/// What an event comes to at least, in octets, once for each endpoint.
const AT_LEAST: usize = 2 * 1024;
/// After how long it is stored how far an enqueuer has come from whose events nothing followed.
const STORE_AFTER: Duration = Duration::from_secs(1);
/// How long the published state is waited for to come to an event that is durable already.
const PATIENCE: Duration = Duration::from_millis(1);
/// How often.
const PATIENCE_TIMES: u32 = 200;

/// What follows from some events of a company.
#[derive(Debug, Default)]
pub struct Produced {
    /// What is to be sent to endpoints.
    pub deliveries: Vec<NewDelivery>,
    /// What else is to be done.
    pub outputs: Vec<Output>,
}

impl Produced {
    fn is_empty(&self) -> bool {
        self.deliveries.is_empty() && self.outputs.is_empty()
    }
}

/// How far an enqueuer has come. Where nothing follows from events, that is stored now and then only: a sync for each step
/// would take from those who write, and going over such events again costs nothing.
#[derive(Debug)]
pub struct Progress {
    places: BTreeMap<Shard, Place>,
    stored_at: Instant,
}

impl Default for Progress {
    fn default() -> Self {
        Self { places: BTreeMap::new(), stored_at: Instant::now() }
    }
}

#[derive(Debug, Clone, Copy)]
struct Place {
    stored: Position,
    reached: Position,
}

impl Place {
    const fn at(position: Position) -> Self {
        Self { stored: position, reached: position }
    }
}

/// Something that decides what is to be sent to endpoints.
pub trait Enqueuer: Send + Sync + 'static {
    /// The name that its checkpoint is stored under. Never changed.
    fn name(&self) -> &'static str;

    /// Whether the events of a company are to be looked at.
    fn is_interested(&self, company: &Company) -> bool;

    /// What follows from events of a company, in order. May be called again for the same events after a crash.
    fn produce<'a>(
        &'a self,
        company: Arc<Company>,
        events: &'a [Recorded],
    ) -> Answer<'a, Result<Produced, ReadError>>;
}

impl Engine {
    /// Waits until something is appended; if that happened since this was called and before it is awaited, not at all.
    pub fn appended(&self) -> tokio::sync::futures::Notified<'_> {
        self.inner.appended.notified()
    }

    /// Lets an enqueuer go over all events that there are now, from where it has come by `progress`. Whenever something is
    /// stored, `told` learns which endpoints it is to be sent to.
    pub async fn enqueue_step(
        &self,
        enqueuer: &dyn Enqueuer,
        progress: &mut Progress,
        told: &(dyn Fn(BTreeSet<Endpoint>) + Send + Sync),
    ) -> Result<(), ReadError> {
        for shard in (0..self.inner.journal.shards()).map(Shard) {
            let mut place = match progress.places.get(&shard) {
                Some(place) => *place,
                None => Place::at(self.inner.journal.checkpoint(enqueuer.name(), shard).await?),
            };
            loop {
                let from = place.reached;
                let streams = self.inner.journal.streams_after(shard, from, STRIDE).await?;
                let Some((to, ..)) = streams.last().copied() else { break };
                let (to, produced) = self.enqueue_part(enqueuer, shard, (from, to), &streams).await?;
                let found = produced.deliveries.iter().map(|delivery| delivery.endpoint).collect();
                place.reached = to;
                if !produced.is_empty() {
                    place = self.advance(enqueuer, shard, place, produced).await?;
                    progress.stored_at = Instant::now();
                }
                progress.places.insert(shard, place);
                told(found);
                if streams.len() < STRIDE && streams.last().is_some_and(|(last, ..)| *last == to) {
                    break;
                }
            }
            if place.reached > place.stored && progress.stored_at.elapsed() >= STORE_AFTER {
                place = self.advance(enqueuer, shard, place, Produced::default()).await?;
                progress.stored_at = Instant::now();
            }
            progress.places.insert(shard, place);
        }
        Ok(())
    }

    /// Stores how far it has come, with what was produced. If another node was faster, it goes on from there.
    async fn advance(
        &self,
        enqueuer: &dyn Enqueuer,
        shard: Shard,
        place: Place,
        produced: Produced,
    ) -> Result<Place, ReadError> {
        let Produced { deliveries, outputs } = produced;
        let (follower, from, to) = (enqueuer.name().to_owned(), place.stored, place.reached);
        let advance = Advance { follower, shard, from, to, outputs, deliveries };
        match self.inner.journal.advance(advance).await? {
            Advanced::Stored => Ok(Place::at(to)),
            Advanced::Overtaken => {
                Ok(Place::at(self.inner.journal.checkpoint(enqueuer.name(), shard).await?))
            }
        }
    }

    async fn enqueue_part(
        &self,
        enqueuer: &dyn Enqueuer,
        shard: Shard,
        (from, to): (Position, Position),
        streams: &[Whereabouts],
    ) -> Result<(Position, Produced), ReadError> {
        let of_companies = streams.iter().filter(|(_, stream, _)| stream.0 != REGISTRY_STREAM);
        let latest: BTreeMap<Stream, Version> =
            of_companies.map(|(_, stream, version)| (*stream, *version)).collect();
        let mut companies = BTreeMap::new();
        for (stream, version) in latest {
            // Asked of a state that has these events: whether it is of interest may be what they change.
            let company = self.at_least(CompanyId::new(stream.0), directory_version(version)).await?;
            if enqueuer.is_interested(&company) {
                companies.insert(stream, company);
            }
        }
        let mut produced = Produced::default();
        if companies.is_empty() {
            return Ok((to, produced));
        }
        let events = self.inner.journal.read_shard(shard, from, streams.len()).await?;
        let mut by_company: BTreeMap<Stream, Vec<&StoredEvent>> = BTreeMap::new();
        let (mut reached, mut spent) = (from, 0);
        for stored in events.iter().filter(|stored| stored.position <= to) {
            if let Some(company) = companies.get(&stored.stream) {
                let size = stored.body.len() + stored.personal.as_ref().map_or(0, String::len);
                spent += (size + AT_LEAST) * company.webhooks.len().max(1);
                by_company.entry(stored.stream).or_default().push(stored);
            }
            reached = stored.position;
            if spent >= BUDGET {
                break;
            }
        }
        for (stream, stored) in by_company {
            let recorded = stored.into_iter().map(company_event).collect::<Result<Vec<_>, _>>()?;
            let Some(company) = companies.get(&stream).cloned() else { continue };
            let mut of_company = enqueuer.produce(company, &recorded).await?;
            produced.deliveries.append(&mut of_company.deliveries);
            produced.outputs.append(&mut of_company.outputs);
        }
        Ok((reached, produced))
    }

    /// The state of a company with all events up to a version. They are durable a moment before it is published; those that
    /// another node appended may never be published here, and are read from the journal.
    async fn at_least(
        &self,
        id: CompanyId,
        version: tenure_directory::Version,
    ) -> Result<Arc<Company>, ReadError> {
        for _ in 0..PATIENCE_TIMES {
            if let Some(company) = self.company(id).await?.filter(|company| company.version >= version) {
                return Ok(company);
            }
            tokio::time::sleep(PATIENCE).await;
        }
        let known =
            self.company(id).await?.map_or_else(|| Company::unborn(id), |known| Company::clone(&known));
        Ok(Arc::new(replay(&*self.inner.journal, known, None).await?))
    }
}
