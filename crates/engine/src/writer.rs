//! The writer loop: take what waits, decide, append once, publish, answer.

use crate::BATCH_LENGTH;
use crate::codec::{journal_version, stream_of, to_journal};
use crate::engine::Inner;
use crate::submission::{Answered, Keyed, Message, Submission, Target, WriteError};
use std::collections::BTreeMap;
use std::sync::Arc;
use tenure_directory::registry::REGISTRY_STREAM;
use tenure_directory::{
    Command, Company, CompanyId, Event, Occasion, Recorded, Refusal, Registry, RegistryCommand, Timestamp,
};
use tenure_journal::{AppendError, Batch, NewEvent, NewReply, Stream, StreamAppend, Version};
use tokio::sync::mpsc;

/// How often a batch is decided again when another node was faster.
const MAX_CONFLICTS: usize = 32;

/// The loop of a node. There is one, and it alone publishes.
pub struct WriterLoop {
    inner: Arc<Inner>,
    normal: mpsc::Receiver<Message>,
    urgent: mpsc::Receiver<Message>,
}

/// Whether the loop goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    GoOn,
    Stop,
}

impl WriterLoop {
    pub(crate) fn new(
        inner: Arc<Inner>,
        normal: mpsc::Receiver<Message>,
        urgent: mpsc::Receiver<Message>,
    ) -> Self {
        Self { inner, normal, urgent }
    }

    /// Runs until the node is stopped or its journal fails. A panic ends the process, because after one the state can
    /// no longer be trusted.
    pub async fn run(mut self) {
        let guard = AbortOnPanic;
        while self.turn().await {}
        self.turn_away_the_rest();
        std::mem::forget(guard);
    }

    /// What still waits when the loop is over was not done, and is told so. After a failure it is told what the others
    /// were told, since it may be the repetition of one of them.
    fn turn_away_the_rest(&mut self) {
        let error = self.inner.failed.get().cloned().map_or(WriteError::Stopping, WriteError::OutcomeUnknown);
        for lane in [&mut self.urgent, &mut self.normal] {
            lane.close();
            while let Ok(message) = lane.try_recv() {
                if let Message::Submit(submission) = message {
                    refuse(vec![*submission], &error);
                }
            }
        }
    }

    /// Waits for commands and carries out one batch. `false` when the loop is over.
    pub async fn turn(&mut self) -> bool {
        let mut batch = Vec::new();
        let then = self.take(&mut batch).await;
        if !batch.is_empty() {
            self.carry_out(batch).await;
        }
        then == Then::GoOn && self.inner.failed.get().is_none()
    }

    async fn take(&mut self, batch: &mut Vec<Submission>) -> Then {
        let first = tokio::select! {
            biased;
            message = self.urgent.recv() => message,
            message = self.normal.recv() => message,
        };
        let mut next = first;
        loop {
            match next {
                Some(Message::Submit(submission)) => batch.push(*submission),
                Some(Message::Stop) => {
                    while let Ok(Message::Submit(submission)) = self.urgent.try_recv() {
                        batch.push(*submission);
                    }
                    return Then::Stop;
                }
                None => return Then::Stop,
            }
            if batch.len() >= BATCH_LENGTH {
                return Then::GoOn;
            }
            match self.urgent.try_recv().or_else(|_| self.normal.try_recv()) {
                Ok(message) => next = Some(message),
                Err(_) => return Then::GoOn,
            }
        }
    }

    async fn carry_out(&self, submissions: Vec<Submission>) {
        for _ in 0..MAX_CONFLICTS {
            let mut draft = Draft::new(&self.inner);
            let results: Vec<_> = submissions.iter().map(|submission| draft.decide(submission)).collect();
            let batch = draft.take_batch();
            if batch.streams.is_empty() && batch.replies.is_empty() {
                return answer(submissions, results);
            }
            match self.inner.journal.append(&batch).await {
                Ok(()) => {
                    draft.publish();
                    self.inner.appended.notify_waiters();
                    return answer(submissions, results);
                }
                Err(AppendError::Conflict { streams }) => {
                    if let Err(error) = self.catch_up(&streams).await {
                        return refuse(submissions, &WriteError::Unreadable(error));
                    }
                }
                Err(AppendError::NotWritten { reason }) => {
                    tracing::error!(
                        reason,
                        "the journal could not be written; nothing of this batch was done"
                    );
                    return refuse(submissions, &WriteError::NotWritten(reason));
                }
                Err(AppendError::OutcomeUnknown { reason }) => return self.fail(submissions, reason),
            }
        }
        refuse(submissions, &WriteError::Overloaded);
    }

    async fn catch_up(&self, streams: &[Stream]) -> Result<(), String> {
        for stream in streams {
            self.inner.companies.catch_up(*stream).await.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn fail(&self, submissions: Vec<Submission>, reason: String) {
        tracing::error!(reason, "the journal failed and the outcome of a batch is unknown; the node stops");
        let error = WriteError::OutcomeUnknown(reason.clone());
        // Set before anybody is answered, so that no later write can succeed.
        let _ = self.inner.failed.set(reason);
        self.inner.failure.notify_waiters();
        refuse(submissions, &error);
    }
}

struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("the writer loop panicked; the process ends, since its state cannot be trusted");
            std::process::abort();
        }
    }
}

fn answer(submissions: Vec<Submission>, results: Vec<Result<Answered, WriteError>>) {
    for (submission, result) in submissions.into_iter().zip(results) {
        // A caller that went away wants no answer.
        let _ = submission.answer.send(result);
    }
}

fn refuse(submissions: Vec<Submission>, error: &WriteError) {
    for submission in submissions {
        let _ = submission.answer.send(Err(error.clone()));
    }
}

/// The working states of a batch: decided and evolved, and seen by nobody until the batch is durable.
struct Draft<'a> {
    inner: &'a Inner,
    now: Timestamp,
    companies: BTreeMap<CompanyId, Working<Arc<Company>>>,
    registry: Option<Working<Registry>>,
    replies: Vec<NewReply>,
}

struct Working<S> {
    expected: Version,
    state: S,
    events: Vec<NewEvent>,
}

impl<'a> Draft<'a> {
    fn new(inner: &'a Inner) -> Self {
        let now = inner.clock.now();
        Self { inner, now, companies: BTreeMap::new(), registry: None, replies: Vec::new() }
    }

    fn decide(&mut self, submission: &Submission) -> Result<Answered, WriteError> {
        let decided = match &submission.target {
            Target::Company(id, command) => self.decide_company(*id, command, submission),
            Target::Registry(command) => self.decide_registry(command, submission),
        };
        let Some(keyed) = &submission.keyed else { return decided.map_err(WriteError::Refused) };
        let reply = (keyed.render)(decided.as_ref());
        self.keep_reply(keyed, reply.clone());
        match decided {
            Ok(answered) => Ok(Answered { reply: Some(reply), ..answered }),
            Err(_) => Err(WriteError::RefusedKeyed(reply)),
        }
    }

    fn keep_reply(&mut self, keyed: &Keyed, answer: Vec<u8>) {
        let (key, fingerprint) = (keyed.key.clone(), keyed.fingerprint);
        self.replies.push(NewReply { key, fingerprint, time_ms: self.now.as_ms(), answer });
    }

    fn decide_company(
        &mut self,
        id: CompanyId,
        command: &Command,
        submission: &Submission,
    ) -> Result<Answered, Refusal> {
        let unknown = || Refusal::UnknownCompany { given: id.to_string().into() };
        let company = Arc::clone(&self.working(id).ok_or_else(unknown)?.state);
        // A clock that steps back must not make history run backwards.
        let now = self.now.max(company.last_event_at);
        let events = company.decide(command, &Occasion { now, actor: submission.actor })?;
        let company = self.apply(id, &events, now, submission);
        Ok(Answered { company, events, reply: None })
    }

    fn working(&mut self, id: CompanyId) -> Option<&mut Working<Arc<Company>>> {
        if !self.companies.contains_key(&id) {
            let state = self.inner.companies.loaded(id)?;
            let expected = journal_version(state.version);
            self.companies.insert(id, Working { expected, state, events: Vec::new() });
        }
        self.companies.get_mut(&id)
    }

    fn apply(
        &mut self,
        id: CompanyId,
        events: &[Event],
        now: Timestamp,
        submission: &Submission,
    ) -> Arc<Company> {
        let randomness = Arc::clone(&self.inner.randomness);
        let working =
            self.working(id).expect("the company was decided on, so it is among the working states");
        if events.is_empty() {
            return Arc::clone(&working.state);
        }
        let mut company = Company::clone(&working.state);
        for event in events {
            working.events.push(to_journal(event.encode(), now, submission.actor, &*randomness));
            let version = company.version.next();
            let (time, actor) = (now, submission.actor);
            company = company.evolve(&Recorded { version, time, actor, event: event.clone() });
        }
        working.state = Arc::new(company);
        Arc::clone(&working.state)
    }

    fn decide_registry(
        &mut self,
        command: &RegistryCommand,
        submission: &Submission,
    ) -> Result<Answered, Refusal> {
        let published = || Registry::clone(&self.inner.companies.registry());
        let working = self.registry.get_or_insert_with(|| {
            let state = published();
            Working { expected: journal_version(state.version), state, events: Vec::new() }
        });
        let registration = working.state.decide(command)?;
        let now = self.now.max(working.state.last_event_at);
        for event in registration.registry {
            working.events.push(to_journal(event.encode(), now, submission.actor, &*self.inner.randomness));
            let version = working.state.version.next();
            let recorded = Recorded { version, time: now, actor: submission.actor, event };
            working.state = std::mem::take(&mut working.state).evolve(&recorded);
        }
        let id = registration.company;
        if self.working(id).is_none() {
            let state = Arc::new(Company::unborn(id));
            self.companies.insert(id, Working { expected: Version(0), state, events: Vec::new() });
        }
        let last = self.companies.get(&id).map_or(now, |working| working.state.last_event_at);
        let company = self.apply(id, &registration.events, now.max(last), submission);
        Ok(Answered { company, events: registration.events, reply: None })
    }

    fn take_batch(&mut self) -> Batch {
        let registry = self.registry.as_mut().map(|working| StreamAppend {
            stream: Stream(REGISTRY_STREAM),
            expected: working.expected,
            events: std::mem::take(&mut working.events),
        });
        let companies = self.companies.iter_mut().map(|(id, working)| StreamAppend {
            stream: stream_of(*id),
            expected: working.expected,
            events: std::mem::take(&mut working.events),
        });
        let streams =
            registry.into_iter().chain(companies).filter(|append| !append.events.is_empty()).collect();
        Batch { streams, replies: std::mem::take(&mut self.replies) }
    }

    /// Makes the states visible. Companies first, so that whoever finds one in the registry finds its state.
    fn publish(self) {
        for (_, working) in self.companies {
            if working.expected != journal_version(working.state.version) {
                self.inner.snapshots.consider(&working.state);
                self.inner.companies.publish(working.state);
            }
        }
        if let Some(working) = self.registry {
            self.inner.snapshots.consider_registry(&working.state);
            self.inner.companies.publish_registry(working.state);
        }
    }
}
