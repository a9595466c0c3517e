//! `tenure.toml`: what is managed, the guards, approvals, handing over.

mod reference;

pub use reference::{REFERENCE, reference};

use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The whole file. Every key is optional.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What is managed.
    pub manage: Manage,
    /// What a plan may not do.
    pub guards: Guards,
    /// What others must agree to.
    pub approve: Approve,
    /// What becomes of the open conversations of those who leave.
    pub handover: Handover,
    /// Names of columns in people files, and the names that they stand for; `-` for a column that is not looked at.
    pub columns: BTreeMap<String, String>,
    /// Who is the same person or domain.
    pub aliases: Aliases,
    /// What the identity graph is held to.
    pub graph: GraphSettings,
}

/// What is managed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Manage {
    /// The fields that plans may change: `first_name`, `last_name`, `username`, `is_admin`, `teams`, `custom_fields`,
    /// `custom_fields.NAME`. All that people files have a column for, when absent.
    pub fields: Option<Vec<String>>,
    /// What becomes of teammates who are in no people file.
    pub unlisted: Unlisted,
}

/// What becomes of teammates who are in no people file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unlisted {
    /// They are reported.
    #[default]
    Report,
    /// They are deactivated, as those are who left.
    Deactivate,
}

/// What a plan may not do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Guards {
    /// How many may be deactivated at once: a number, or a share of the active teammates such as `5%` (at least one,
    /// unless it is `0%`).
    pub max_deactivations: Share,
    /// How many active administrators must be left.
    pub min_admins: usize,
    /// Addresses and ids that no plan touches; `*` stands for anything.
    pub protect: Vec<String>,
    /// How old a people file may be, such as `24h`. Any age, when absent.
    pub source_max_age: Option<Span>,
    /// How many rows a people file must have: a number, or a share of those of the last applied plan, or where everybody must
    /// be listed, of the active teammates.
    pub source_min_rows: Share,
}

impl Default for Guards {
    fn default() -> Self {
        Self {
            max_deactivations: Share::Percent(5.0),
            min_admins: 1,
            protect: vec![],
            source_max_age: None,
            source_min_rows: Share::Percent(80.0),
        }
    }
}

/// What others must agree to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Approve {
    /// The kinds of actions that need it, such as `deactivate`; `all` for every kind.
    pub require: Vec<String>,
    /// The file of those who may approve, in the format of `allowed_signers` (ssh-keygen), beside `tenure.toml`.
    pub approvers: String,
    /// How many must agree.
    pub threshold: usize,
    /// Whether who planned may approve.
    #[serde(rename = "self")]
    pub by_planner: bool,
    /// For how long an approval holds.
    pub expires: Span,
}

impl Default for Approve {
    fn default() -> Self {
        Self {
            require: vec![],
            approvers: "approvers".to_owned(),
            threshold: 1,
            by_planner: false,
            expires: Span { seconds: 24 * 3600 },
        }
    }
}

/// What becomes of the open conversations of those who leave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Handover {
    /// The address of who takes them over where no successor is named.
    pub default: Option<String>,
    /// What is done with them.
    pub conversations: HandoverMode,
}

/// What is done with open conversations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HandoverMode {
    /// They are assigned to the successor.
    #[default]
    Reassign,
    /// They are assigned to nobody.
    Unassign,
    /// Nothing, before the deactivation does what it does.
    Leave,
}

/// Who is the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Aliases {
    /// Domains that stand for another.
    pub domains: BTreeMap<String, String>,
    /// Addresses that are the same person's as another: plans and the graph take them for one.
    pub people: BTreeMap<String, String>,
}

/// What the identity graph is held to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GraphSettings {
    /// The team that every administrator is to be in, by name or id.
    pub admin_team: Option<String>,
    /// For how many days an invitation may wait.
    pub invitation_days: u32,
    /// Addresses of accounts that are no people; `*` stands for anything.
    pub service_accounts: Vec<String>,
}

impl Default for GraphSettings {
    fn default() -> Self {
        Self { admin_team: None, invitation_days: 14, service_accounts: vec![] }
    }
}

/// A number, or a share of another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Share {
    /// So many.
    Count(usize),
    /// So many in a hundred.
    Percent(f64),
}

impl Share {
    /// How many of a whole that is at most; a share above nothing allows one.
    pub fn at_most(self, whole: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) if percent <= 0.0 => 0,
            Self::Percent(percent) => part(percent, whole).floor_count().max(1),
        }
    }

    /// How many of a whole that is at least.
    pub fn at_least(self, whole: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => part(percent, whole).ceil_count(),
        }
    }
}

struct Part(f64);

fn part(percent: f64, whole: usize) -> Part {
    #[expect(clippy::cast_precision_loss, reason = "counts of people stay far below the exact range")]
    let whole = whole as f64;
    Part(percent * whole / 100.0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of people, never negative"
)]
impl Part {
    fn floor_count(&self) -> usize {
        (self.0 + 1e-9).floor() as usize
    }

    fn ceil_count(&self) -> usize {
        (self.0 - 1e-9).ceil().max(0.0) as usize
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl FromStr for Share {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "must be a number such as 3, or a share such as \"5%\"";
        let Some(percent) = text.trim().strip_suffix('%') else {
            return text.trim().parse().map(Self::Count).map_err(|_| WRONG);
        };
        let percent: f64 = percent.trim().parse().map_err(|_| WRONG)?;
        if (0.0..=100.0).contains(&percent) { Ok(Self::Percent(percent)) } else { Err(WRONG) }
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => serializer.serialize_u64(u64::try_from(*count).unwrap_or(u64::MAX)),
            Self::Percent(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Count(usize),
            Text(String),
        }
        match Given::deserialize(deserializer) {
            Ok(Given::Count(count)) => Ok(Self::Count(count)),
            Ok(Given::Text(text)) => text.parse().map_err(de::Error::custom),
            Err(_) => Err(de::Error::custom("must be a number such as 3, or a share such as \"5%\"")),
        }
    }
}

/// A span of time, written as `90s`, `30m`, `24h`, `7d`, `2w`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// In seconds.
    pub seconds: i64,
}

const UNITS: [(char, i64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fitting = UNITS.iter().find(|(unit, seconds)| *unit != 'w' && self.seconds % seconds == 0);
        let (unit, seconds) = fitting.unwrap_or(&('s', 1));
        write!(f, "{}{unit}", self.seconds / seconds)
    }
}

impl FromStr for Span {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "must be a span such as 30m, 24h or 7d";
        let text = text.trim();
        let unit = text.chars().last().ok_or(WRONG)?;
        let (_, seconds) = UNITS.iter().find(|(known, _)| *known == unit).ok_or(WRONG)?;
        let number: i64 = text[..text.len() - 1].parse().map_err(|_| WRONG)?;
        let seconds = number.checked_mul(*seconds).filter(|seconds| *seconds >= 0).ok_or(WRONG)?;
        Ok(Self { seconds })
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The fields that may be managed.
pub const FIELDS: [&str; 6] = ["first_name", "last_name", "username", "is_admin", "teams", "custom_fields"];

impl Settings {
    /// Reads the file's text; or what is wrong with it, with the line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let settings: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            format!("{place}{}", error.message().trim_end().replace('\n', ", "))
        })?;
        for field in settings.manage.fields.iter().flatten() {
            if !FIELDS.contains(&field.as_str()) && !field.starts_with("custom_fields.") {
                return Err(format!(
                    "[manage] fields: `{field}` cannot be managed; use {} or custom_fields.NAME",
                    FIELDS.join(", ")
                ));
            }
        }
        for kind in &settings.approve.require {
            if kind != "all" && !crate::plan::KINDS.contains(&kind.as_str()) {
                return Err(format!(
                    "[approve] require: there is no action `{kind}`; use {} or all",
                    crate::plan::KINDS.join(", ")
                ));
            }
        }
        if settings.approve.threshold == 0 {
            return Err("[approve] threshold must be at least 1; leave `require` empty to need no approval"
                .to_owned());
        }
        Ok(settings)
    }

    /// Whether plans may change a field, such as `last_name` or `custom_fields.Department`.
    pub fn manages(&self, field: &str) -> bool {
        let Some(fields) = &self.manage.fields else { return true };
        fields.iter().any(|managed| {
            managed == field || (managed == "custom_fields" && field.starts_with("custom_fields."))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_the_contract_is_read() {
        let text = r#"
            [manage]
            fields = ["first_name", "last_name", "teams"]
            unlisted = "report"
            [guards]
            max_deactivations = "5%"
            min_admins = 2
            protect = ["*@vendor.example", "tea_1"]
            source_max_age = "24h"
            source_min_rows = "80%"
            [approve]
            require = ["deactivate", "grant_admin"]
            approvers = "approvers"
            threshold = 1
            self = false
            expires = "24h"
            [handover]
            default = "team-lead@acme.example"
            conversations = "reassign"
        "#;
        let settings = Settings::parse(text).unwrap();
        assert_eq!(settings.guards.min_admins, 2);
        assert!(settings.manages("teams") && !settings.manages("is_admin"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, told) in [
            ("[guards]\nmax_deactivation = 1", "line 2"),
            ("[guards]\nmax_deactivations = \"many\"", "must be a number"),
            ("[manage]\nfields = [\"emial\"]", "`emial` cannot be managed"),
            ("[approve]\nrequire = [\"fire\"]", "no action `fire`"),
            ("[approve]\nexpires = \"soon\"", "must be a span"),
        ] {
            let error = Settings::parse(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn a_share_allows_one_unless_it_is_nothing() {
        let at_most = |share: &str, whole| share.parse::<Share>().unwrap().at_most(whole);
        assert_eq!(
            (at_most("5%", 22), at_most("5%", 100), at_most("0%", 100), at_most("0", 9)),
            (1, 5, 0, 0)
        );
        assert_eq!("80%".parse::<Share>().unwrap().at_least(11), 9);
    }
}
