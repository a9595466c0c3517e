//! What an identity provider gave about a teammate and the directory has no field for. It is kept as it was given, so that
//! nothing pushed is lost (`contract/scim.md`, "Resources").

use crate::email::{EmailAddress, EmailKey};
use crate::text::{ExternalId, UserName};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value;
use std::mem::size_of_val;
use std::sync::LazyLock;

/// The key of the whole name among the parts of a name.
pub const WHOLE_NAME: &str = "formatted";

/// The most octets that one [`KeptJson`] may have.
pub const KEPT_MAX_OCTETS: usize = 64 * 1024;

/// A value that the directory keeps and does not look into: JSON in one canonical spelling, keys sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptJson(Box<str>);

/// A value of more than [`KEPT_MAX_OCTETS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be at most 65536 octets of JSON")]
pub struct TooLargeToKeep;

impl KeptJson {
    /// Keeps a value.
    pub fn of(value: &Value) -> Result<Self, TooLargeToKeep> {
        let text = value.to_string();
        if text.len() > KEPT_MAX_OCTETS { Err(TooLargeToKeep) } else { Ok(Self(text.into())) }
    }

    /// The JSON.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value.
    pub fn to_value(&self) -> Value {
        serde_json::from_str(&self.0).expect("it was made from a value")
    }
}

impl Serialize for KeptJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for KeptJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// One of a teammate's addresses as it was given. It need not be one that mail can go to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptEmail {
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Box<str>>,
    /// What it is for, such as `work`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Box<str>>,
    /// A name for people to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<Box<str>>,
    /// Whether it is the preferred one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<bool>,
}

/// Everything that is kept about a teammate.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The id that the identity provider has for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    /// What the person signs in by, where that is not the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<UserName>,
    /// The addresses; none where they were never given.
    #[serde(default, skip_serializing_if = "<[KeptEmail]>::is_empty")]
    pub emails: Box<[KeptEmail]>,
    /// Whether it was said whether the person is there for work.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub availability: bool,
    /// The parts of the name beside the given and the family name: an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_parts: Option<KeptJson>,
    /// The roles: an array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<KeptJson>,
    /// The manager: a teammate's id, or whatever else the identity provider calls a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<ExternalId>,
    /// What enterprises keep, but for the manager: an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enterprise: Option<KeptJson>,
    /// All other attributes: an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<KeptJson>,
}

/// What is kept about those whom no identity provider knows.
static NOTHING: LazyLock<Kept> = LazyLock::new(Kept::default);

impl Kept {
    /// What is kept about those whom no identity provider knows.
    pub(crate) fn nothing() -> &'static Self {
        &NOTHING
    }

    /// Itself in a box; nothing, where nothing is kept.
    pub(crate) fn boxed(self) -> Option<Box<Self>> {
        (self != *NOTHING).then(|| Box::new(self))
    }

    /// The same with one address in the place of another.
    pub(crate) fn readdressed(&self, from: &EmailKey, to: &EmailAddress) -> Self {
        let mut after = self.clone();
        for email in &mut after.emails {
            if email.value.as_deref().is_some_and(|value| EmailKey::of(value) == *from) {
                email.value = Some(to.as_str().into());
            }
        }
        after
    }

    /// The same without the whole name, which no longer is the person's once a part of it has changed.
    pub(crate) fn renamed(&self) -> Self {
        let parts = self.name_parts.as_ref().map(KeptJson::to_value);
        let Some(Value::Object(mut parts)) = parts else { return self.clone() };
        parts.remove(WHOLE_NAME);
        let left = (!parts.is_empty()).then_some(Value::Object(parts));
        let name_parts = left.map(|parts| KeptJson::of(&parts).expect("a part is not larger than the whole"));
        Self { name_parts, ..self.clone() }
    }

    /// What the addresses of a teammate are looked up by beside the key of its own.
    pub(crate) fn other_addresses(&self, own: &EmailAddress) -> Vec<EmailKey> {
        let key = own.key();
        let keys = self.emails.iter().filter_map(|email| email.value.as_deref()).map(EmailKey::folded);
        let mut others: Vec<_> = keys.filter(|other| *other != key).collect();
        if !own.as_str().is_ascii() || !key.is_ascii() {
            others.push(EmailKey::folded(own.as_str()));
        }
        others.sort();
        others.dedup();
        others
    }

    /// About how many bytes it takes beside its own fields.
    pub(crate) fn approximate_memory(&self) -> usize {
        let json = [&self.name_parts, &self.roles, &self.enterprise, &self.attributes];
        let json: usize = json.into_iter().flatten().map(|json| json.0.len()).sum();
        let ids: usize =
            [&self.external_id, &self.manager].into_iter().flatten().map(|id| id.as_str().len()).sum();
        let user_name = self.user_name.as_ref().map_or(0, |name| name.as_str().len());
        let texts = |email: &KeptEmail| {
            let texts = [&email.value, &email.kind, &email.display];
            texts.into_iter().flatten().map(|text| text.len()).sum::<usize>()
        };
        let emails = self.emails.iter().map(texts).sum::<usize>();
        size_of_val(self) + size_of_val(&*self.emails) + json + ids + user_name + emails
    }

    /// The names of what differs, for the audit.
    pub(crate) fn differences(&self, other: &Self) -> Vec<&'static str> {
        let fields = [
            (self.external_id != other.external_id, "externalId"),
            (self.user_name != other.user_name, "userName"),
            (self.emails != other.emails, "emails"),
            (self.availability != other.availability, "is_available"),
            (self.name_parts != other.name_parts, "name"),
            (self.roles != other.roles, "roles"),
            (self.manager != other.manager, "manager"),
            (self.enterprise != other.enterprise, "enterprise attributes"),
            (self.attributes != other.attributes, "kept attributes"),
        ];
        fields.into_iter().filter(|(differs, _)| *differs).map(|(_, name)| name).collect()
    }
}
