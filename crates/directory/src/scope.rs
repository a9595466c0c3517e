//! Scopes: what a token may do. One table; names, parsing and lists are derived from it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;
use std::str::FromStr;

macro_rules! scopes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// One right that a token may carry.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scope {
            $($(#[$doc])* $variant,)*
        }

        impl Scope {
            /// All scopes, in the order in which they are listed to people.
            pub const ALL: &'static [Scope] = &[$(Scope::$variant,)*];

            /// The scope's name on the wire.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Scope::$variant => $name,)*
                }
            }
        }
    };
}

scopes! {
    /// Read teammates.
    TeammatesRead = "teammates:read";
    /// Create, change and block teammates.
    TeammatesWrite = "teammates:write";
    /// Read teams and their members.
    TeamsRead = "teams:read";
    /// Add members to teams and remove them.
    TeamsWrite = "teams:write";
    /// Read which custom fields there are.
    CustomFieldsRead = "custom_fields:read";
    /// Read events.
    EventsRead = "events:read";
    /// Read webhook endpoints and deliveries.
    WebhooksRead = "webhooks:read";
    /// Manage webhook endpoints.
    WebhooksWrite = "webhooks:write";
    /// Read conversations.
    ConversationsRead = "conversations:read";
    /// Change conversations.
    ConversationsWrite = "conversations:write";
    /// Read inboxes.
    InboxesRead = "inboxes:read";
    /// Create inboxes.
    InboxesWrite = "inboxes:write";
    /// Read channels.
    ChannelsRead = "channels:read";
    /// Create channels.
    ChannelsWrite = "channels:write";
    /// Read messages.
    MessagesRead = "messages:read";
    /// Change messages.
    MessagesWrite = "messages:write";
    /// Send messages.
    MessagesSend = "messages:send";
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope `{given}`; the scopes are {}", Scopes::all())]
pub struct UnknownScope {
    given: String,
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let name = if text == "events:*:read" { Scope::EventsRead.name() } else { text };
        Scope::ALL
            .iter()
            .copied()
            .find(|scope| scope.name() == name)
            .ok_or_else(|| UnknownScope { given: text.escape_debug().to_string() })
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u32);

impl Scopes {
    /// No scope.
    pub const NONE: Self = Self(0);

    /// Every scope there is.
    pub fn all() -> Self {
        Scope::ALL.iter().copied().collect()
    }

    /// Whether the set has this scope.
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u32) != 0
    }

    /// Whether the set has no scope.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes of the set in listing order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | (1 << scope as u32)))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        for (index, scope) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(scope.name())?;
        }
        Ok(())
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Scope::name))
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<String>::deserialize(deserializer)?
            .iter()
            .map(|name| name.parse::<Scope>().map_err(D::Error::custom))
            .collect()
    }
}
