//! Conversations and their messages, as much as the lifecycle of people needs (`contract/events.md`, "Conversations"). A
//! message's text is in its event alone; the state knows how many there are.

use crate::company::Company;
use crate::event::{Durable, Event};
use crate::id::{ChannelId, ConversationId, InboxId, MessageId, TeammateId};
use crate::occasion::{Precondition, Stamp, Timestamp, Version};
use crate::refusal::Refusal;
use crate::teammate::{Standing, TeammateRef};
use crate::text::{Handle, MessageText, PersonName, Subject, ThreadRef};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Whether a conversation still is to be dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// It is.
    Open,
    /// It was dealt with.
    Archived,
}

/// Somebody outside the company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correspondent {
    /// The address, number or name that messages are from.
    pub handle: Handle,
    /// The person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<PersonName>,
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// The inbox that it is in.
    pub inbox: InboxId,
    /// The channel that it came in by.
    pub channel: ChannelId,
    /// What it is about.
    pub subject: Subject,
    /// With whom it is.
    pub recipient: Correspondent,
    /// What its messages are told by.
    pub thread: ThreadRef,
    /// Whether it still is to be dealt with.
    pub progress: Progress,
    /// Who deals with it.
    pub assignee: Option<TeammateId>,
    /// Its latest message.
    pub last_message: Option<MessageId>,
    /// When the oldest message came that nobody replied to.
    pub waiting_since: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The company's version when it last changed.
    pub revision: Version,
    /// When that was.
    pub updated_at: Timestamp,
}

/// Takes in a message from outside: into the conversation of its thread, or into a new one. An archived one reopens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiveMessage {
    /// The channel, as it was given.
    pub channel: Box<str>,
    /// Who wrote it.
    pub sender: Correspondent,
    /// What it is about.
    pub subject: Option<Subject>,
    /// The text.
    pub body: MessageText,
    /// What tells the thread; the sender, when absent.
    pub thread_ref: Option<ThreadRef>,
}

/// Sends a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendMessage {
    /// In which conversation, as it was given.
    pub conversation: Box<str>,
    /// Who writes it; nobody in particular, when absent.
    pub author: Option<TeammateRef>,
    /// What it is about.
    pub subject: Option<Subject>,
    /// The text.
    pub body: MessageText,
    /// Where the conversation goes with it.
    pub progress: Option<Progress>,
}

/// Changes what is given of a conversation, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateConversation {
    /// Which, as it was given.
    pub conversation: Box<str>,
    /// Who is to deal with it; `Some(None)` for nobody.
    pub assignee: Option<Option<TeammateRef>>,
    /// Whether it still is to be dealt with.
    pub progress: Option<Progress>,
    /// The version that the caller saw.
    pub precondition: Precondition,
}

/// The personal part of a new conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConversationHead {
    /// What it is about.
    pub subject: Subject,
    /// With whom it is.
    pub recipient: Correspondent,
    /// What its messages are told by.
    pub thread: ThreadRef,
}

/// A conversation was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConversationCreated {
    /// Which.
    pub conversation: ConversationId,
    /// In which inbox.
    pub inbox: InboxId,
    /// By which channel.
    pub channel: ChannelId,
    /// The personal part; `None` once erased.
    #[serde(skip)]
    pub head: Option<ConversationHead>,
}

/// The personal part of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Letter {
    /// Who outside the company wrote it, or whom it is for.
    pub correspondent: Correspondent,
    /// What it is about.
    pub subject: Subject,
    /// The text.
    pub body: MessageText,
}

/// A message came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageReceived {
    /// Which.
    pub message: MessageId,
    /// In which conversation.
    pub conversation: ConversationId,
    /// The personal part; `None` once erased.
    #[serde(skip)]
    pub letter: Option<Letter>,
}

/// A reply was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageSent {
    /// Which.
    pub message: MessageId,
    /// In which conversation.
    pub conversation: ConversationId,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<TeammateId>,
    /// The personal part; `None` once erased.
    #[serde(skip)]
    pub letter: Option<Letter>,
}

/// A conversation was assigned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConversationAssigned {
    /// Which.
    pub conversation: ConversationId,
    /// Who dealt with it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<TeammateId>,
    /// Who deals with it now.
    pub to: TeammateId,
}

/// A conversation was taken from whoever dealt with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConversationUnassigned {
    /// Which.
    pub conversation: ConversationId,
    /// From whom.
    pub from: TeammateId,
}

/// A conversation was archived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConversationArchived {
    /// Which.
    pub conversation: ConversationId,
}

/// An archived conversation was opened again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConversationReopened {
    /// Which.
    pub conversation: ConversationId,
}

macro_rules! personal_part {
    ($($event:ident.$part:ident: $personal:ty;)*) => {$(
        impl Durable for $event {
            type Personal = $personal;

            fn personal(&self) -> Option<&$personal> {
                self.$part.as_ref()
            }

            fn with_personal(mut self, personal: Option<$personal>) -> Self {
                self.$part = personal;
                self
            }
        }
    )*};
}

personal_part! {
    ConversationCreated.head: ConversationHead;
    MessageReceived.letter: Letter;
    MessageSent.letter: Letter;
}

impl Company {
    /// The conversation of a given id.
    pub fn find_conversation(&self, given: &str) -> Result<&Arc<Conversation>, Refusal> {
        let found = given.parse().ok().and_then(|id: ConversationId| self.conversations.get(&id));
        found.ok_or_else(|| Refusal::UnknownConversation { given: given.into() })
    }

    /// The version of a conversation as it is shown: the latest change of it or of whoever deals with it.
    pub fn shown_revision_of_conversation(&self, conversation: &Conversation) -> Version {
        let assignee = conversation.assignee.and_then(|id| self.teammates.get(&id));
        assignee.map_or(conversation.revision, |found| found.revision.max(conversation.revision))
    }

    /// The conversations that a teammate deals or dealt with, the newest first, of those below a number.
    pub fn conversations_of(
        &self,
        teammate: TeammateId,
        below: u64,
    ) -> impl Iterator<Item = &Arc<Conversation>> {
        let range = (teammate, ConversationId::new(0))..(teammate, ConversationId::new(below));
        self.assigned.range(range).rev().filter_map(|(_, id)| self.conversations.get(id))
    }

    /// The events that take a teammate's open conversations from it, for when it can no longer deal with them.
    pub(crate) fn unassignments(&self, teammate: TeammateId) -> impl Iterator<Item = Event> {
        let open = self.conversations_of(teammate, u64::MAX).filter(|found| found.progress == Progress::Open);
        let mut open: Vec<_> = open.map(|found| found.id).collect();
        open.reverse();
        open.into_iter().map(move |conversation| {
            Event::ConversationUnassigned(ConversationUnassigned { conversation, from: teammate })
        })
    }

    fn is_blocked(&self, teammate: TeammateId) -> bool {
        self.teammates.get(&teammate).is_none_or(|found| found.standing == Standing::Blocked)
    }

    /// The events of another progress; none, where it is the same.
    fn progressing(&self, conversation: &Conversation, to: Progress) -> Vec<Event> {
        let id = conversation.id;
        match (conversation.progress, to) {
            (Progress::Open, Progress::Archived) => {
                vec![Event::ConversationArchived(ConversationArchived { conversation: id })]
            }
            (Progress::Archived, Progress::Open) => {
                let reopened = Event::ConversationReopened(ConversationReopened { conversation: id });
                // Nobody's work is hidden behind a dead account.
                let lost = conversation.assignee.filter(|assignee| self.is_blocked(*assignee));
                let unassigned = lost.map(|from| {
                    Event::ConversationUnassigned(ConversationUnassigned { conversation: id, from })
                });
                std::iter::once(reopened).chain(unassigned).collect()
            }
            (Progress::Open, Progress::Open) | (Progress::Archived, Progress::Archived) => vec![],
        }
    }

    fn assigning(
        &self,
        conversation: &Conversation,
        to: Option<&TeammateRef>,
    ) -> Result<Option<Event>, Refusal> {
        let id = conversation.id;
        let Some(reference) = to else {
            return Ok(conversation.assignee.map(|from| {
                Event::ConversationUnassigned(ConversationUnassigned { conversation: id, from })
            }));
        };
        let teammate = self.find_teammate(reference);
        let teammate =
            teammate.ok_or_else(|| Refusal::UnknownAssignee { given: reference.given().into() })?;
        if teammate.standing == Standing::Blocked {
            return Err(Refusal::BlockedAssignee { teammate: teammate.id });
        }
        let (from, to) = (conversation.assignee, teammate.id);
        let assigned = ConversationAssigned { conversation: id, from, to };
        Ok((from != Some(to)).then_some(Event::ConversationAssigned(assigned)))
    }
}

pub(crate) fn receive(company: &Company, command: &ReceiveMessage) -> Result<Vec<Event>, Refusal> {
    let channel = company.find_channel(&command.channel)?;
    let thread = command.thread_ref.clone().unwrap_or_else(|| {
        let handle = command.sender.handle.as_str();
        ThreadRef::parse(handle).expect("a handle is shorter than a thread reference may be")
    });
    let known = company.by_thread.get(&(channel.id, thread.clone()));
    let known = known.and_then(|id| company.conversations.get(id));
    let subject = command.subject.clone().unwrap_or_else(Subject::empty);
    let (conversation, mut events) = if let Some(known) = known {
        (known.id, company.progressing(known, Progress::Open))
    } else {
        let conversation = ConversationId::new(company.counters.conversation + 1);
        let created = ConversationCreated {
            conversation,
            inbox: channel.inbox,
            channel: channel.id,
            head: Some(ConversationHead {
                subject: subject.clone(),
                recipient: command.sender.clone(),
                thread,
            }),
        };
        (conversation, vec![Event::ConversationCreated(created)])
    };
    events.push(Event::MessageReceived(MessageReceived {
        message: MessageId::new(company.counters.message + 1),
        conversation,
        letter: Some(Letter { correspondent: command.sender.clone(), subject, body: command.body.clone() }),
    }));
    Ok(events)
}

pub(crate) fn send(company: &Company, command: &SendMessage) -> Result<Vec<Event>, Refusal> {
    let conversation = company.find_conversation(&command.conversation)?;
    let author = command.author.as_ref().map(|reference| {
        let unknown = || Refusal::UnknownAuthor { given: reference.given().into() };
        company.find_teammate(reference).ok_or_else(unknown)
    });
    let author = author.transpose()?;
    if let Some(blocked) = author.filter(|author| author.standing == Standing::Blocked) {
        return Err(Refusal::BlockedAuthor { teammate: blocked.id });
    }
    let sent = Event::MessageSent(MessageSent {
        message: MessageId::new(company.counters.message + 1),
        conversation: conversation.id,
        author: author.map(|author| author.id),
        letter: Some(Letter {
            correspondent: conversation.recipient.clone(),
            subject: command.subject.clone().unwrap_or_else(|| conversation.subject.clone()),
            body: command.body.clone(),
        }),
    });
    let progress = command.progress.map(|to| company.progressing(conversation, to)).unwrap_or_default();
    Ok(std::iter::once(sent).chain(progress).collect())
}

pub(crate) fn update(company: &Company, command: &UpdateConversation) -> Result<Vec<Event>, Refusal> {
    let conversation = company.find_conversation(&command.conversation)?;
    if !command.precondition.allows(company.shown_revision_of_conversation(conversation)) {
        return Err(Refusal::ChangedSince);
    }
    let assigned = command.assignee.as_ref().map(|to| company.assigning(conversation, to.as_ref()));
    let assigned = assigned.transpose()?.flatten();
    let mut events = command.progress.map(|to| company.progressing(conversation, to)).unwrap_or_default();
    if let Some(assigned) = assigned {
        // Whoever it was taken from because of the reopening is not taken from twice.
        events.retain(|event| !matches!(event, Event::ConversationUnassigned(_)));
        events.push(assigned);
    }
    Ok(events)
}

pub(crate) fn created(company: &mut Company, event: &ConversationCreated, stamp: &Stamp) {
    let ConversationCreated { conversation: id, inbox, channel, head } = event.clone();
    let ConversationHead { subject, recipient, thread } = head.unwrap_or_else(|| ConversationHead {
        subject: Subject::empty(),
        recipient: Correspondent { handle: Handle::erased(), name: None },
        thread: ThreadRef::parse(&format!("(erased {id})")).expect("the text is a valid reference"),
    });
    company.counters.conversation = company.counters.conversation.max(id.number());
    let conversation = Conversation {
        id,
        inbox,
        channel,
        subject,
        recipient,
        thread,
        progress: Progress::Open,
        assignee: None,
        last_message: None,
        waiting_since: None,
        created_at: stamp.time,
        revision: stamp.version,
        updated_at: stamp.time,
    };
    company.index_conversation(&conversation);
    company.conversations.insert(id, Arc::new(conversation));
}

pub(crate) fn message_received(company: &mut Company, event: &MessageReceived, stamp: &Stamp) {
    company.counters.message = company.counters.message.max(event.message.number());
    change(company, event.conversation, stamp, |conversation| {
        conversation.last_message = Some(event.message);
        conversation.waiting_since = conversation.waiting_since.or(Some(stamp.time));
    });
}

pub(crate) fn message_sent(company: &mut Company, event: &MessageSent, stamp: &Stamp) {
    company.counters.message = company.counters.message.max(event.message.number());
    change(company, event.conversation, stamp, |conversation| {
        conversation.last_message = Some(event.message);
        conversation.waiting_since = None;
    });
}

pub(crate) fn assigned(company: &mut Company, event: &ConversationAssigned, stamp: &Stamp) {
    assign(company, event.conversation, Some(event.to), stamp);
}

pub(crate) fn unassigned(company: &mut Company, event: &ConversationUnassigned, stamp: &Stamp) {
    assign(company, event.conversation, None, stamp);
}

pub(crate) fn archived(company: &mut Company, event: &ConversationArchived, stamp: &Stamp) {
    change(company, event.conversation, stamp, |conversation| conversation.progress = Progress::Archived);
}

pub(crate) fn reopened(company: &mut Company, event: &ConversationReopened, stamp: &Stamp) {
    change(company, event.conversation, stamp, |conversation| conversation.progress = Progress::Open);
}

fn assign(company: &mut Company, id: ConversationId, to: Option<TeammateId>, stamp: &Stamp) {
    let from = company.conversations.get(&id).and_then(|conversation| conversation.assignee);
    if let Some(from) = from {
        company.assigned.remove(&(from, id));
    }
    if let Some(to) = to {
        company.assigned.insert((to, id));
    }
    change(company, id, stamp, |conversation| conversation.assignee = to);
}

fn change(company: &mut Company, id: ConversationId, stamp: &Stamp, change: impl FnOnce(&mut Conversation)) {
    if let Some(conversation) = company.conversations.get_mut(&id) {
        let conversation = Arc::make_mut(conversation);
        change(conversation);
        conversation.revision = stamp.version;
        conversation.updated_at = stamp.time;
    }
}
