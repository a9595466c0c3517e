//! What happened, as others are told: one representation for `GET /events` and for webhooks.

use crate::rest::conversations::{ConversationRepresentation, represent as represent_conversation};
use crate::rest::list::SelfLink;
use crate::rest::me::{EpochSeconds, epoch_seconds};
use crate::rest::messages::{MessageRepresentation, represent as represent_message};
use crate::rest::teammates::{CustomFieldValues, TeammateRepresentation, represent as represent_teammate};
use crate::rest::teams::{TeamRepresentation, represent as represent_team};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tenure_delivery::webhook::{Represent, Told};
use tenure_directory::teammate::{Availability, Change, ProfileChanges, Role, Standing, TeammateUpdated};
use tenure_directory::token::TokenKind;
use tenure_directory::webhook::Format;
use tenure_directory::{
    Actor, Company, ConversationId, Event, EventId, Recorded, TeamId, TeammateId, TokenId, Word,
};
use utoipa::ToSchema;

/// In whose words the type of an event is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vocabulary {
    /// The product's published ones, where it has one.
    Published,
    /// Ours.
    Own,
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventRepresentation<'a> {
    #[serde(rename = "_links")]
    links: SelfLink,
    /// Its id; rising within a company.
    id: String,
    /// The product's published word, such as `assign`; where it has none, the same as `name`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What happened, such as `teammate.updated`.
    name: &'static str,
    /// When, in epoch seconds with milliseconds.
    emitted_at: EpochSeconds,
    source: Source<'a>,
    target: Target<'a>,
    /// The conversation that it happened in.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<ConversationRepresentation<'a>>,
    /// The teammates who joined or left a team.
    #[serde(skip_serializing_if = "Option::is_none")]
    teammate_ids: Option<Vec<String>>,
    /// What changed: by the field's name, what it was (`from`) and what it is (`to`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    changes: Option<Map<String, Value>>,
}

/// Of what kind something is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Meta {
    /// The kind.
    #[serde(rename = "type")]
    kind: &'static str,
}

/// Who did it, and over which face.
#[derive(Serialize, ToSchema)]
pub(crate) struct Source<'a> {
    /// `api`, `scim`, `operator`, `console` or `mail`.
    #[serde(rename = "_meta")]
    meta: Meta,
    /// The token, or the teammate whose token or invitation it was; `null` where it was nobody of the company's.
    #[schema(required, value_type = Option<Object>)]
    data: Option<SourceData<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum SourceData<'a> {
    Teammate(Box<TeammateRepresentation<'a>>),
    Token { id: String, name: &'a str },
}

/// What it was done to, as it was right after.
#[derive(Serialize, ToSchema)]
pub(crate) struct Target<'a> {
    /// `teammate`, `team`, `conversation` or `message`.
    #[serde(rename = "_meta")]
    meta: Meta,
    /// The thing.
    #[schema(required, value_type = Option<Object>)]
    data: Option<TargetData<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum TargetData<'a> {
    Teammate(Box<TeammateRepresentation<'a>>),
    Team(TeamRepresentation<'a>),
    Conversation(Box<ConversationRepresentation<'a>>),
    Message(Box<MessageRepresentation<'a>>),
}

/// An event as others are told of it; none for what they are not told. The `scene` has what it is about as it was then.
pub(crate) fn represent<'a>(
    base: &str,
    published: &'a Company,
    scene: &'a Company,
    recorded: &'a Recorded,
    vocabulary: Vocabulary,
) -> Option<EventRepresentation<'a>> {
    let word = recorded.event.word()?;
    let id = EventId::new(recorded.version.number());
    let conversation = conversation_of(&recorded.event).and_then(|id| scene.conversations.get(&id));
    Some(EventRepresentation {
        links: SelfLink { own: format!("{base}/events/{id}") },
        id: id.to_string(),
        kind: match vocabulary {
            Vocabulary::Published => word.published(),
            Vocabulary::Own => word.name(),
        },
        name: word.name(),
        emitted_at: epoch_seconds(recorded.time),
        source: source(base, published, recorded.actor),
        target: target(base, scene, recorded, word),
        conversation: conversation.map(|found| represent_conversation(base, scene, found)),
        teammate_ids: teammate_ids(&recorded.event),
        changes: changes(scene, &recorded.event),
    })
}

fn source<'a>(base: &str, published: &'a Company, actor: Actor) -> Source<'a> {
    let teammate = |id: TeammateId| {
        let found = published.teammates.get(&id)?;
        Some(SourceData::Teammate(Box::new(represent_teammate(base, published, found))))
    };
    let token = |id: TokenId| {
        let found = published.tokens.get(&id)?;
        if let TokenKind::Teammate(id) = found.kind {
            return teammate(id);
        }
        let name = found.note.as_ref().map_or("", |note| note.as_str());
        Some(SourceData::Token { id: id.to_string(), name })
    };
    let (kind, data) = match actor {
        Actor::Operator => ("operator", None),
        Actor::Api(id) => ("api", token(id)),
        Actor::Scim(id) => ("scim", token(id)),
        Actor::Invitation(id) => ("mail", teammate(id)),
        Actor::Mail => ("mail", None),
        Actor::Webhooks => ("webhooks", None),
    };
    Source { meta: Meta { kind }, data }
}

fn conversation_of(event: &Event) -> Option<ConversationId> {
    event.subjects().first()?.parse().ok()
}

fn target<'a>(base: &str, scene: &'a Company, recorded: &'a Recorded, word: Word) -> Target<'a> {
    let event = &recorded.event;
    let teammate = |id: Option<&TeammateId>| {
        let found = scene.teammates.get(id?)?;
        Some(TargetData::Teammate(Box::new(represent_teammate(base, scene, found))))
    };
    let (kind, data) = match word {
        Word::TeammateCreated
        | Word::TeammateUpdated
        | Word::TeammateDeleted
        | Word::InvitationAccepted
        | Word::ConversationAssigned
        | Word::ConversationUnassigned => ("teammate", teammate(event.teammates().first())),
        Word::TeamCreated
        | Word::TeamUpdated
        | Word::TeamDeleted
        | Word::TeammatesAdded
        | Word::TeammatesRemoved => {
            let team = event.subjects().first().and_then(|subject| subject.parse::<TeamId>().ok());
            let team = team.and_then(|id| scene.teams.get(&id));
            ("team", team.map(|team| TargetData::Team(represent_team(base, team))))
        }
        Word::ConversationCreated | Word::ConversationArchived | Word::ConversationReopened => {
            let found = conversation_of(event).and_then(|id| scene.conversations.get(&id));
            let found = found.map(|found| Box::new(represent_conversation(base, scene, found)));
            ("conversation", found.map(TargetData::Conversation))
        }
        Word::MessageReceived | Word::MessageSent => {
            let found = represent_message(base, scene, recorded).map(Box::new);
            ("message", found.map(TargetData::Message))
        }
    };
    Target { meta: Meta { kind }, data }
}

fn teammate_ids(event: &Event) -> Option<Vec<String>> {
    match event {
        Event::TeammatesAdded(_) | Event::TeammatesRemoved(_) => {
            Some(event.teammates().iter().map(ToString::to_string).collect())
        }
        _ => None,
    }
}

/// What changed, field by field, in the words of the API.
fn changes(scene: &Company, event: &Event) -> Option<Map<String, Value>> {
    let mut changes = Changes(Map::new());
    match event {
        Event::TeammateUpdated(event) => of_teammate(scene, event, &mut changes),
        Event::TeammateReactivated(_) => changes.add("is_blocked", &true, &false),
        Event::TeamRenamed(event) => changes.add("name", &event.from, &event.to),
        Event::TeamExternalIdChanged(event) => changes.add("external_id", &event.from, &event.to),
        Event::ConversationAssigned(event) => changes.add("assignee_id", &event.from, &Some(event.to)),
        Event::ConversationUnassigned(event) => {
            changes.add("assignee_id", &Some(event.from), &None::<TeammateId>);
        }
        _ => return None,
    }
    Some(changes.0)
}

struct Changes(Map<String, Value>);

impl Changes {
    fn add(&mut self, field: &str, from: &impl Serialize, to: &impl Serialize) {
        self.0.insert(field.to_owned(), json!({ "from": from, "to": to }));
    }

    fn add_if<T: Serialize>(&mut self, field: &str, change: Option<&Change<T>>) {
        if let Some(Change { from, to }) = change {
            self.add(field, from, to);
        }
    }
}

fn of_teammate(scene: &Company, event: &TeammateUpdated, changes: &mut Changes) {
    let TeammateUpdated { teammate: _, role, availability, standing, profile } = event;
    if let Some(Change { from, to }) = role {
        changes.add("is_admin", &(*from == Role::Admin), &(*to == Role::Admin));
    }
    if let Some(Change { from, to }) = availability {
        let is_available = |availability: &Availability| *availability == Availability::Available;
        changes.add("is_available", &is_available(from), &is_available(to));
    }
    if let Some(Change { from, to }) = standing {
        changes.add("is_blocked", &(*from == Standing::Blocked), &(*to == Standing::Blocked));
    }
    let Some(profile) = profile else { return };
    let ProfileChanges { email, username, first_name, last_name, custom_fields, kept } = profile;
    changes.add_if("email", email.as_ref());
    changes.add_if("username", username.as_ref());
    changes.add_if("first_name", first_name.as_ref());
    changes.add_if("last_name", last_name.as_ref());
    if let Some(Change { from, to }) = custom_fields {
        let shown = |values| CustomFieldValues { company: scene, values };
        changes.add("custom_fields", &shown(from), &shown(to));
    }
    if let Some(change) = kept {
        let (from, to) = differences(&json!(change.from), &json!(change.to));
        changes.add("scim", &from, &to);
    }
}

/// Of two objects, the members that differ.
fn differences(from: &Value, to: &Value) -> (Value, Value) {
    let only = |one: &Value, other: &Value| -> Value {
        let members = one.as_object().into_iter().flatten();
        let differing = members.filter(|(name, value)| other.get(name.as_str()) != Some(value));
        differing.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
    };
    (only(from, to), only(to, from))
}

/// How webhooks tell an event: as `GET /events` does, with the company that it happened in.
pub(crate) struct EventJson {
    base: Box<str>,
}

impl EventJson {
    /// With links that start with the public URL.
    pub(crate) fn new(public_url: &str) -> Self {
        Self { base: public_url.into() }
    }
}

#[derive(Serialize)]
struct ToldToWebhook<'a> {
    company: String,
    #[serde(flatten)]
    event: EventRepresentation<'a>,
}

impl Represent for EventJson {
    fn represent(&self, told: &Told<'_>) -> Option<String> {
        let Told { published, scene, recorded, format } = told;
        let vocabulary = match format {
            Format::Event => Vocabulary::Own,
            Format::FrontApplication | Format::FrontRule => Vocabulary::Published,
        };
        let event = represent(&self.base, published, scene, recorded, vocabulary)?;
        let told = ToldToWebhook { company: published.id.to_string(), event };
        Some(serde_json::to_string(&told).expect("an event has a JSON form"))
    }
}
