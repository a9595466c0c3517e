//! The published states, and reading a company from the journal when it is first asked for.

use crate::codec::{company_event, directory_version, journal_version, registry_event, stream_of};
use crate::engine::ReadError;
use arc_swap::ArcSwap;
use std::sync::Arc;
use tenure_directory::company::SNAPSHOT_FORM;
use tenure_directory::registry::REGISTRY_STREAM;
use tenure_directory::{Company, CompanyId, Registry, Timestamp, Version};
use tenure_journal::{Journal, JournalError, MAX_READ, StoredEvent, Stream};
use tokio::sync::Mutex;

/// How many companies can be read from the journal at the same time.
const HYDRATION_LANES: usize = 16;

pub(crate) struct Companies {
    journal: Arc<dyn Journal>,
    published: papaya::HashMap<CompanyId, Arc<ArcSwap<Company>>>,
    registry: ArcSwap<Registry>,
    hydrating: [Mutex<()>; HYDRATION_LANES],
}

impl Companies {
    pub(crate) async fn open(journal: Arc<dyn Journal>) -> Result<Self, ReadError> {
        let registry = read_registry(&*journal, Registry::default()).await?;
        Ok(Self {
            journal,
            published: papaya::HashMap::new(),
            registry: ArcSwap::from_pointee(registry),
            hydrating: std::array::from_fn(|_| Mutex::new(())),
        })
    }

    pub(crate) fn registry(&self) -> Arc<Registry> {
        self.registry.load_full()
    }

    /// The published state of a company that was read before.
    pub(crate) fn loaded(&self, id: CompanyId) -> Option<Arc<Company>> {
        self.published.pin().get(&id).map(|slot| slot.load_full())
    }

    pub(crate) fn all_loaded(&self) -> Vec<Arc<Company>> {
        self.published.pin().values().map(|slot| slot.load_full()).collect()
    }

    /// The published state of a company, read from the journal if need be; `None` for one that is not registered.
    pub(crate) async fn get(&self, id: CompanyId) -> Result<Option<Arc<Company>>, ReadError> {
        if let Some(company) = self.loaded(id) {
            return Ok(Some(company));
        }
        if self.registry.load().get(id).is_none() {
            return Ok(None);
        }
        let lane =
            usize::try_from(id.number() % HYDRATION_LANES as u64).expect("a small remainder fits any usize");
        let _alone = self.hydrating[lane].lock().await;
        if let Some(company) = self.loaded(id) {
            return Ok(Some(company));
        }
        let company = read_company(&*self.journal, id).await?;
        Ok(Some(self.publish_if_absent(company)))
    }

    fn publish_if_absent(&self, company: Company) -> Arc<Company> {
        let slot = Arc::new(ArcSwap::from_pointee(company.clone()));
        self.published.pin().get_or_insert(company.id, slot).load_full()
    }

    /// Publishes a new state. Only the writer loop does this, and only after the events are durable.
    pub(crate) fn publish(&self, company: Arc<Company>) {
        let published = self.published.pin();
        let id = company.id;
        let slot = published.get_or_insert_with(id, || Arc::new(ArcSwap::new(Arc::clone(&company))));
        slot.store(company);
    }

    pub(crate) fn publish_registry(&self, registry: Registry) {
        self.registry.store(Arc::new(registry));
    }

    /// Reads what others appended to a stream since the published state.
    pub(crate) async fn catch_up(&self, stream: Stream) -> Result<(), ReadError> {
        if stream.0 == REGISTRY_STREAM {
            let registry = read_registry(&*self.journal, Registry::clone(&self.registry())).await?;
            self.publish_registry(registry);
            return Ok(());
        }
        let id = CompanyId::new(stream.0);
        let company = self.loaded(id).map_or_else(|| Company::unborn(id), |company| Company::clone(&company));
        let company = replay(&*self.journal, company, None).await?;
        self.publish(Arc::new(company));
        Ok(())
    }

    /// A company as it was at a moment; `None` before it was created.
    pub(crate) async fn at(&self, id: CompanyId, moment: Timestamp) -> Result<Option<Company>, ReadError> {
        let snapshot = read_snapshot(&*self.journal, id).await?;
        let start =
            snapshot.filter(|company| company.last_event_at <= moment).unwrap_or_else(|| Company::unborn(id));
        let company = replay(&*self.journal, start, Some(moment)).await?;
        Ok((company.version > Version::ZERO).then_some(company))
    }
}

async fn read_snapshot(journal: &dyn Journal, id: CompanyId) -> Result<Option<Company>, ReadError> {
    let Some(snapshot) = journal.load_snapshot(stream_of(id), SNAPSHOT_FORM).await? else { return Ok(None) };
    match Company::from_bytes(&snapshot.bytes) {
        Ok(company) if company.id == id && company.version == directory_version(snapshot.version) => {
            Ok(Some(company))
        }
        Ok(_) | Err(_) => {
            tracing::warn!(company = %id, "a snapshot cannot be read; replaying instead");
            Ok(None)
        }
    }
}

async fn read_company(journal: &dyn Journal, id: CompanyId) -> Result<Company, ReadError> {
    let start = read_snapshot(journal, id).await?.unwrap_or_else(|| Company::unborn(id));
    replay(journal, start, None).await
}

/// Folds the events after a state into it, up to the end or to a moment.
pub(crate) async fn replay(
    journal: &dyn Journal,
    mut company: Company,
    until: Option<Timestamp>,
) -> Result<Company, ReadError> {
    let stream = stream_of(company.id);
    loop {
        let events = journal.read_stream(stream, journal_version(company.version), MAX_READ).await?;
        for stored in &events {
            let recorded = company_event(stored)?;
            if until.is_some_and(|moment| recorded.time > moment) {
                return Ok(company);
            }
            company = company.evolve(&recorded);
        }
        if until.is_none() && events.is_empty() {
            check_end(journal, &company).await?;
        }
        let is_all = if until.is_some() { events.len() < MAX_READ } else { events.is_empty() };
        if is_all {
            return Ok(company);
        }
    }
}

/// A history that ends before the stream's head, or after it, is damaged: better no state than a shorter one.
async fn check_end(journal: &dyn Journal, company: &Company) -> Result<(), ReadError> {
    let stream = stream_of(company.id);
    let heads = journal.heads(&[stream]).await?;
    let head = heads.first().map_or(Version::ZERO, |head| directory_version(head.version));
    let events_came_meanwhile = || async {
        let more = journal.read_stream(stream, journal_version(company.version), 1).await?;
        Ok::<_, ReadError>(!more.is_empty())
    };
    if head == company.version || events_came_meanwhile().await? {
        return Ok(());
    }
    Err(JournalError::Damaged(format!(
        "the events of stream {stream} end at version {}, and its head is at {}",
        company.version.number(),
        head.number()
    ))
    .into())
}

async fn read_registry(journal: &dyn Journal, mut registry: Registry) -> Result<Registry, ReadError> {
    if registry.version == Version::ZERO
        && let Some(snapshot) = journal.load_snapshot(Stream(REGISTRY_STREAM), SNAPSHOT_FORM).await?
        && let Ok(read) = Registry::from_bytes(&snapshot.bytes)
        && read.version == directory_version(snapshot.version)
    {
        registry = read;
    }
    loop {
        let after = journal_version(registry.version);
        let events: Vec<StoredEvent> = journal.read_stream(Stream(REGISTRY_STREAM), after, MAX_READ).await?;
        for stored in &events {
            registry = registry.evolve(&registry_event(stored)?);
        }
        if events.len() < MAX_READ {
            return Ok(registry);
        }
    }
}
