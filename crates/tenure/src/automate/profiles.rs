//! Profiles: servers by name, each with its tokens.

use crate::automate::token_store::{Place, TokenStore, Which, write_private};
use crate::failure::Failure;
use etcetera::BaseStrategy as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use tenure_client::Token;

/// The file of profiles. It holds no token.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    profiles: BTreeMap<String, Profile>,
}

/// A server by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// The base URL.
    pub(crate) url: String,
    /// The URL of its SCIM service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scim_url: Option<String>,
}

/// All profiles.
pub(crate) struct Profiles {
    folder: PathBuf,
    file: File,
    tokens: TokenStore,
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Failure + '_ {
    move |error| Failure::new(format!("cannot use {}: {error}", path.display()))
}

impl Profiles {
    /// Reads the profiles; none, where none was added.
    pub(crate) fn open() -> Result<Self, Failure> {
        let places = etcetera::choose_base_strategy().map_err(Failure::new)?;
        let folder = places.config_dir().join("tenure");
        let path = folder.join("profiles.toml");
        let file = match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text)
                .map_err(|error| Failure::new(format!("{}: {}", path.display(), error.message())))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => File::default(),
            Err(error) => return Err(failed(&path)(error)),
        };
        let tokens = TokenStore::at(folder.join("tokens"));
        Ok(Self { folder, file, tokens })
    }

    /// The profile of a name, or the chosen one; none where no name is given and none is chosen.
    pub(crate) fn find(&self, name: Option<&str>) -> Result<Option<(String, Profile)>, Failure> {
        let Some(name) = name.or(self.file.default.as_deref()) else { return Ok(None) };
        match self.file.profiles.get(name) {
            Some(profile) => Ok(Some((name.to_owned(), profile.clone()))),
            None => Err(self.unknown(name)),
        }
    }

    fn unknown(&self, name: &str) -> Failure {
        let known: Vec<_> = self.file.profiles.keys().map(String::as_str).collect();
        let known = if known.is_empty() {
            "there is none yet".to_owned()
        } else {
            format!("there are {}", known.join(", "))
        };
        Failure::usage(format!("there is no profile `{}`; {known}", name.escape_debug()))
            .with_hint("tenure profile add NAME --url URL makes one")
    }

    /// The name of the profile of a server: the chosen one, if it is, else any.
    pub(crate) fn of_server(&self, url: &str) -> Option<&str> {
        let fits = |name: &&String| self.file.profiles.get(*name).is_some_and(|profile| profile.url == url);
        let chosen = self.file.default.as_ref().filter(fits);
        chosen.or_else(|| self.file.profiles.keys().find(fits)).map(String::as_str)
    }

    /// All of them by name, and which is chosen.
    pub(crate) fn list(&self) -> (impl Iterator<Item = (&String, &Profile)>, Option<&str>) {
        (self.file.profiles.iter(), self.file.default.as_deref())
    }

    /// Adds or replaces one. The first is chosen.
    pub(crate) fn add(
        &mut self,
        name: &str,
        profile: Profile,
        token: &Token,
        scim_token: Option<&Token>,
    ) -> Result<Place, Failure> {
        let is_name =
            |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
        if name.is_empty() || name.starts_with('.') || !name.chars().all(is_name) {
            return Err(Failure::usage("the name of a profile has letters, digits, - and _ alone"));
        }
        let place = self.tokens.keep(name, Which::Rest, token)?;
        // One of a profile that had the name before must not go to another server.
        match scim_token {
            Some(token) => drop(self.tokens.keep(name, Which::Scim, token)?),
            None => self.tokens.forget(name, Which::Scim)?,
        }
        self.file.profiles.insert(name.to_owned(), profile);
        self.file.default.get_or_insert_with(|| name.to_owned());
        self.save()?;
        Ok(place)
    }

    /// Chooses one.
    pub(crate) fn choose(&mut self, name: &str) -> Result<(), Failure> {
        if !self.file.profiles.contains_key(name) {
            return Err(self.unknown(name));
        }
        self.file.default = Some(name.to_owned());
        self.save()
    }

    /// Forgets one, and its tokens first.
    pub(crate) fn remove(&mut self, name: &str) -> Result<(), Failure> {
        if !self.file.profiles.contains_key(name) {
            return Err(self.unknown(name));
        }
        for which in [Which::Rest, Which::Scim] {
            self.tokens.forget(name, which)?;
        }
        self.file.profiles.remove(name);
        self.file.default.take_if(|default| default == name);
        self.save()
    }

    fn save(&self) -> Result<(), Failure> {
        let text = toml::to_string_pretty(&self.file).expect("profiles have a TOML form");
        write_private(&self.folder.join("profiles.toml"), &text)
    }

    /// The token of a profile, if one is kept.
    pub(crate) fn token(&self, name: &str, which: Which) -> Result<Option<Token>, Failure> {
        self.tokens.read(name, which)
    }
}
