//! What operators get: one line of JSON over the socket, and the objects that `--output json` prints.

use super::outbox::{ReleasedInvitation, WaitingInvitation, WaitingMail};
use super::webhook_reply::{DeliveryDetails, NewWebhook, PingDetails, Sending, WebhookDetails};
use crate::last_used::LastUsed;
use crate::moment::iso;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tenure_directory::Kept;
use tenure_directory::custom_field::{CustomField, FieldType};
use tenure_directory::registry::Entry;
use tenure_directory::settings::{Invitations, Reactivation, ScimProfile, Settings};
use tenure_directory::team::{Privacy, Team};
use tenure_directory::teammate::{Availability, Presence, Role, Standing, Teammate};
use tenure_directory::token::{Token, TokenKind};
use tenure_directory::{Company, Recorded, Refusal, Timestamp};
use tenure_engine::{ReadError, WriteError};
use tenure_journal::JournalError;

/// The answer to an operator's request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorReply {
    /// A company, in short.
    Company(CompanySummary),
    /// All companies.
    Companies(Vec<CompanySummary>),
    /// A company with its settings and counts.
    CompanyDetails(CompanyDetails),
    /// Everything of a company.
    Export(Box<Export>),
    /// A new token, with its text.
    NewToken(NewToken),
    /// A token.
    Token(TokenDetails),
    /// All tokens.
    Tokens(Vec<TokenDetails>),
    /// A custom field.
    CustomField(CustomFieldDetails),
    /// All custom fields.
    CustomFields(Vec<CustomFieldDetails>),
    /// A team.
    Team(TeamDetails),
    /// All teams.
    Teams(Vec<TeamDetails>),
    /// Single sign-on.
    Sso(SsoDetails),
    /// A teammate.
    Teammate(Box<TeammateDetails>),
    /// A part of the audit.
    Audit(AuditPage),
    /// A webhook.
    Webhook(Box<WebhookDetails>),
    /// All webhooks.
    Webhooks(Vec<WebhookDetails>),
    /// A webhook with its new secret.
    NewWebhook(Box<NewWebhook>),
    /// What came of a ping.
    Pinged(PingDetails),
    /// Something that was sent to a webhook.
    Delivery(DeliveryDetails),
    /// What was sent to a webhook.
    Deliveries(Vec<DeliveryDetails>),
    /// How much is sent to a webhook.
    Sending(Sending),
    /// The invitations that wait.
    Waiting(Vec<WaitingInvitation>),
    /// An invitation that waits.
    WaitingMail(Box<WaitingMail>),
    /// The invitations that are sent although they were held.
    Released(Vec<ReleasedInvitation>),
}

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct OperatorError {
    /// A stable code.
    pub code: String,
    /// What was wrong and what to do.
    pub message: String,
}

impl OperatorError {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

impl From<Refusal> for OperatorError {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code(), refusal.to_string())
    }
}

impl From<tenure_directory::Fault> for OperatorError {
    fn from(fault: tenure_directory::Fault) -> Self {
        Refusal::from(fault).into()
    }
}

impl From<ReadError> for OperatorError {
    fn from(error: ReadError) -> Self {
        Self::new("server.unreadable", error.to_string())
    }
}

impl From<JournalError> for OperatorError {
    fn from(error: JournalError) -> Self {
        Self::new("server.not_done", error.to_string())
    }
}

impl From<WriteError> for OperatorError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Refused(refusal) => refusal.into(),
            other => Self::new("server.not_done", other.to_string()),
        }
    }
}

/// A company, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanySummary {
    /// Its id.
    pub id: String,
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created_at: String,
}

impl From<&Entry> for CompanySummary {
    fn from(Entry { id, slug, name, created_at }: &Entry) -> Self {
        Self {
            id: id.to_string(),
            slug: slug.to_string(),
            name: name.to_string(),
            created_at: iso(*created_at),
        }
    }
}

/// A company with its settings and counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanyDetails {
    /// What it is.
    #[serde(flatten)]
    pub company: CompanySummary,
    /// Its settings, as `company set` takes them.
    pub settings: BTreeMap<String, String>,
    /// How many teammates work.
    pub active_teammates: usize,
    /// How many teammates are blocked.
    pub blocked_teammates: usize,
    /// How many teammates administer it.
    pub active_admins: u64,
    /// How many teams it has.
    pub teams: usize,
    /// How many custom fields it has.
    pub custom_fields: usize,
    /// How many tokens work, as far as nobody revoked them.
    pub tokens: usize,
    /// Whether single sign-on is set.
    pub has_sso: bool,
    /// How many events it has.
    pub version: u64,
}

impl CompanyDetails {
    pub(crate) fn of(entry: &Entry, company: &Company) -> Self {
        let blocked = company.teammates.values().filter(|t| t.standing == Standing::Blocked).count();
        Self {
            company: entry.into(),
            settings: settings(company.settings),
            active_teammates: company.teammates.len() - blocked,
            blocked_teammates: blocked,
            active_admins: company.active_admins(),
            teams: company.teams.len(),
            custom_fields: company.fields.len(),
            tokens: company.tokens.values().filter(|token| token.revoked_at.is_none()).count(),
            has_sso: company.sso.is_some(),
            version: company.version.number(),
        }
    }
}

fn settings(settings: Settings) -> BTreeMap<String, String> {
    let Settings { reactivation, scim_profile, rate_limit, invitations } = settings;
    let reactivation = match reactivation {
        Reactivation::Console => "console",
        Reactivation::Api => "api",
    };
    let scim_profile = match scim_profile {
        ScimProfile::Complete => "complete",
        ScimProfile::Documented => "documented",
    };
    let invitations = match invitations {
        Invitations::Send => "send",
        Invitations::Hold => "hold",
    };
    let pairs = [
        ("reactivation", reactivation.to_owned()),
        ("scim.profile", scim_profile.to_owned()),
        ("rate-limit", rate_limit.to_string()),
        ("invitations", invitations.to_owned()),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// A token, without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenDetails {
    /// Its id.
    pub id: String,
    /// `company`, `teammate` or `scim`.
    pub kind: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// The teammate that it acts as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teammate_id: Option<String>,
    /// Its own limit of requests a minute; the company's where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<String>,
    /// When it stops working.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// What an operator wrote about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The last four characters of its text.
    pub last_four: String,
    /// When it was made.
    pub created_at: String,
    /// When it was last used, as far as is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<String>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
}

impl TokenDetails {
    pub(crate) fn of(company: &Company, token: &Token, last_used: &LastUsed) -> Self {
        let Token {
            id,
            kind,
            digest: _,
            last_four,
            scopes,
            rate_limit,
            expires_at,
            note,
            created_at,
            revoked_at,
        } = token;
        let teammate_id = match kind {
            TokenKind::Teammate(teammate) => Some(teammate.to_string()),
            TokenKind::Company | TokenKind::Scim => None,
        };
        Self {
            id: id.to_string(),
            kind: kind.name().to_owned(),
            scopes: scopes.iter().map(|scope| scope.to_string()).collect(),
            teammate_id,
            rate_limit: rate_limit.map(|limit| limit.to_string()),
            expires_at: expires_at.map(iso),
            note: note.as_ref().map(ToString::to_string),
            last_four: last_four.to_string(),
            created_at: iso(*created_at),
            last_used_at: last_used.of(company.id, *id).map(iso),
            revoked_at: revoked_at.map(iso),
        }
    }
}

/// A new token. Its text is here and nowhere else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewToken {
    /// The text.
    pub token: String,
    /// Everything else about it.
    #[serde(flatten)]
    pub details: TokenDetails,
}

impl std::fmt::Debug for NewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewToken").field("details", &self.details).finish_non_exhaustive()
    }
}

/// A custom field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomFieldDetails {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub kind: String,
    /// The choices of a field of type `enum`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
}

impl From<&CustomField> for CustomFieldDetails {
    fn from(CustomField { id, name, kind, revision: _ }: &CustomField) -> Self {
        let choices = match kind {
            FieldType::Enum(choices) => choices.iter().map(ToString::to_string).collect(),
            _ => vec![],
        };
        Self { id: id.to_string(), name: name.to_string(), kind: kind.name().to_owned(), choices }
    }
}

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamDetails {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether only its members see it.
    pub is_private: bool,
    /// Who is in it.
    pub teammate_ids: Vec<String>,
    /// The id that an identity provider has for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

impl From<&Team> for TeamDetails {
    fn from(team: &Team) -> Self {
        let Team {
            id,
            name,
            privacy,
            external_id,
            members,
            created_at: _,
            revision: _,
            updated_at: _,
            named: _,
            member_named: _,
        } = team;
        Self {
            id: id.to_string(),
            name: name.to_string(),
            is_private: *privacy == Privacy::Private,
            teammate_ids: members.iter().map(ToString::to_string).collect(),
            external_id: external_id.as_ref().map(ToString::to_string),
        }
    }
}

/// Single sign-on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SsoDetails {
    /// Whether it is set.
    pub is_set: bool,
    /// When it was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_at: Option<String>,
    /// What the identity provider gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
}

impl From<&Company> for SsoDetails {
    fn from(company: &Company) -> Self {
        let sso = company.sso.as_ref();
        Self {
            is_set: sso.is_some(),
            set_at: sso.map(|sso| iso(sso.set_at)),
            metadata: sso.map(|sso| sso.metadata.to_string()),
        }
    }
}

/// A teammate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "these are the flags of the record, as REST names them")]
pub struct TeammateDetails {
    /// Its id.
    pub id: String,
    /// The address.
    pub email: String,
    /// What it is mentioned by.
    pub username: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Whether it administers the company.
    pub is_admin: bool,
    /// Whether it is there for work.
    pub is_available: bool,
    /// Whether it is deactivated.
    pub is_blocked: bool,
    /// Values of custom fields by name.
    pub custom_fields: serde_json::Map<String, serde_json::Value>,
    /// The teams it is in.
    pub team_ids: Vec<String>,
    /// How far its invitation has come.
    pub invitation: String,
    /// When it was created.
    pub created_at: String,
    /// Whether an identity provider deleted it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_deprovisioned: bool,
    /// What an identity provider gave beyond these fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
}

impl TeammateDetails {
    pub(crate) fn of(company: &Company, teammate: &Teammate, now: Timestamp) -> Self {
        let Teammate {
            id,
            email,
            username,
            first_name,
            last_name,
            role,
            availability,
            standing,
            custom_fields,
            invitation: _,
            presence,
            relations,
            created_at,
            revision: _,
            updated_at: _,
        } = teammate;
        let named = custom_fields.iter().filter_map(|(field, value)| {
            Some((company.fields.get(field)?.name.to_string(), value.to_json()))
        });
        Self {
            id: id.to_string(),
            email: email.to_string(),
            username: username.to_string(),
            first_name: first_name.to_string(),
            last_name: last_name.to_string(),
            is_admin: *role == Role::Admin,
            is_available: *availability == Availability::Available,
            is_blocked: *standing == Standing::Blocked,
            custom_fields: named.collect(),
            team_ids: teammate.teams().iter().map(ToString::to_string).collect(),
            invitation: company.invitation_stage(teammate, now).name().to_owned(),
            created_at: iso(*created_at),
            is_deprovisioned: *presence == Presence::Deprovisioned,
            kept: relations.as_ref().and_then(|relations| relations.kept.as_deref()).cloned(),
        }
    }
}

/// Everything that is known of a company, but no secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Export {
    /// The company.
    pub company: CompanyDetails,
    /// Single sign-on.
    pub sso: SsoDetails,
    /// Its custom fields.
    pub custom_fields: Vec<CustomFieldDetails>,
    /// Its teammates, blocked ones included.
    pub teammates: Vec<TeammateDetails>,
    /// Its teams.
    pub teams: Vec<TeamDetails>,
    /// Its tokens, revoked ones included.
    pub tokens: Vec<TokenDetails>,
}

/// A part of the audit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditPage {
    /// What happened, oldest first.
    pub entries: Vec<AuditEntry>,
    /// The version up to which was looked.
    pub up_to: u64,
    /// Whether there is more now.
    pub has_more: bool,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// The company's version with it.
    pub version: u64,
    /// When.
    pub time: String,
    /// Who did it.
    pub actor: String,
    /// The durable name of the event.
    pub event: String,
    /// What happened, as a sentence.
    pub sentence: String,
    /// The event itself.
    pub data: serde_json::Value,
}

impl From<&Recorded> for AuditEntry {
    fn from(Recorded { version, time, actor, event }: &Recorded) -> Self {
        let encoded = event.encode();
        let read = |json: &str| serde_json::from_str(json).unwrap_or_default();
        let mut data: serde_json::Value = read(&encoded.body);
        if let Some(fields) = data.as_object_mut() {
            // Digests of secrets, and what secrets are made from, say nothing to a person.
            fields.remove("digest");
            fields.remove("salt");
            if let Some(personal) = &encoded.personal {
                fields.insert("personal".to_owned(), read(personal));
            }
        }
        Self {
            version: version.number(),
            time: iso(*time),
            actor: actor.to_string(),
            event: encoded.name.to_owned(),
            sentence: event.sentence(),
            data,
        }
    }
}
