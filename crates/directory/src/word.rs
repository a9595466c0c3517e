//! The words in which others are told what happened: the public event types (`contract/events.md`, "Events"). One table.

use crate::event::Event;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;
use std::str::FromStr;

/// A text that is no public event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no event type")]
pub struct NotAWord;

macro_rules! words {
    ($($variant:ident = $name:literal, $published:literal, $application:literal, from $($durable:literal)+;)*) => {
        /// A public event type.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each is documented by its name in the table")]
        pub enum Word {
            $($variant,)*
        }

        impl Word {
            /// All words.
            pub const ALL: &'static [Word] = &[$(Word::$variant,)*];

            /// The word, such as `teammate.created`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Word::$variant => $name,)*
                }
            }

            /// The product's published word for it; ours, where it has none.
            pub const fn published(self) -> &'static str {
                match self {
                    $(Word::$variant => $published,)*
                }
            }

            /// The word of the product's application webhooks; ours, where they have none.
            pub const fn of_applications(self) -> &'static str {
                match self {
                    $(Word::$variant => $application,)*
                }
            }

            /// The durable names of the events that are told by this word.
            pub const fn durable_names(self) -> &'static [&'static str] {
                match self {
                    $(Word::$variant => &[$($durable,)+],)*
                }
            }
        }
    };
}

words! {
    TeammateCreated = "teammate.created", "teammate.created", "teammate.created", from "teammate.created";
    TeammateUpdated = "teammate.updated", "teammate.updated", "teammate.updated", from "teammate.updated" "teammate.reactivated";
    TeammateDeleted = "teammate.deleted", "teammate.deleted", "teammate.deleted", from "teammate.blocked";
    ConversationCreated = "conversation.created", "conversation.created", "conversation_created", from "conversation.created";
    ConversationAssigned = "conversation.assigned", "assign", "assignee_changed", from "conversation.assigned";
    ConversationUnassigned = "conversation.unassigned", "unassign", "assignee_changed", from "conversation.unassigned";
    ConversationArchived = "conversation.archived", "archive", "conversation_archived", from "conversation.archived";
    ConversationReopened = "conversation.reopened", "reopen", "conversation_reopened", from "conversation.reopened";
    MessageReceived = "message.received", "inbound", "inbound_received", from "message.received";
    MessageSent = "message.sent", "outbound", "outbound_sent", from "message.sent";
    TeamCreated = "team.created", "team.created", "team.created", from "team.created";
    TeamUpdated = "team.updated", "team.updated", "team.updated", from "team.renamed" "team.external_id_changed";
    TeamDeleted = "team.deleted", "team.deleted", "team.deleted", from "team.deleted";
    TeammatesAdded = "team.teammates_added", "team.teammates_added", "team.teammates_added", from "team.teammates_added";
    TeammatesRemoved = "team.teammates_removed", "team.teammates_removed", "team.teammates_removed", from "team.teammates_removed";
    InvitationAccepted = "invitation.accepted", "invitation.accepted", "invitation.accepted", from "invitation.accepted";
}

impl Word {
    /// The word that a durable name is told by; none for what others are not told.
    pub fn of(durable: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|word| word.durable_names().contains(&durable))
    }

    /// What the word is about: the part before the point.
    pub fn noun(self) -> &'static str {
        self.name().split_once('.').map_or(self.name(), |(noun, _)| noun)
    }
}

impl Event {
    /// The word by which others are told of this event; none for what they are not told.
    pub fn word(&self) -> Option<Word> {
        Word::of(self.name())
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Word {
    type Err = NotAWord;

    /// Reads a word, ours or the product's published one.
    fn from_str(text: &str) -> Result<Self, NotAWord> {
        let found = Self::ALL.iter().copied().find(|word| word.name() == text || word.published() == text);
        found.ok_or(NotAWord)
    }
}

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_comes_from_events_that_there_are_and_each_event_has_one_word() {
        let durable: Vec<_> = Word::ALL.iter().flat_map(|word| word.durable_names()).collect();
        for name in &durable {
            assert!(Event::NAMES.contains(name), "{name}");
            assert_eq!(durable.iter().filter(|other| other == &name).count(), 1, "{name}");
        }
    }

    #[test]
    fn a_word_is_read_in_either_vocabulary() {
        assert_eq!("assign".parse(), Ok(Word::ConversationAssigned));
        assert_eq!("conversation.assigned".parse(), Ok(Word::ConversationAssigned));
        assert_eq!("assignee_changed".parse::<Word>(), Err(NotAWord));
    }
}
