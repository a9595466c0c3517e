//! Which account is a row's: the one with its address, else one with an address that was declared to be the same person's.

use crate::address::EmailKey;
use crate::directory::{Directory, Lookup};
use crate::people::Person;
use crate::settings::Settings;
use std::collections::{BTreeMap, HashMap, HashSet};
use tenure_client::Teammate;

/// Rows and accounts by who they are.
pub(super) struct Identities<'a> {
    lookup: &'a Lookup<'a>,
    aliases: BTreeMap<EmailKey, EmailKey>,
    accounts: HashMap<EmailKey, &'a Teammate>,
    /// The addresses of rows, and whom they are of.
    rows: HashSet<EmailKey>,
    listed: HashSet<EmailKey>,
}

impl<'a> Identities<'a> {
    pub(super) fn new(
        rows: &BTreeMap<&EmailKey, &Person>,
        directory: &'a Directory,
        lookup: &'a Lookup<'a>,
        settings: &Settings,
    ) -> Self {
        let aliases = settings.aliases.people.iter();
        let aliases: BTreeMap<_, _> =
            aliases.map(|(from, to)| (EmailKey::lenient(from), EmailKey::lenient(to))).collect();
        let mut identities =
            Self { lookup, aliases, accounts: HashMap::new(), rows: HashSet::new(), listed: HashSet::new() };
        // Where nothing was declared, an address is all that there is.
        if !identities.aliases.is_empty() {
            for mate in &directory.teammates {
                let person = identities.person(&EmailKey::lenient(&mate.email));
                let held = identities.accounts.entry(person).or_insert(mate);
                if held.is_blocked && !mate.is_blocked {
                    *held = mate;
                }
            }
            identities.rows = rows.keys().map(|key| (*key).clone()).collect();
        }
        identities.listed = rows.keys().map(|key| identities.person(key)).collect();
        identities
    }

    fn person(&self, key: &EmailKey) -> EmailKey {
        self.aliases.get(key).unwrap_or(key).clone()
    }

    /// The account of a row. One that has a row of its own is nobody else's.
    pub(super) fn account(&self, key: &EmailKey) -> Option<&'a Teammate> {
        let declared = || self.accounts.get(&self.person(key)).copied();
        self.lookup.teammate(key).or_else(|| declared().filter(|mate| !self.has_row(mate)))
    }

    /// Whether a row has no account of its own because the same person has another row, for the account that there is.
    pub(super) fn is_other_row(&self, key: &EmailKey) -> bool {
        let has_none = self.lookup.teammate(key).is_none();
        has_none && self.accounts.get(&self.person(key)).is_some_and(|mate| self.has_row(mate))
    }

    fn has_row(&self, mate: &Teammate) -> bool {
        self.rows.contains(&EmailKey::lenient(&mate.email))
    }

    /// Whether an account is in a people file.
    pub(super) fn is_listed(&self, mate: &Teammate) -> bool {
        self.listed.contains(&self.person(&EmailKey::lenient(&mate.email)))
    }
}
