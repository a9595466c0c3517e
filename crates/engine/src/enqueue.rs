//! Followers that decide for each company what is to be sent to its endpoints. Only companies that have some are read.

use crate::codec::company_event;
use crate::companies::replay;
use crate::engine::{Engine, ReadError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tenure_directory::registry::REGISTRY_STREAM;
use tenure_directory::{Company, CompanyId, Recorded};
use tenure_journal::{
    Advance, Advanced, Answer, Endpoint, NewDelivery, Output, Position, Shard, StoredEvent, Stream,
};

/// How many events are looked at together: each may become a body for many endpoints.
const STRIDE: usize = 250;
/// How much may be made of the events that are looked at together, in octets, as far as their own size tells.
const BUDGET: usize = 8 * 1024 * 1024;
/// What an event comes to at least, in octets, once for each endpoint.
const AT_LEAST: usize = 2 * 1024;
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

    /// Lets an enqueuer go over all events that there are now. Returns the endpoints that something is to be sent to.
    pub async fn enqueue_step(&self, enqueuer: &dyn Enqueuer) -> Result<BTreeSet<Endpoint>, ReadError> {
        let mut endpoints = BTreeSet::new();
        for shard in (0..self.inner.journal.shards()).map(Shard) {
            let mut from = self.inner.journal.checkpoint(enqueuer.name(), shard).await?;
            loop {
                let streams = self.inner.journal.streams_after(shard, from, STRIDE).await?;
                let Some((to, _)) = streams.last().copied() else { break };
                let (to, produced) = self.enqueue_part(enqueuer, shard, (from, to), &streams).await?;
                let found: Vec<_> = produced.deliveries.iter().map(|delivery| delivery.endpoint).collect();
                let Produced { deliveries, outputs } = produced;
                let follower = enqueuer.name().to_owned();
                let advance = Advance { follower, shard, from, to, outputs, deliveries };
                if self.inner.journal.advance(advance).await? == Advanced::Overtaken {
                    break;
                }
                endpoints.extend(found);
                from = to;
                if streams.len() < STRIDE && streams.last().is_some_and(|(last, _)| *last == to) {
                    break;
                }
            }
        }
        Ok(endpoints)
    }

    async fn enqueue_part(
        &self,
        enqueuer: &dyn Enqueuer,
        shard: Shard,
        (from, to): (Position, Position),
        streams: &[(Position, Stream)],
    ) -> Result<(Position, Produced), ReadError> {
        let mut companies = BTreeMap::new();
        for stream in streams.iter().map(|(_, stream)| *stream).filter(|stream| stream.0 != REGISTRY_STREAM) {
            if let std::collections::btree_map::Entry::Vacant(place) = companies.entry(stream) {
                let company = self.company(CompanyId::new(stream.0)).await?;
                place.insert(company.filter(|company| enqueuer.is_interested(company)));
            }
        }
        companies.retain(|_, company| company.is_some());
        let mut produced = Produced::default();
        if companies.is_empty() {
            return Ok((to, produced));
        }
        let events = self.inner.journal.read_shard(shard, from, streams.len()).await?;
        let mut by_company: BTreeMap<Stream, Vec<&StoredEvent>> = BTreeMap::new();
        let (mut reached, mut spent) = (from, 0);
        for stored in events.iter().filter(|stored| stored.position <= to) {
            if let Some(Some(company)) = companies.get(&stored.stream) {
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
            let Some(company) = self.at_least(CompanyId::new(stream.0), &recorded).await? else { continue };
            let mut of_company = enqueuer.produce(company, &recorded).await?;
            produced.deliveries.append(&mut of_company.deliveries);
            produced.outputs.append(&mut of_company.outputs);
        }
        Ok((reached, produced))
    }

    /// The state of a company that is no older than these events. They are durable a moment before it is published; those
    /// that another node appended may never be published here, and are read from the journal.
    async fn at_least(&self, id: CompanyId, events: &[Recorded]) -> Result<Option<Arc<Company>>, ReadError> {
        for _ in 0..PATIENCE_TIMES {
            let Some(company) = self.company(id).await? else { return Ok(None) };
            if events.last().is_none_or(|last| last.version <= company.version) {
                return Ok(Some(company));
            }
            tokio::time::sleep(PATIENCE).await;
        }
        let Some(company) = self.company(id).await? else { return Ok(None) };
        let company = replay(&*self.inner.journal, Company::clone(&company), None).await?;
        Ok(Some(Arc::new(company)))
    }
}
