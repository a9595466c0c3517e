//! Whose token it is.

use crate::teammate::TeammateId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The company, and what the server tells of the token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Me {
    /// The company's id.
    pub id: String,
    /// The company's name.
    #[serde(default)]
    pub name: String,
    /// The token; servers other than Tenure do not tell.
    #[serde(default)]
    pub token: Option<TokenFacts>,
    /// What else the server said.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What is told of a token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenFacts {
    /// Its id.
    pub id: String,
    /// `company` or `teammate`.
    pub kind: String,
    /// What it may do.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The teammate that it acts as.
    #[serde(default)]
    pub teammate_id: Option<TeammateId>,
    /// When it stops working, in epoch seconds.
    #[serde(default)]
    pub expires_at: Option<f64>,
    /// Requests a minute; none where there is no limit.
    #[serde(default)]
    pub rate_limit: Option<u32>,
}
