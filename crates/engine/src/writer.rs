//! The writer loop: take what waits, decide, append once, publish, answer.

use crate::BATCH_LENGTH;
use crate::codec::{journal_version, stream_of, to_journal};
use crate::engine::Inner;
use crate::submission::{After, Desk, Message, Submission, Target, Turn, WriteError};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tenure_directory::registry::REGISTRY_STREAM;
use tenure_directory::{
    Actor, Command, Company, CompanyId, Event, Occasion, Recorded, Refusal, Registry, RegistryCommand,
    Timestamp,
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

    async fn carry_out(&self, mut submissions: Vec<Submission>) {
        if let Some(reason) = self.inner.failed.get() {
            return refuse(submissions, &WriteError::OutcomeUnknown(reason.clone()));
        }
        for _ in 0..MAX_CONFLICTS {
            let mut draft = Draft::new(&self.inner);
            for submission in &mut submissions {
                draft.decide(submission);
            }
            let batch = draft.take_batch();
            if batch.streams.is_empty() && batch.replies.is_empty() {
                return answer(submissions);
            }
            let begun = Instant::now();
            match self.inner.journal.append(&batch).await {
                Ok(()) => {
                    measure(begun.elapsed(), submissions.len());
                    draft.publish();
                    self.inner.appended.notify_waiters();
                    return answer(submissions);
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

#[expect(clippy::cast_precision_loss, reason = "a batch has at most a thousand commands")]
fn measure(commit: Duration, commands: usize) {
    metrics::histogram!("tenure_commit_seconds").record(commit.as_secs_f64());
    metrics::histogram!("tenure_commit_commands").record(commands as f64);
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

fn answer(submissions: Vec<Submission>) {
    for submission in submissions {
        submission.waiting.tell(Ok(()));
    }
}

fn refuse(submissions: Vec<Submission>, error: &WriteError) {
    for submission in submissions {
        submission.waiting.tell(Err(error.clone()));
    }
}

fn unknown(company: CompanyId) -> Refusal {
    Refusal::UnknownCompany { given: company.to_string().into() }
}

/// Somebody's turn at the draft.
struct Seat<'s, 'a> {
    draft: &'s mut Draft<'a>,
    id: CompanyId,
    actor: Actor,
}

impl Desk for Seat<'_, '_> {
    fn company(&self) -> &Company {
        &self.draft.companies.get(&self.id).expect("a turn begins with the working state").state
    }

    fn tell(&mut self, command: &Command) -> Result<Vec<Event>, Refusal> {
        // Whoever takes the turn may panic and harm nobody; a command that does leaves a state that cannot be trusted.
        let guard = AbortOnPanic;
        let decided = self.draft.decide_company(self.id, command, self.actor);
        std::mem::forget(guard);
        decided.map(|(_, events)| events)
    }
}

/// The working states of a batch: decided and evolved, and seen by nobody until the batch is durable. Each is owned and
/// changed in place: a state of its own after each command would copy a path through every index.
struct Draft<'a> {
    inner: &'a Inner,
    now: Timestamp,
    companies: BTreeMap<CompanyId, Working<Company>>,
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

    /// Decides a command, and shows whoever waits for it what it led to.
    fn decide(&mut self, submission: &mut Submission) {
        let Submission { target, actor, waiting } = submission;
        let decided = match target {
            Target::Company(id, command) => self.decide_company(*id, command, *actor),
            Target::Turn(id, _) => {
                if self.working(*id).is_none() {
                    return waiting.see(Err(unknown(*id)));
                }
                let mut seat = Seat { draft: self, id: *id, actor: *actor };
                return waiting.take(&mut Turn { desk: &mut seat });
            }
            Target::Registry(command) => self.decide_registry(command, *actor),
        };
        match &decided {
            Ok((id, events)) => {
                let company = &self.companies.get(id).expect("the company was decided on").state;
                waiting.see(Ok(&After { company, events }));
            }
            Err(refusal) => waiting.see(Err(refusal.clone())),
        }
        if let Some((keyed, answer)) = waiting.reply() {
            let (key, fingerprint, answer) = (keyed.key.clone(), keyed.fingerprint, answer.to_vec());
            self.replies.push(NewReply { key, fingerprint, time_ms: self.now.as_ms(), answer });
        }
    }

    fn decide_company(
        &mut self,
        id: CompanyId,
        command: &Command,
        actor: Actor,
    ) -> Result<(CompanyId, Vec<Event>), Refusal> {
        let now = self.now;
        let company = &self.working(id).ok_or_else(|| unknown(id))?.state;
        // A clock that steps back must not make history run backwards.
        let now = now.max(company.last_event_at);
        let events = company.decide(command, &Occasion { now, actor })?;
        self.apply(id, &events, now, actor);
        Ok((id, events))
    }

    fn working(&mut self, id: CompanyId) -> Option<&mut Working<Company>> {
        if !self.companies.contains_key(&id) {
            let state = Company::clone(&*self.inner.companies.loaded(id)?);
            let expected = journal_version(state.version);
            self.companies.insert(id, Working { expected, state, events: Vec::new() });
        }
        self.companies.get_mut(&id)
    }

    fn apply(&mut self, id: CompanyId, events: &[Event], time: Timestamp, actor: Actor) {
        let inner = self.inner;
        let working =
            self.working(id).expect("the company was decided on, so it is among the working states");
        for event in events {
            working.events.push(to_journal(
                event.encode(),
                event.subjects(),
                time,
                actor,
                &*inner.randomness,
            ));
            let version = working.state.version.next();
            working.state.take_in(&Recorded { version, time, actor, event: event.clone() });
        }
    }

    fn decide_registry(
        &mut self,
        command: &RegistryCommand,
        actor: Actor,
    ) -> Result<(CompanyId, Vec<Event>), Refusal> {
        let published = || Registry::clone(&self.inner.companies.registry());
        let working = self.registry.get_or_insert_with(|| {
            let state = published();
            Working { expected: journal_version(state.version), state, events: Vec::new() }
        });
        let registration = working.state.decide(command)?;
        let now = self.now.max(working.state.last_event_at);
        for event in registration.registry {
            working.events.push(to_journal(event.encode(), vec![], now, actor, &*self.inner.randomness));
            let version = working.state.version.next();
            let recorded = Recorded { version, time: now, actor, event };
            working.state = std::mem::take(&mut working.state).evolve(&recorded);
        }
        let id = registration.company;
        if self.working(id).is_none() {
            let state = Company::unborn(id);
            self.companies.insert(id, Working { expected: Version(0), state, events: Vec::new() });
        }
        let last = self.companies.get(&id).map_or(now, |working| working.state.last_event_at);
        self.apply(id, &registration.events, now.max(last), actor);
        Ok((id, registration.events))
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
                self.inner.companies.publish(Arc::new(working.state));
            }
        }
        if let Some(working) = self.registry {
            self.inner.snapshots.consider_registry(&working.state);
            self.inner.companies.publish_registry(working.state);
        }
    }
}
