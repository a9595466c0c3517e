//! The registry: which companies there are. It is a stream of its own, number 0, so that a slug is unique and a company
//! is found by it without reading every company.

use crate::event::{Event, Recorded, RegistryEvent};
use crate::id::CompanyId;
use crate::occasion::{Timestamp, Version};
use crate::refusal::Refusal;
use crate::text::{CompanyName, Slug};
use imbl::OrdMap;
use serde::{Deserialize, Serialize};

/// The number of the registry's stream in the journal.
pub const REGISTRY_STREAM: u64 = 0;

/// What the registry knows of a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its id.
    pub id: CompanyId,
    /// Its short name.
    pub slug: Slug,
    /// Its name.
    pub name: CompanyName,
    /// When it was created.
    pub created_at: Timestamp,
}

/// All companies.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    /// The count of the registry's events.
    pub version: Version,
    /// The time of its last event.
    pub last_event_at: Timestamp,
    companies: OrdMap<CompanyId, Entry>,
    by_slug: OrdMap<Slug, CompanyId>,
}

/// Something that is asked of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryCommand {
    /// Creates a company.
    CreateCompany {
        /// Its name.
        name: CompanyName,
        /// Its short name; made from the name when absent.
        slug: Option<Slug>,
    },
    /// Renames a company. Its slug stays.
    RenameCompany {
        /// Which.
        company: CompanyId,
        /// Its new name.
        name: CompanyName,
    },
}

/// A company was created. The first event of every company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompanyCreated {
    /// Its name.
    pub name: CompanyName,
    /// Its short name.
    pub slug: Slug,
}

/// A company was renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompanyRenamed {
    /// Its name before.
    pub from: CompanyName,
    /// Its name now.
    pub to: CompanyName,
}

/// The registry learned of a new company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompanyRegistered {
    /// Its id.
    pub company: CompanyId,
    /// Its name.
    pub name: CompanyName,
    /// Its short name.
    pub slug: Slug,
}

/// The registry learned of a company's new name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompanyRetitled {
    /// Its id.
    pub company: CompanyId,
    /// Its name now.
    pub name: CompanyName,
}

/// What follows from a command to the registry: events of two streams, to be appended together.
#[derive(Debug, Clone, PartialEq)]
pub struct Registration {
    /// The company that it is about.
    pub company: CompanyId,
    /// The registry's events.
    pub registry: Vec<RegistryEvent>,
    /// The company's events.
    pub events: Vec<Event>,
}

impl Registry {
    /// The company of this id.
    pub fn get(&self, id: CompanyId) -> Option<&Entry> {
        self.companies.get(&id)
    }

    /// The company that operators name by its slug or its `cmp_` id. A slug wins, since it was chosen by a person.
    pub fn find(&self, given: &str) -> Result<&Entry, Refusal> {
        let by_slug = Slug::parse(given).ok().and_then(|slug| self.by_slug.get(&slug).copied());
        by_slug
            .or_else(|| given.parse().ok())
            .and_then(|id| self.companies.get(&id))
            .ok_or_else(|| Refusal::UnknownCompany { given: given.into() })
    }

    /// All companies in order of their ids.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.companies.values()
    }

    /// The events that follow from a command, or the rule that says no.
    pub fn decide(&self, command: &RegistryCommand) -> Result<Registration, Refusal> {
        match command {
            RegistryCommand::CreateCompany { name, slug } => self.create(name, slug.as_ref()),
            RegistryCommand::RenameCompany { company, name } => self.rename(*company, name),
        }
    }

    fn create(&self, name: &CompanyName, slug: Option<&Slug>) -> Result<Registration, Refusal> {
        let slug = match slug {
            Some(slug) => match self.by_slug.get(slug) {
                Some(holder) => return Err(Refusal::SlugTaken { slug: slug.clone(), holder: *holder }),
                None => slug.clone(),
            },
            None => self.free_slug(name),
        };
        let highest = self.companies.get_max().map_or(0, |(id, _)| id.number());
        let company = CompanyId::new(highest + 1);
        let registered = CompanyRegistered { company, name: name.clone(), slug: slug.clone() };
        Ok(Registration {
            company,
            registry: vec![RegistryEvent::Registered(registered)],
            events: vec![Event::CompanyCreated(CompanyCreated { name: name.clone(), slug })],
        })
    }

    fn free_slug(&self, name: &CompanyName) -> Slug {
        let base = Slug::from_name(name);
        let numbered = (2..).map(|number| base.numbered(number));
        std::iter::once(base.clone())
            .chain(numbered)
            .find(|slug| !self.by_slug.contains_key(slug))
            .expect("some number is free, since the companies are finite")
    }

    fn rename(&self, company: CompanyId, name: &CompanyName) -> Result<Registration, Refusal> {
        let entry =
            self.get(company).ok_or_else(|| Refusal::UnknownCompany { given: company.to_string().into() })?;
        if entry.name == *name {
            return Ok(Registration { company, registry: vec![], events: vec![] });
        }
        let retitled = CompanyRetitled { company, name: name.clone() };
        let renamed = CompanyRenamed { from: entry.name.clone(), to: name.clone() };
        Ok(Registration {
            company,
            registry: vec![RegistryEvent::Retitled(retitled)],
            events: vec![Event::CompanyRenamed(renamed)],
        })
    }

    /// The registry after one more event.
    pub fn evolve(mut self, recorded: &Recorded<RegistryEvent>) -> Self {
        match &recorded.event {
            RegistryEvent::Registered(CompanyRegistered { company, name, slug }) => {
                self.by_slug.insert(slug.clone(), *company);
                let (id, slug, name) = (*company, slug.clone(), name.clone());
                self.companies.insert(id, Entry { id, slug, name, created_at: recorded.time });
            }
            RegistryEvent::Retitled(CompanyRetitled { company, name }) => {
                if let Some(entry) = self.companies.get_mut(company) {
                    entry.name = name.clone();
                }
            }
        }
        self.version = recorded.version;
        self.last_event_at = recorded.time;
        self
    }

    /// The state as bytes, the same for the same state.
    pub fn to_bytes(&self) -> Vec<u8> {
        let entries: Vec<_> = self.companies.values().collect();
        serde_json::to_vec(&(self.version, self.last_event_at, entries)).expect("every part has a JSON form")
    }

    /// Reads what [`Registry::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let (version, last_event_at, entries): (_, _, Vec<Entry>) = serde_json::from_slice(bytes)?;
        let by_slug = entries.iter().map(|entry| (entry.slug.clone(), entry.id)).collect();
        let companies = entries.into_iter().map(|entry| (entry.id, entry)).collect();
        Ok(Self { version, last_event_at, companies, by_slug })
    }
}
