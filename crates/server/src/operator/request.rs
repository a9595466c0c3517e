//! What operators ask, as it travels over the socket: one line of JSON. Values are as they were typed; the node reads them.

use serde::{Deserialize, Serialize};

/// A request of an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OperatorRequest {
    /// Creates a company.
    CreateCompany {
        /// Its name.
        name: String,
        /// Its short name.
        slug: Option<String>,
    },
    /// Lists all companies.
    ListCompanies,
    /// Something about one company: the one named, or the only one there is.
    Company {
        /// Its slug or id.
        company: Option<String>,
        /// What.
        ask: CompanyRequest,
    },
    /// Something about the mail that waits.
    Outbox(OutboxRequest),
}

/// What is asked about one company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CompanyRequest {
    /// Shows it.
    Show,
    /// Renames it.
    Rename {
        /// Its new name.
        name: String,
    },
    /// Changes settings.
    Set {
        /// Each as `KEY=VALUE`.
        settings: Vec<String>,
    },
    /// Everything that is known of it, but no secret.
    Export,
    /// Creates a token.
    CreateToken(TokenWish),
    /// Lists tokens.
    ListTokens,
    /// Ends a token.
    RevokeToken {
        /// Its id.
        token: String,
    },
    /// Configures a custom field.
    CreateCustomField {
        /// Its name.
        name: String,
        /// The type of its values.
        kind: String,
        /// The choices of a field of type `enum`.
        choices: Vec<String>,
    },
    /// Lists custom fields.
    ListCustomFields,
    /// Removes a custom field and its values.
    DeleteCustomField {
        /// Its id or name.
        field: String,
    },
    /// Creates a team.
    CreateTeam {
        /// Its name.
        name: String,
        /// Whether only its members see it.
        is_private: bool,
    },
    /// Lists teams.
    ListTeams,
    /// Renames a team.
    RenameTeam {
        /// Its id.
        team: String,
        /// Its new name.
        name: String,
    },
    /// Deletes a team.
    DeleteTeam {
        /// Its id.
        team: String,
    },
    /// Sets single sign-on.
    SetSso {
        /// What the identity provider gave.
        metadata: String,
    },
    /// Shows single sign-on.
    ShowSso,
    /// Removes single sign-on.
    ClearSso,
    /// Brings a blocked teammate back.
    ReactivateTeammate {
        /// Its id or alias.
        teammate: String,
    },
    /// A part of the audit.
    Audit(AuditWish),
    /// Something about its webhooks.
    Webhook(WebhookRequest),
}

/// What is asked about a company's webhooks. Each is named by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the fields are the webhook, the delivery and the moment that a variant tells of"
)]
pub enum WebhookRequest {
    /// Creates a webhook.
    Create(WebhookWish),
    /// Lists webhooks.
    List,
    /// Shows a webhook, and how it fares.
    Show { webhook: String },
    /// Sends nothing to it any more.
    Disable { webhook: String },
    /// Sends to it what comes from now on.
    Enable { webhook: String },
    /// Gives it a new secret.
    RotateSecret { webhook: String },
    /// Asks the endpoint for its challenge once more.
    Validate { webhook: String },
    /// Sends it something that is no event.
    Ping { webhook: String },
    /// Lists what was sent to it, the newest first.
    Deliveries(DeliveriesWish),
    /// Shows a delivery with its attempts.
    Delivery { webhook: String, delivery: String },
    /// Sends a delivery once more.
    Replay { webhook: String, delivery: String },
    /// Sends all that failed since a moment once more.
    Recover { webhook: String, since: String },
    /// Sends all that was never sent since a moment.
    ReplayMissing { webhook: String, since: String },
    /// Deletes it.
    Delete { webhook: String },
}

/// The webhook that is wanted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookWish {
    /// Where it is.
    pub url: String,
    /// Which events it wants, such as `teammate.*`; all, when none is named.
    pub events: Vec<String>,
    /// What it expects of bodies.
    pub format: Option<String>,
    /// The channel of whose conversations alone it is told.
    pub channel: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// Whether anything is sent to it from the beginning.
    pub is_enabled: bool,
    /// Whether nothing is sent to it before it is validated.
    pub require_validation: bool,
}

impl std::fmt::Debug for WebhookWish {
    /// Without the URL, which may hold a secret of the receiver's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookWish").field("events", &self.events).finish_non_exhaustive()
    }
}

/// The deliveries that are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveriesWish {
    /// Of which webhook.
    pub webhook: String,
    /// Only those that are `pending`, `delivered` or `failed`.
    pub status: Option<String>,
    /// How many at most.
    pub limit: u16,
}

/// What is asked about the mail that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OutboxRequest {
    /// Lists the invitations that wait.
    List {
        /// Of one company, by its slug or id; of all, when absent.
        company: Option<String>,
    },
    /// Shows one of them.
    Show {
        /// Its key in the list.
        key: String,
    },
    /// Has invitations sent although the company holds them.
    Release {
        /// The company's slug or id; may be absent when there is only one.
        company: Option<String>,
        /// Whose, by id or alias; all that are held, when absent.
        teammates: Option<Vec<String>>,
    },
}

/// The token that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenWish {
    /// `company`, `teammate` or `scim`.
    pub kind: String,
    /// The teammate that a token of kind `teammate` acts as.
    pub teammate: Option<String>,
    /// What it may do; all, when none is named.
    pub scopes: Vec<String>,
    /// Requests a minute, or `unlimited`.
    pub rate_limit: Option<String>,
    /// For how long it works, such as `90d`.
    pub expires_in: Option<String>,
    /// A note for people.
    pub note: Option<String>,
}

/// The part of the audit that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditWish {
    /// From this moment on.
    pub since: Option<String>,
    /// About this teammate only.
    pub teammate: Option<String>,
    /// After this version of the company.
    pub after: u64,
}
