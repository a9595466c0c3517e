//! What an event is about as it was right after it, without replaying a company's whole history: of each thing, only the
//! events that are about it are read and folded.

use crate::codec::{company_event, directory_version, journal_version, stream_of};
use crate::engine::{Engine, ReadError};
use std::collections::HashMap;
use std::sync::Arc;
use tenure_directory::subject::WHOLE_COMPANY;
use tenure_directory::webhook::Webhook;
use tenure_directory::{Company, CompanyId, Event, Recorded, TeamId, TeammateId, Timestamp, Version};
use tenure_journal::{MAX_READ, Order};

/// How many events are read at a time: their texts need not all be in memory at once.
const FOLDED_TOGETHER: usize = 500;

/// Looks at the things that events were about, for one company. Asked in order of the events, it reads each thing once.
pub struct Scenes<'e> {
    engine: &'e Engine,
    published: Arc<Company>,
    folded: HashMap<String, Company>,
}

impl Engine {
    /// The scenes of a company's events, none of which may be later than the state that is published.
    pub fn scenes(&self, published: Arc<Company>) -> Scenes<'_> {
        Scenes { engine: self, published, folded: HashMap::new() }
    }

    /// The events of a company that are about a subject, after a version and up to another, at most `limit`.
    pub async fn history_of(
        &self,
        company: CompanyId,
        subject: &str,
        range: (Version, Version),
        order: Order,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        let range = (journal_version(range.0), journal_version(range.1));
        let stored =
            self.inner.journal.read_subject(stream_of(company), subject, range, order, limit).await?;
        stored.iter().map(company_event).collect()
    }

    /// The version of a company's last event at or before a moment.
    pub async fn version_at(&self, company: CompanyId, moment: Timestamp) -> Result<Version, ReadError> {
        let version = self.inner.journal.version_at(stream_of(company), moment.as_ms()).await?;
        Ok(directory_version(version))
    }

    /// The events of a company between two versions (both exclusive), the newest first, only those of these durable names.
    pub async fn history_back(
        &self,
        company: CompanyId,
        between: (Version, Version),
        names: &[&'static str],
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        let between = (journal_version(between.0), journal_version(between.1));
        let stored = self.inner.journal.read_back(stream_of(company), between, names, limit).await?;
        stored.iter().map(company_event).collect()
    }
}

impl Scenes<'_> {
    /// A company in which what the event is about is as it was right after the event; what it deleted, as it was before.
    /// Nothing else of it may be relied on.
    pub async fn of(&mut self, recorded: &Recorded) -> Result<Arc<Company>, ReadError> {
        if is_still_so(&self.published, recorded) {
            return Ok(Arc::clone(&self.published));
        }
        let subjects = recorded.event.subjects();
        let Some(subject) = subjects.first() else { return Ok(Arc::clone(&self.published)) };
        // What is gone is shown as it last was.
        let is_gone = matches!(recorded.event, Event::TeamDeleted(_));
        let up_to = Version::new(recorded.version.number() - u64::from(is_gone));
        let mut scene = self.fold(subject, up_to).await?;
        let people: Vec<TeammateId> = scene
            .conversations
            .values()
            .filter_map(|conversation| conversation.assignee)
            .chain(people_of(&recorded.event))
            .collect();
        for id in people {
            // Folding a person's history takes as long as it is; mostly nothing has changed since.
            let now = self.published.teammates.get(&id).filter(|found| found.revision <= recorded.version);
            if let Some(now) = now.filter(|_| self.published.fields_changed <= recorded.version) {
                scene.teammates.insert(id, Arc::clone(now));
                continue;
            }
            let seen = self.fold(&id.to_string(), recorded.version).await?;
            if let Some(teammate) = seen.teammates.get(&id) {
                scene.teammates.insert(id, Arc::clone(teammate));
            }
        }
        Ok(Arc::new(scene))
    }

    /// The fold of the events about a subject, and of those that concern everybody, up to a version.
    async fn fold(&mut self, subject: &str, up_to: Version) -> Result<Company, ReadError> {
        let id = self.published.id;
        let known = self.folded.remove(subject).filter(|known| known.version <= up_to);
        let mut company = known.unwrap_or_else(|| Company::unborn(id));
        let mut of_all =
            self.read(WHOLE_COMPANY, company.version, up_to, MAX_READ).await?.into_iter().peekable();
        let mut after = company.version;
        loop {
            let part = self.read(subject, after, up_to, FOLDED_TOGETHER).await?;
            for recorded in &part {
                while let Some(earlier) = of_all.next_if(|earlier| earlier.version < recorded.version) {
                    company.take_in(&earlier);
                }
                company.take_in(recorded);
                after = recorded.version;
            }
            if part.len() < FOLDED_TOGETHER {
                break;
            }
        }
        of_all.for_each(|later| company.take_in(&later));
        self.folded.insert(subject.to_owned(), company.clone());
        Ok(company)
    }

    async fn read(
        &self,
        subject: &str,
        after: Version,
        up_to: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, ReadError> {
        let range = (after, up_to);
        self.engine.history_of(self.published.id, subject, range, Order::OldestFirst, limit).await
    }

    /// An endpoint as it was right after an event; none, if there was none yet.
    pub async fn webhook(
        &mut self,
        webhook: &Arc<Webhook>,
        version: Version,
    ) -> Result<Option<Arc<Webhook>>, ReadError> {
        if webhook.revision <= version {
            return Ok(Some(Arc::clone(webhook)));
        }
        let seen = self.fold(&webhook.id.to_string(), version).await?;
        Ok(seen.webhooks.get(&webhook.id).cloned())
    }
}

/// Whom an event names beside what it changes.
fn people_of(event: &Event) -> impl Iterator<Item = TeammateId> + '_ {
    let of_conversation = matches!(
        event,
        Event::ConversationAssigned(_) | Event::ConversationUnassigned(_) | Event::MessageSent(_)
    );
    event.teammates().iter().copied().filter(move |_| of_conversation)
}

/// Whether what an event is about has not changed since.
fn is_still_so(published: &Company, recorded: &Recorded) -> bool {
    let at = recorded.version;
    let person = |id: &TeammateId| published.teammates.get(id).is_some_and(|found| found.revision <= at);
    if published.fields_changed > at {
        return false;
    }
    match &recorded.event {
        Event::TeammateCreated(_)
        | Event::TeammateUpdated(_)
        | Event::TeammateBlocked(_)
        | Event::TeammateReactivated(_)
        | Event::InvitationAccepted(_) => recorded.event.teammates().iter().all(person),
        Event::TeamCreated(event) => team_is_still_so(published, event.team, at),
        Event::TeamRenamed(event) => team_is_still_so(published, event.team, at),
        Event::TeammatesAdded(event) => team_is_still_so(published, event.team, at),
        Event::TeammatesRemoved(event) => team_is_still_so(published, event.team, at),
        event => {
            let subjects = event.subjects();
            let conversation = subjects.first().and_then(|subject| published.find_conversation(subject).ok());
            conversation.is_some_and(|found| {
                found.revision <= at
                    && found.assignee.iter().all(person)
                    && people_of(event).all(|id| person(&id))
            })
        }
    }
}

fn team_is_still_so(published: &Company, team: TeamId, at: Version) -> bool {
    published.teams.get(&team).is_some_and(|team| team.revision <= at)
}
