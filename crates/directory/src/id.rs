//! Ids: a counter within a company, written in base 36 behind a prefix that tells the kind.

use crate::base36;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;
use std::str::FromStr;

/// A text that is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id that starts with `{prefix}`")]
pub struct NotAnId {
    prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// What every id of this kind starts with.
            pub const PREFIX: &'static str = $prefix;

            /// The id with this number.
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number behind the prefix.
            pub const fn number(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                f.write_str(&base36::encode(self.0))
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                text.strip_prefix($prefix)
                    .and_then(base36::decode)
                    .map(Self)
                    .ok_or(NotAnId { prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A company; also the number of its stream in the journal. Number 0 is the registry's stream.
    CompanyId = "cmp_";
    /// A teammate within a company.
    TeammateId = "tea_";
    /// A team within a company.
    TeamId = "tim_";
    /// A custom field within a company.
    FieldId = "fld_";
    /// A token within a company. Not the secret.
    TokenId = "tok_";
    /// An inbox within a company.
    InboxId = "inb_";
    /// A channel within a company.
    ChannelId = "cha_";
    /// A conversation within a company.
    ConversationId = "cnv_";
    /// A message within a company.
    MessageId = "msg_";
    /// What happened in a company, as others are told; its number is the company's version with it.
    EventId = "evt_";
    /// Something that is sent to a webhook endpoint; its number is its place among what is sent there.
    DeliveryId = "dlv_";
    /// A webhook endpoint within a company.
    WebhookId = "whk_";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_one_kind_never_reads_as_another() {
        assert_eq!("tea_2n1".parse(), Ok(TeammateId::new(3421)));
        for other in ["tim_2n1", "tea_", "tea_2N1", "2n1", "tea_02n1", "tea_-1", "TEA_1"] {
            assert!(other.parse::<TeammateId>().is_err(), "{other}");
        }
    }
}
