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
