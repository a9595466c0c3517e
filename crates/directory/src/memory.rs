//! About how much memory a company takes, so that an operator can see which one it is that grows.

use crate::company::Company;
use crate::conversation::Conversation;
use crate::custom_field::FieldValue;
use crate::id::FieldId;
use crate::team::Team;
use crate::teammate::Teammate;
use crate::token::Token;
use std::mem::size_of;

/// What the maps and indexes take for one teammate, with the empty places in their nodes and what the allocator rounds up:
/// so much that a teammate of `tenure bench` comes to the 991 bytes that it measured with a million of them.
const PLACES_OF_A_TEAMMATE: usize = 772;
/// The same for a team or a token; not measured, since there are few of them.
const PLACES_OF_ANOTHER: usize = 160;

impl Company {
    /// An estimate in bytes. Walks over all records: to be asked now and then, not in a request.
    pub fn approximate_memory(&self) -> usize {
        let teammates: usize = self.teammates.values().map(|teammate| of_teammate(teammate)).sum();
        let teams: usize = self.teams.values().map(|team| of_team(team)).sum();
        let tokens = self.tokens.len() * (size_of::<Token>() + PLACES_OF_ANOTHER);
        let conversations: usize = self.conversations.values().map(|found| of_conversation(found)).sum();
        size_of::<Self>() + teammates + teams + tokens + conversations
    }
}

fn of_teammate(teammate: &Teammate) -> usize {
    let texts = [
        teammate.email.as_str(),
        teammate.username.as_str(),
        teammate.first_name.as_str(),
        teammate.last_name.as_str(),
    ];
    let values = teammate.custom_fields.iter().map(|(_, value)| match value {
        FieldValue::Text(text) => text.as_str().len(),
        FieldValue::Number(_) | FieldValue::Boolean(_) | FieldValue::Teammate(_) | FieldValue::Inbox(_) => 0,
    });
    let fixed = size_of::<(FieldId, FieldValue)>() * teammate.custom_fields.iter().count();
    let texts: usize = texts.iter().map(|text| text.len()).sum();
    size_of::<Teammate>()
        + PLACES_OF_A_TEAMMATE
        + texts
        + fixed
        + values.sum::<usize>()
        + size_of_val(teammate.teams())
        + teammate.relations.as_ref().map_or(0, |relations| size_of_val(&**relations))
        + teammate
            .relations
            .as_ref()
            .and_then(|relations| relations.kept.as_ref())
            .map_or(0, |kept| kept.approximate_memory())
}

fn of_team(team: &Team) -> usize {
    size_of::<Team>()
        + PLACES_OF_ANOTHER
        + team.name.as_str().len()
        + team.members.len() * size_of::<u64>() * 2
}

fn of_conversation(conversation: &Conversation) -> usize {
    let name = conversation.recipient.name.as_ref().map_or(0, |name| name.as_str().len());
    size_of::<Conversation>()
        + PLACES_OF_ANOTHER
        + conversation.subject.as_str().len()
        + conversation.recipient.handle.as_str().len()
        + conversation.thread.as_str().len()
        + name
}
