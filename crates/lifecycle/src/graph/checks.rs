//! What is looked for in the graph: one function for each kind of inconsistency.

use crate::address::{EmailKey, Looks, fits_address};
use crate::directory::Lookup;
use crate::graph::finding::{Code, Finding};
use crate::graph::{GraphInput, Known};
use crate::people::{Person, Presence, Wish};
use crate::settings::HandoverMode;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tenure_client::{ScimUser, Teammate};

/// Everything that does not fit.
pub(super) fn all(input: &GraphInput<'_>, known: &BTreeMap<EmailKey, Known<'_>>) -> Vec<Finding> {
    let lookup = input.directory.lookup();
    let mut looking = Looking { input, lookup, findings: vec![] };
    let open = looking.open_conversations();
    for (key, known) in known {
        looking.existence(key, known);
        looking.status(key, known);
        looking.duplicates(key, known);
        for mate in &known.accounts {
            for row in &known.rows {
                looking.row_drift(mate, row);
            }
            for user in &known.scim {
                looking.scim_drift(mate, user);
            }
            looking.account(mate, &known.rows, open.get(mate.id.0.as_str()).copied().unwrap_or_default());
        }
    }
    looking.look_alikes(known);
    looking.findings
}

struct Looking<'a> {
    input: &'a GraphInput<'a>,
    lookup: Lookup<'a>,
    findings: Vec<Finding>,
}

/// An argument of a command, quoted where a shell would split it.
fn quoted(text: &str) -> String {
    let is_plain =
        text.chars().all(|character| character.is_ascii_alphanumeric() || "@._+-:/".contains(character));
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

impl Looking<'_> {
    fn find(&mut self, code: Code, subject: &str, evidence: String, fix: String) {
        self.findings.push(Finding::new(code, subject, evidence, fix));
    }

    fn presence(&self, row: &Person) -> Presence {
        row.presence(self.input.today)
    }

    fn open_conversations(&self) -> HashMap<String, usize> {
        let mut open = HashMap::new();
        let conversations = self.input.conversations.unwrap_or_default();
        for conversation in conversations.iter().filter(|conversation| conversation.is_open()) {
            if let Some(assignee) = conversation.assignee_id() {
                *open.entry(assignee.0.clone()).or_insert(0) += 1;
            }
        }
        open
    }

    fn is_service(&self, email: &str) -> bool {
        self.input.settings.graph.service_accounts.iter().any(|pattern| fits_address(pattern, email))
    }

    /// Accounts that are nobody's, and people who have none.
    fn existence(&mut self, key: &EmailKey, known: &Known<'_>) {
        let works = known.accounts.iter().find(|mate| !mate.is_blocked);
        if let Some(mate) = works
            && self.is_service(&mate.email)
        {
            let evidence = format!("{} fits [graph] service_accounts", mate.id);
            self.find(
                Code::ServiceAccount,
                &mate.email,
                evidence,
                "nothing, if it is still needed".to_owned(),
            );
        } else if let Some(mate) = works
            && self.input.people.is_some()
            && known.rows.is_empty()
        {
            let evidence = format!("{} works and is in no people file", mate.id);
            let fix = format!("tenure offboard {}   (or add a row)", quoted(&mate.email));
            self.find(Code::AccountWithoutPerson, &mate.email, evidence, fix);
        }
        if known.accounts.is_empty()
            && known.rows.is_empty()
            && self.input.people.is_some()
            && let Some(user) = known.scim.iter().find(|user| user.active)
        {
            let evidence = format!("SCIM User {} is active and is in no people file", user.id);
            let fix = "take the User away at the identity provider, or add a row".to_owned();
            self.find(Code::AccountWithoutPerson, key.as_str(), evidence, fix);
        }
        if known.accounts.is_empty()
            && let Some(row) = known.rows.iter().find(|row| self.presence(row) == Presence::Present)
        {
            let place = self.input.people.map(|people| people.where_is(row.place)).unwrap_or_default();
            let fix = format!("tenure provision {}", quoted(&row.email));
            self.find(Code::PersonWithoutAccount, key.as_str(), format!("{place} has no account"), fix);
        }
    }

    fn status(&mut self, key: &EmailKey, known: &Known<'_>) {
        let mut says: Vec<(String, bool)> = Vec::new();
        // An account that was given up for another one is no conflict.
        let works = known.accounts.iter().any(|mate| !mate.is_blocked);
        let counted = known.accounts.iter().filter(|mate| !works || !mate.is_blocked);
        says.extend(counted.map(|mate| (format!("account {}", mate.id), !mate.is_blocked)));
        says.extend(known.scim.iter().map(|user| (format!("SCIM User {}", user.id), user.active)));
        for row in &known.rows {
            let place = self.input.people.map(|people| people.where_is(row.place)).unwrap_or_default();
            match self.presence(row) {
                Presence::Present if !known.accounts.is_empty() => says.push((place, true)),
                Presence::Absent(_) => says.push((place, false)),
                Presence::Present | Presence::Unclear => {}
            }
        }
        let (active, blocked): (Vec<_>, Vec<_>) = says.iter().partition(|(_, active)| *active);
        let ([(active, _), ..], [(blocked, _), ..]) = (active.as_slice(), blocked.as_slice()) else { return };
        let leaves = known.rows.iter().any(|row| matches!(self.presence(row), Presence::Absent(_)));
        let is_wanted = known.rows.iter().any(|row| self.presence(row) == Presence::Present);
        let works = known.accounts.iter().find(|mate| !mate.is_blocked);
        let fix = match (works, known.accounts.first()) {
            (Some(mate), _) if leaves => format!("tenure offboard {}", quoted(&mate.email)),
            (None, Some(mate)) if is_wanted => format!("tenure teammate reactivate {}", mate.id),
            (None, Some(_)) => "block the User at the identity provider too".to_owned(),
            _ => "make them agree at the identity provider".to_owned(),
        };
        self.find(Code::StatusConflict, key.as_str(), format!("active: {active}; blocked: {blocked}"), fix);
    }

    fn duplicates(&mut self, key: &EmailKey, known: &Known<'_>) {
        if known.rows.len() > 1 {
            let places = known
                .rows
                .iter()
                .map(|row| self.input.people.map(|people| people.where_is(row.place)).unwrap_or_default());
            let places: Vec<_> = places.collect();
            self.find(
                Code::Duplicate,
                key.as_str(),
                format!("two rows: {}", places.join(", ")),
                "keep one row".to_owned(),
            );
        }
        if known.scim.len() > 1 {
            let ids: Vec<_> = known.scim.iter().map(|user| user.id.as_str()).collect();
            let fix = "take one of them away at the identity provider".to_owned();
            self.find(Code::Duplicate, key.as_str(), format!("two SCIM Users: {}", ids.join(", ")), fix);
        }
        if known.accounts.len() > 1 {
            let ids: Vec<_> = known.accounts.iter().map(|mate| mate.id.0.as_str()).collect();
            let fix = "tenure offboard the address that is no longer used".to_owned();
            self.find(Code::Duplicate, key.as_str(), format!("two accounts: {}", ids.join(", ")), fix);
        }
    }

    /// What a row asks for and the account does not have.
    fn row_drift(&mut self, mate: &Teammate, row: &Person) {
        if mate.is_blocked || self.presence(row) != Presence::Present {
            return;
        }
        let place = self.input.people.map(|people| people.where_is(row.place)).unwrap_or_default();
        let fix = "tenure plan -f FILE --out plan.json, then tenure apply plan.json".to_owned();
        let wanted = |wish: &Wish<String>| match wish {
            Wish::Leave => None,
            Wish::Clear => Some(String::new()),
            Wish::Set(text) => Some(text.clone()),
        };
        let names = [(wanted(&row.first_name), &mate.first_name), (wanted(&row.last_name), &mate.last_name)];
        let differ = names.iter().filter_map(|(wanted, has)| Some((wanted.as_ref()?, *has)));
        let differ: Vec<_> = differ.filter(|(wanted, has)| wanted != has).collect();
        if let Some((wanted, has)) = differ.first() {
            let evidence = format!("{place} says `{wanted}`, the account `{has}`");
            self.find(Code::NameDrift, &mate.email, evidence, fix.clone());
        }
        if let Wish::Set(wanted) = &row.username
            && *wanted != mate.username
        {
            let evidence = format!("{place} says `{wanted}`, the account `{}`", mate.username);
            self.find(Code::UsernameDrift, &mate.email, evidence, fix.clone());
        }
        if EmailKey::lenient(&row.email) != EmailKey::lenient(&mate.email) {
            let evidence = format!("{place} says {}, the account {}", row.email, mate.email);
            let change = format!("change the address of {} by PATCH /teammates/{0}", mate.id);
            self.find(Code::EmailDrift, &mate.email, evidence, change);
        }
        self.team_drift(mate, row, &place, fix);
    }

    fn team_drift(&mut self, mate: &Teammate, row: &Person, place: &str, fix: String) {
        let wanted: Vec<String> = match &row.teams {
            Wish::Leave => return,
            Wish::Clear => vec![],
            Wish::Set((names, _)) => names.clone(),
        };
        let name_of = |name: &String| {
            self.lookup.team(name).map_or_else(|| name.to_lowercase(), |team| team.name.to_lowercase())
        };
        let wanted: BTreeSet<_> = wanted.iter().map(name_of).collect();
        let has: BTreeSet<_> =
            self.lookup.teams_of(&mate.id).iter().map(|team| team.name.to_lowercase()).collect();
        if wanted != has {
            let list = |names: &BTreeSet<String>| {
                if names.is_empty() {
                    "no team".to_owned()
                } else {
                    names.iter().cloned().collect::<Vec<_>>().join(", ")
                }
            };
            let evidence = format!("{place} says {}, the account is in {}", list(&wanted), list(&has));
            self.find(Code::TeamDrift, &mate.email, evidence, fix);
        }
    }

    fn scim_drift(&mut self, mate: &Teammate, user: &ScimUser) {
        let fix = "push the user again from the identity provider".to_owned();
        if EmailKey::lenient(user.email()) != EmailKey::lenient(&mate.email) {
            let evidence = format!("SCIM User {} says {}, the account {}", user.id, user.email(), mate.email);
            self.find(Code::EmailDrift, &mate.email, evidence, fix.clone());
        }
        let names = user.name.clone().unwrap_or_default();
        let pairs = [
            ("first name", names.given_name, &mate.first_name),
            ("last name", names.family_name, &mate.last_name),
        ];
        for (what, scim, rest) in pairs {
            if let Some(scim) = scim
                && scim != *rest
            {
                let evidence = format!("{what}: SCIM says `{scim}`, REST `{rest}`");
                self.find(Code::ScimDrift, &mate.email, evidence, fix.clone());
            }
        }
    }

    /// What can be said of an account by itself.
    fn account(&mut self, mate: &Teammate, rows: &[&Person], open: usize) {
        let settings = &self.input.settings.graph;
        if let Some(admins) = &settings.admin_team
            && mate.is_admin
            && !mate.is_blocked
        {
            let is_in = self
                .lookup
                .teams_of(&mate.id)
                .iter()
                .any(|team| team.id.0 == *admins || team.name.eq_ignore_ascii_case(admins));
            if !is_in {
                let fix =
                    "revoke the right with is_admin = false in a people file, or add to the team".to_owned();
                self.find(
                    Code::AdminOutsideGroup,
                    &mate.email,
                    format!("{} is not in {admins}", mate.id),
                    fix,
                );
            }
        }
        let teams = self.lookup.teams_of(&mate.id);
        if mate.is_blocked && !teams.is_empty() {
            let names: Vec<_> = teams.iter().map(|team| team.name.as_str()).collect();
            let fix = format!("tenure offboard {}", quoted(&mate.email));
            self.find(
                Code::BlockedInTeam,
                &mate.email,
                format!("{} is in {}", mate.id, names.join(", ")),
                fix,
            );
        }
        if let Some(days) = self.input.invitations.get(&mate.id)
            && *days >= settings.invitation_days
            && !mate.is_blocked
        {
            let fix = format!(
                "POST /teammates/{}/invitation/resend, or tenure offboard {}",
                mate.id,
                quoted(&mate.email)
            );
            self.find(
                Code::InvitationWaits,
                &mate.email,
                format!("the invitation of {} waits for {days} days", mate.id),
                fix,
            );
        }
        if open > 0 {
            self.conversations(mate, rows, open);
        }
    }

    fn conversations(&mut self, mate: &Teammate, rows: &[&Person], open: usize) {
        if mate.is_blocked {
            let fix = format!("tenure offboard {} --successor EMAIL", quoted(&mate.email));
            self.find(
                Code::ConversationsOfBlocked,
                &mate.email,
                format!("{open} open conversations of {}", mate.id),
                fix,
            );
        }
        let leaves = rows.iter().find(|row| matches!(self.presence(row), Presence::Absent(_)));
        let has_successor = leaves.is_some_and(|row| row.successor.is_some())
            || self.input.settings.handover.default.is_some();
        let is_handed_over = self.input.settings.handover.conversations == HandoverMode::Reassign;
        if leaves.is_some() && !has_successor && is_handed_over {
            let fix = format!("tenure offboard {} --successor EMAIL", quoted(&mate.email));
            self.find(
                Code::NoSuccessor,
                &mate.email,
                format!("{open} open conversations of {}, who leaves", mate.id),
                fix,
            );
        }
    }

    /// Different persons who look the same.
    fn look_alikes(&mut self, known: &BTreeMap<EmailKey, Known<'_>>) {
        let mut looks = Looks::new(&self.input.settings.aliases.domains);
        let mut by_look: BTreeMap<String, Vec<&EmailKey>> = BTreeMap::new();
        for key in known.keys() {
            by_look.entry(looks.of(key)).or_default().push(key);
        }
        for keys in by_look.into_values().filter(|keys| keys.len() > 1) {
            let emails: Vec<_> = keys.iter().map(|key| key.as_str()).collect();
            let evidence = format!("they look the same: {}", emails.join(", "));
            let fix = "if they are one person, say so in [aliases] people of tenure.toml".to_owned();
            for key in &keys {
                self.find(Code::Duplicate, key.as_str(), evidence.clone(), fix.clone());
            }
        }
    }
}
