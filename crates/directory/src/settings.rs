//! A company's settings (`contract/operator.md`, "Company settings"), each change an event.

use crate::company::Company;
use crate::event::Event;
use crate::occasion::Stamp;
use crate::refusal::Fault;
use crate::text::repeated;
use crate::token::RateLimit;
use serde::{Deserialize, Serialize};

/// Where a blocked teammate may be brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reactivation {
    /// Only by a person at the machine (`tenure teammate reactivate`).
    #[default]
    Console,
    /// Also by `PATCH is_blocked=false` over REST.
    Api,
}

/// Which SCIM is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScimProfile {
    /// All of SCIM 2.0.
    #[default]
    Complete,
    /// The documented limits, to rehearse against them.
    Documented,
}

/// What happens to invitation mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Invitations {
    /// It is sent.
    #[default]
    Send,
    /// It waits until this setting is `send` again.
    Hold,
}

/// All settings of a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where a blocked teammate may be brought back.
    pub reactivation: Reactivation,
    /// Which SCIM is served.
    pub scim_profile: ScimProfile,
    /// Requests a minute for each token that has no limit of its own.
    pub rate_limit: RateLimit,
    /// What happens to invitation mail.
    pub invitations: Invitations,
}

/// One setting with its value; the command and the body of the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "key", content = "value", deny_unknown_fields)]
pub enum Setting {
    /// `reactivation`.
    #[serde(rename = "reactivation")]
    Reactivation(Reactivation),
    /// `scim.profile`.
    #[serde(rename = "scim.profile")]
    ScimProfile(ScimProfile),
    /// `rate-limit`.
    #[serde(rename = "rate-limit")]
    RateLimit(RateLimit),
    /// `invitations`.
    #[serde(rename = "invitations")]
    Invitations(Invitations),
}

impl Setting {
    /// Reads `KEY=VALUE` as operators write it.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let (key, value) = text
            .split_once('=')
            .ok_or_else(|| Fault::new("setting", "must be written KEY=VALUE, such as rate-limit=120"))?;
        let one_of = |values: &'static str| Fault::new(key.to_owned(), format!("must be one of: {values}"));
        match (key, value) {
            ("reactivation", "console") => Ok(Setting::Reactivation(Reactivation::Console)),
            ("reactivation", "api") => Ok(Setting::Reactivation(Reactivation::Api)),
            ("reactivation", _) => Err(one_of("console, api")),
            ("scim.profile", "complete") => Ok(Setting::ScimProfile(ScimProfile::Complete)),
            ("scim.profile", "documented") => Ok(Setting::ScimProfile(ScimProfile::Documented)),
            ("scim.profile", _) => Err(one_of("complete, documented")),
            ("rate-limit", value) => value
                .parse()
                .map(Setting::RateLimit)
                .map_err(|fault| Fault::new("rate-limit", fault.to_string())),
            ("invitations", "send") => Ok(Setting::Invitations(Invitations::Send)),
            ("invitations", "hold") => Ok(Setting::Invitations(Invitations::Hold)),
            ("invitations", _) => Err(one_of("send, hold")),
            (other, _) => Err(Fault::new(
                "setting",
                format!(
                    "`{}` is not known; the settings are reactivation, scim.profile, rate-limit, invitations",
                    repeated(other)
                ),
            )),
        }
    }
}

pub(crate) fn change(company: &Company, settings: &[Setting]) -> Vec<Event> {
    let mut after = company.settings;
    let mut makes_a_difference = |setting: &&Setting| {
        let before = after;
        apply(&mut after, **setting);
        after != before
    };
    settings
        .iter()
        .filter(|setting| makes_a_difference(setting))
        .copied()
        .map(Event::CompanySettingChanged)
        .collect()
}

pub(crate) fn changed(company: &mut Company, setting: &Setting, _: &Stamp) {
    apply(&mut company.settings, *setting);
}

fn apply(settings: &mut Settings, setting: Setting) {
    match setting {
        Setting::Reactivation(value) => settings.reactivation = value,
        Setting::ScimProfile(value) => settings.scim_profile = value,
        Setting::RateLimit(value) => settings.rate_limit = value,
        Setting::Invitations(value) => settings.invitations = value,
    }
}
