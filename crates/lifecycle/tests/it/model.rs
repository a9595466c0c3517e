//! A model of the service in memory that loses answers, does things late, and dies on order.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use tenure_client::{
    Ambiguous, ConversationId, Error, NewTeammate, Refused, RequestLine, TeamId, Teammate, TeammateChanges,
    TeammateId,
};
use tenure_lifecycle::directory::{Directory, Via};
use tenure_lifecycle::run::{Entry, Ledger};
use tenure_lifecycle::service::Service;
use tokio::sync::Notify;

/// A write, as the service takes it.
#[derive(Debug, Clone)]
enum Write {
    Create(NewTeammate),
    Update(TeammateId, TeammateChanges),
    Block(TeammateId),
    Join(TeamId, Vec<TeammateId>, bool),
    Assign(ConversationId, Option<TeammateId>),
}

/// How much goes wrong, in percent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Trouble {
    pub(crate) lost_after: u32,
    pub(crate) lost_before: u32,
    pub(crate) late: u32,
    pub(crate) unread: u32,
}

pub(crate) struct State {
    pub(crate) directory: Directory,
    pub(crate) conversations: BTreeMap<String, Option<TeammateId>>,
    /// What had an effect, in order, for people.
    pub(crate) effects: Vec<String>,
    late: Vec<Write>,
    rng: fastrand::Rng,
    trouble: Trouble,
    /// After so many calls the process is dead.
    fuse: Option<u32>,
}

#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) state: Arc<Mutex<State>>,
    death: Arc<Notify>,
}

/// A ledger in memory that dies with the process.
pub(crate) struct MemoryLedger {
    pub(crate) entries: Vec<Entry>,
    pub(crate) model: Model,
}

impl Ledger for MemoryLedger {
    fn write(&mut self, entry: &Entry) -> io::Result<()> {
        let burnt = self.model.state.lock().unwrap().burn();
        // A crash may come before or after the line is durable.
        let is_kept = burnt.is_none_or(|is_kept| is_kept);
        if is_kept {
            self.entries.push(entry.clone());
        }
        if burnt.is_some() { Err(io::Error::other("the process died")) } else { Ok(()) }
    }
}

fn line(what: &str) -> RequestLine {
    RequestLine { method: "MODEL".to_owned(), path: what.to_owned() }
}

fn refused(status: u16, message: &str) -> Error {
    Error::Refused(Box::new(Refused {
        request: line("write"),
        status,
        title: String::new(),
        message: message.to_owned(),
        details: vec![],
        code: None,
        request_id: None,
    }))
}

impl State {
    /// Counts down to death; at it, whether what is being done still happens.
    fn burn(&mut self) -> Option<bool> {
        let fuse = self.fuse.as_mut()?;
        if *fuse > 0 {
            *fuse -= 1;
            return None;
        }
        Some(self.rng.bool())
    }

    fn hits(&mut self, percent: u32) -> bool {
        self.rng.u32(0..100) < percent
    }

    fn mate(&mut self, id: &TeammateId) -> Result<&mut Teammate, Error> {
        self.directory.teammates.iter_mut().find(|mate| mate.id == *id).ok_or_else(|| refused(404, "unknown"))
    }

    fn apply(&mut self, write: &Write) -> Result<(), Error> {
        match write {
            Write::Create(new) => {
                if self.directory.teammates.iter().any(|mate| mate.email.eq_ignore_ascii_case(&new.email)) {
                    return Err(refused(409, "the address is taken"));
                }
                let number = self.directory.teammates.len() + 1;
                let mut mate = crate::scene::mate(u32::try_from(number).unwrap(), &new.email);
                mate.first_name = new.first_name.clone().unwrap_or_default();
                mate.last_name = new.last_name.clone().unwrap_or_default();
                mate.custom_fields.clone_from(&new.custom_fields);
                self.effects.push(format!("invited {}", new.email));
                self.directory.teammates.push(mate);
            }
            Write::Update(id, changes) => {
                let mate = self.mate(id)?;
                let before = mate.clone();
                mate.first_name = changes.first_name.clone().unwrap_or_else(|| mate.first_name.clone());
                mate.last_name = changes.last_name.clone().unwrap_or_else(|| mate.last_name.clone());
                mate.is_admin = changes.is_admin.unwrap_or(mate.is_admin);
                mate.custom_fields =
                    changes.custom_fields.clone().unwrap_or_else(|| mate.custom_fields.clone());
                let effect = (*mate != before).then(|| format!("updated {}", mate.email));
                self.effects.extend(effect);
            }
            Write::Block(id) => {
                let mate = self.mate(id)?;
                let effect = (!mate.is_blocked).then(|| format!("deactivated {}", mate.email));
                mate.is_blocked = true;
                self.effects.extend(effect);
            }
            Write::Join(team, ids, joins) => {
                for id in ids {
                    let is_blocked = self.mate(id)?.is_blocked;
                    if is_blocked && *joins {
                        return Err(refused(400, "blocked"));
                    }
                }
                let teams = &mut self.directory.teams;
                let team = teams
                    .iter_mut()
                    .find(|known| known.id == *team)
                    .ok_or_else(|| refused(404, "no team"))?;
                for id in ids {
                    if *joins {
                        team.members.insert(id.clone())
                    } else {
                        team.members.remove(id)
                    };
                }
            }
            Write::Assign(conversation, to) => {
                self.conversations.insert(conversation.0.clone(), to.clone());
            }
        }
        Ok(())
    }
}

impl Model {
    pub(crate) fn new(directory: Directory, seed: u64, trouble: Trouble) -> Self {
        let state = State {
            directory,
            conversations: BTreeMap::new(),
            effects: vec![],
            late: vec![],
            rng: fastrand::Rng::with_seed(seed),
            trouble,
            fuse: None,
        };
        Self { state: Arc::new(Mutex::new(state)), death: Arc::new(Notify::new()) }
    }

    /// Lets the process die after so many calls.
    pub(crate) fn die_after(&self, calls: Option<u32>) {
        self.state.lock().unwrap().fuse = calls;
    }

    /// Waits for the death of the process.
    pub(crate) async fn died(&self) {
        self.death.notified().await;
    }

    /// What is late arrives now.
    pub(crate) fn settle(&self) {
        let mut state = self.state.lock().unwrap();
        for write in std::mem::take(&mut state.late) {
            // What is late and no longer possible is refused, and nobody hears it.
            let _ = state.apply(&write);
        }
    }

    async fn write(&self, write: Write) -> Result<(), Error> {
        let outcome = {
            let mut state = self.state.lock().unwrap();
            if let Some(happens) = state.burn() {
                if happens {
                    let _ = state.apply(&write);
                }
                None
            } else {
                Some(Self::attempt(&mut state, write))
            }
        };
        tokio::task::yield_now().await;
        self.unless_dead(outcome).await
    }

    fn attempt(state: &mut State, write: Write) -> Result<(), Error> {
        let Trouble { lost_after, lost_before, late, .. } = state.trouble;
        let lost =
            || Error::Ambiguous(Box::new(Ambiguous { request: line("write"), why: "lost".to_owned() }));
        if state.hits(lost_before) {
            return Err(lost());
        }
        if state.hits(late) {
            state.late.push(write);
            return Err(lost());
        }
        let applied = state.apply(&write);
        if state.hits(lost_after) {
            return Err(lost());
        }
        applied
    }

    async fn read<T>(&self, read: impl FnOnce(&State) -> T) -> Result<T, Error> {
        let outcome = {
            let mut state = self.state.lock().unwrap();
            let unread = state.trouble.unread;
            if state.burn().is_some() {
                None
            } else if state.hits(unread) {
                Some(Err(Error::NotAnswered { request: line("read"), why: "lost".to_owned() }))
            } else {
                if state.rng.bool()
                    && let Some(write) = state.late.pop()
                {
                    let _ = state.apply(&write);
                }
                Some(Ok(read(&state)))
            }
        };
        tokio::task::yield_now().await;
        self.unless_dead(outcome).await
    }

    /// A process that is dead goes nowhere from here.
    async fn unless_dead<T>(&self, outcome: Option<T>) -> T {
        if let Some(outcome) = outcome {
            return outcome;
        }
        self.death.notify_one();
        std::future::pending().await
    }
}

impl Service for Model {
    async fn teammate(&self, id: &TeammateId) -> Result<Option<Teammate>, Error> {
        self.read(|state| state.directory.teammates.iter().find(|mate| mate.id == *id).cloned()).await
    }

    async fn teammate_by_email(&self, email: &str) -> Result<Option<Teammate>, Error> {
        let fits = |mate: &&Teammate| mate.email.eq_ignore_ascii_case(email);
        self.read(|state| state.directory.teammates.iter().find(fits).cloned()).await
    }

    async fn teammates(&self) -> Result<Vec<Teammate>, Error> {
        self.read(|state| state.directory.teammates.clone()).await
    }

    async fn members(&self, team: &TeamId) -> Result<Option<BTreeMap<TeammateId, String>>, Error> {
        self.read(|state| {
            let team = state.directory.teams.iter().find(|known| known.id == *team)?;
            let mates = state.directory.teammates.iter().filter(|mate| team.members.contains(&mate.id));
            Some(mates.map(|mate| (mate.id.clone(), mate.email.clone())).collect())
        })
        .await
    }

    async fn open_conversations(&self, of: &TeammateId) -> Result<Vec<ConversationId>, Error> {
        self.read(|state| {
            let theirs = state.conversations.iter().filter(|(_, assignee)| assignee.as_ref() == Some(of));
            theirs.map(|(id, _)| ConversationId(id.clone())).collect()
        })
        .await
    }

    async fn create(&self, _via: Via, new: &NewTeammate, _key: &str) -> Result<Option<TeammateId>, Error> {
        self.write(Write::Create(new.clone())).await.map(|()| None)
    }

    async fn update(&self, id: &TeammateId, changes: &TeammateChanges) -> Result<(), Error> {
        self.write(Write::Update(id.clone(), changes.clone())).await
    }

    async fn deactivate(&self, _via: Via, id: &TeammateId, _email: &str) -> Result<(), Error> {
        self.write(Write::Block(id.clone())).await
    }

    async fn add(&self, team: &TeamId, ids: &[TeammateId]) -> Result<(), Error> {
        self.write(Write::Join(team.clone(), ids.to_vec(), true)).await
    }

    async fn remove(&self, team: &TeamId, ids: &[TeammateId]) -> Result<(), Error> {
        self.write(Write::Join(team.clone(), ids.to_vec(), false)).await
    }

    async fn assign(&self, conversation: &ConversationId, to: Option<&TeammateId>) -> Result<(), Error> {
        self.write(Write::Assign(conversation.clone(), to.cloned())).await
    }
}
