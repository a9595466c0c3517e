//! From what people files say and what a service has to a plan. Pure: the same input gives the same bytes.

mod draft;
mod identities;
mod resolve;

use crate::address::{EmailKey, Looks, fits, fits_address};
use crate::directory::{Directory, Lookup, Via};
use crate::guard::{self, Guard, SourceCheck, Violation};
use crate::people::{People, PeopleProblem, Person, Presence, Wish, by_key};
use crate::plan::{Deed, FORMAT, Fields, Plan, PlanBody, PlanSource, Subject, same_value};
use crate::settings::{HandoverMode, Settings, Unlisted};
use draft::Drafts;
use identities::Identities;
use jiff::civil::Date;
use resolve::Resolve;
use serde_json::{Value, json};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use tenure_client::{Teammate, TeammateId};

/// How many names a note lists.
const NAMED_IN_A_NOTE: usize = 10;

/// What is known of the open conversations of somebody who leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenConversations {
    /// So many.
    Count(usize),
    /// They could not be read; with the reason.
    Unknown(String),
}

/// What a plan is made from.
pub struct PlanInput<'a> {
    /// The rows.
    pub people: &'a People,
    /// What the service has.
    pub directory: &'a Directory,
    /// What is managed, and the guards.
    pub settings: &'a Settings,
    /// The day for which it is planned.
    pub today: Date,
    /// Who plans.
    pub planned_by: &'a str,
    /// The guards that are overridden.
    pub overrides: &'a BTreeSet<Guard>,
    /// The open conversations of those who leave ([`leavers`]).
    pub open_conversations: &'a BTreeMap<TeammateId, OpenConversations>,
    /// What the sources are held to.
    pub check: SourceCheck<'a>,
}

/// A plan, and what the guards have against it.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// What the guards have against it; nothing may be applied unless this is empty.
    pub violations: Vec<Violation>,
    /// Active teammates who are in no people file, and are not touched.
    pub unlisted: Vec<Subject>,
}

/// The teammates whose open conversations are to be counted: those who would be deactivated, and somebody who is blocked
/// already and was named on the command line. In the order of their ids.
pub fn leavers(people: &People, directory: &Directory, settings: &Settings, today: Date) -> Vec<TeammateId> {
    let lookup = directory.lookup();
    let (rows, _) = by_key(people);
    let identities = Identities::new(&rows, directory, &lookup, settings);
    let is_named = people.sources.is_empty();
    let gone = rows.values().filter(|person| matches!(person.presence(today), Presence::Absent(_)));
    let leaving = gone.filter_map(|person| identities.account(&person.key));
    let mut leaving: Vec<_> = leaving.filter(|mate| is_named || !mate.is_blocked).collect();
    if settings.manage.unlisted == Unlisted::Deactivate && !is_named {
        leaving.extend(unlisted(&identities, directory).filter(|mate| !is_spared(mate, directory, settings)));
    }
    let mut ids: Vec<_> = leaving.into_iter().map(|mate| mate.id.clone()).collect();
    ids.sort();
    ids.dedup();
    ids
}

fn unlisted<'a>(identities: &Identities<'_>, directory: &'a Directory) -> impl Iterator<Item = &'a Teammate> {
    directory.teammates.iter().filter(|mate| !mate.is_blocked && !identities.is_listed(mate))
}

/// Accounts that nobody lists and that stay nevertheless.
fn is_spared(mate: &Teammate, directory: &Directory, settings: &Settings) -> bool {
    let patterns = settings.guards.protect.iter().chain(&settings.graph.service_accounts);
    let is_named =
        patterns.into_iter().any(|pattern| fits_address(pattern, &mate.email) || fits(pattern, &mate.id.0));
    is_named || directory.own_teammate.as_ref() == Some(&mate.id)
}

/// Makes the plan; or everything that is wrong with the rows.
pub fn plan(input: &PlanInput<'_>) -> Result<Planned, Vec<PeopleProblem>> {
    let PlanInput { people, directory, settings, .. } = input;
    let lookup = directory.lookup();
    let (rows, again) = by_key(people);
    let identities = Identities::new(&rows, directory, &lookup, settings);
    let mut planning = Planning {
        input,
        identities: &identities,
        claimed: HashSet::new(),
        leaving: OnceCell::new(),
        lookup: &lookup,
        rows: &rows,
        resolve: Resolve::new(people, directory, &lookup),
        drafts: Drafts::default(),
        violations: vec![],
        notes: BTreeSet::new(),
    };
    for (earlier, later) in again {
        let (first, second) = (people.where_is(earlier.place), people.where_is(later.place));
        let message = format!("{} has two rows, {first} and {second}; keep one", later.email);
        planning.violations.push(Violation::new(Guard::DuplicateRows, message));
    }
    for person in rows.values() {
        planning.person(person);
    }
    let unlisted = planning.unlisted();
    planning.look_alikes();
    if !directory.capabilities.are_told && !planning.drafts.invited().is_empty() {
        planning.notes.insert(
            "this server does not tell whether it takes POST /teammates; the plan is made as if".to_owned(),
        );
    }
    let Planning { resolve, drafts, mut violations, notes, .. } = planning;
    if !resolve.problems.is_empty() {
        let mut problems = resolve.problems;
        problems.sort();
        problems.dedup();
        return Err(problems);
    }
    let source = |source: &crate::people::Source| PlanSource {
        name: source.name.clone(),
        sha256: source.sha256.clone(),
        rows: source.rows,
    };
    let body = PlanBody {
        format: FORMAT.to_owned(),
        target: directory.target.clone(),
        planned_by: input.planned_by.to_owned(),
        sources: people.sources.iter().map(source).collect(),
        deactivates_unlisted: settings.manage.unlisted == Unlisted::Deactivate && !people.sources.is_empty(),
        guards: settings.guards.clone(),
        overrides: input.overrides.iter().map(|guard| guard.name().to_owned()).collect(),
        approve: settings.approve.clone(),
        handover: settings.handover.conversations,
        notes: notes.into_iter().collect(),
        actions: drafts.numbered(directory, settings.guards.min_admins),
    };
    violations.extend(guard::check(&body, directory, &settings.guards, input.check));
    Ok(Planned { plan: Plan::seal(body), violations, unlisted })
}

struct Planning<'a> {
    input: &'a PlanInput<'a>,
    identities: &'a Identities<'a>,
    /// The accounts that a row was about.
    claimed: HashSet<TeammateId>,
    /// Those who leave, found when a successor is looked at.
    leaving: OnceCell<BTreeSet<TeammateId>>,
    lookup: &'a Lookup<'a>,
    rows: &'a BTreeMap<&'a EmailKey, &'a Person>,
    resolve: Resolve<'a>,
    drafts: Drafts,
    violations: Vec<Violation>,
    notes: BTreeSet<String>,
}

fn subject_of(mate: &Teammate) -> Subject {
    let name = match mate.display_name() {
        name if name == mate.email => String::new(),
        name => name,
    };
    Subject { email: mate.email.clone(), teammate_id: Some(mate.id.clone()), name }
}

impl Planning<'_> {
    fn reason(&self, person: &Person, why: &str) -> String {
        match (self.input.people.where_is(person.place).as_str(), why) {
            ("", _) => "asked for on the command line".to_owned(),
            (place, "") => place.to_owned(),
            (place, why) => format!("{place}: {why}"),
        }
    }

    fn person(&mut self, person: &Person) {
        let mate = self.identities.account(&person.key);
        let presence = person.presence(self.input.today);
        let is_again = mate.is_some_and(|mate| !self.claimed.insert(mate.id.clone()))
            || (presence == Presence::Present && self.identities.is_other_row(&person.key));
        if is_again {
            let place = self.input.people.where_is(person.place);
            let message =
                format!("{} ({place}) is a second row for one person, by [aliases]; keep one", person.email);
            self.violations.push(Violation::new(Guard::DuplicateRows, message));
            return;
        }
        match (presence, mate) {
            (Presence::Present, None) => self.join(person),
            (Presence::Present, Some(mate)) if mate.is_blocked => self.reactivate(person, mate),
            (Presence::Present, Some(mate)) => self.change(person, mate),
            (Presence::Absent(why), Some(mate)) => {
                let reason = self.reason(person, why);
                self.leave(mate, person.successor.as_deref(), &reason);
            }
            (Presence::Absent(_), None) | (Presence::Unclear, _) => {}
        }
    }

    fn join(&mut self, person: &Person) {
        let via = self.input.directory.capabilities.create;
        let reason = self.reason(person, "");
        let mut after = Fields::from([("email".to_owned(), json!(person.email))]);
        for (name, wish) in texts(person) {
            if let Wish::Set(text) = wish {
                after.insert(name.to_owned(), json!(text));
            }
        }
        for (name, value) in self.resolve.custom_fields(person) {
            if let Some(value) = value {
                after.insert(format!("custom_fields.{name}"), value);
            }
        }
        let name = [&person.first_name, &person.last_name]
            .map(|name| name.set().map_or("", String::as_str))
            .join(" ");
        let subject =
            Subject { email: person.email.clone(), teammate_id: None, name: name.trim().to_owned() };
        // What SCIM does not set is set over REST afterwards.
        let mut rest = Fields::new();
        match via {
            Via::Rest => {}
            Via::Scim => {
                self.notes.insert(
                    "this server does not take POST /teammates; accounts are created over SCIM, which \
                                   sets the address and the names"
                        .to_owned(),
                );
                let is_over_scim = |field: &str| matches!(field, "email" | "first_name" | "last_name");
                rest = after.clone().into_iter().filter(|(field, _)| !is_over_scim(field)).collect();
                after.retain(|field, _| is_over_scim(field));
            }
            Via::Person => {
                self.notes.insert(
                    "this server does not take POST /teammates, and no SCIM URL is given; a person must \
                                   create these accounts"
                        .to_owned(),
                );
            }
        }
        let steps = match via {
            Via::Person => {
                vec![format!("invite {} in the product's settings, then plan again", person.email)]
            }
            Via::Rest | Via::Scim => vec![],
        };
        self.drafts
            .add(&person.key, Deed::Invite { via }, &subject, Fields::new(), after, &reason)
            .steps(steps)
            .requests(3);
        if !rest.is_empty() {
            // What the account begins with is the server's choice.
            let draft = self.drafts.add(&person.key, Deed::Update, &subject, Fields::new(), rest, &reason);
            draft.requests(3).waits_for(&person.key, "invite");
        }
        if person.is_admin.set() == Some(&true) {
            self.admin(person, &subject, true, &reason);
        }
        for team in self.resolve.teams(person).unwrap_or_default() {
            self.membership(person, &subject, team, true, &reason);
        }
    }

    fn change(&mut self, person: &Person, mate: &Teammate) {
        let (subject, reason) = (subject_of(mate), self.reason(person, ""));
        let (mut before, mut after) = (Fields::new(), Fields::new());
        for (name, wish) in texts(person) {
            let present = match name {
                "first_name" => &mate.first_name,
                "last_name" => &mate.last_name,
                _ => &mate.username,
            };
            let wanted = match wish {
                Wish::Leave => continue,
                Wish::Clear if name == "username" => continue,
                Wish::Clear => "",
                Wish::Set(text) => text,
            };
            if present != wanted {
                before.insert(name.to_owned(), json!(present));
                after.insert(name.to_owned(), json!(wanted));
            }
        }
        for (name, wanted) in self.resolve.custom_fields(person) {
            let present = mate.custom_fields.get(&name).filter(|value| !value.is_null());
            if !same_value(present.unwrap_or(&Value::Null), wanted.as_ref().unwrap_or(&Value::Null)) {
                let field = format!("custom_fields.{name}");
                before.insert(field.clone(), present.cloned().unwrap_or_default());
                after.insert(field, wanted.unwrap_or_default());
            }
        }
        if !after.is_empty() {
            self.drafts.add(&person.key, Deed::Update, &subject, before, after, &reason).requests(3);
        }
        match person.is_admin {
            Wish::Set(wanted) if wanted != mate.is_admin => self.admin(person, &subject, wanted, &reason),
            Wish::Clear if mate.is_admin => self.admin(person, &subject, false, &reason),
            Wish::Set(_) | Wish::Clear | Wish::Leave => {}
        }
        let Some(wanted) = self.resolve.teams(person) else { return };
        let present: Vec<_> = self.lookup.teams_of(&mate.id).to_vec();
        for team in &wanted {
            if !present.iter().any(|present| present.id == team.id) {
                self.membership(person, &subject, team, true, &reason);
            }
        }
        for team in present.into_iter().filter(|_| !person.keeps_other_teams) {
            if !wanted.iter().any(|wanted| wanted.id == team.id) {
                self.membership(person, &subject, team, false, &reason);
            }
        }
    }

    fn admin(&mut self, person: &Person, subject: &Subject, wanted: bool, reason: &str) {
        let via = self.input.directory.capabilities.admin;
        let deed = if wanted { Deed::GrantAdmin { via } } else { Deed::RevokeAdmin { via } };
        let field = |value: bool| Fields::from([("is_admin".to_owned(), json!(value))]);
        let steps = match via {
            Via::Person => vec![format!("set the role of {subject} in the product's settings")],
            Via::Rest | Via::Scim => vec![],
        };
        let draft = self.drafts.add(&person.key, deed, subject, field(!wanted), field(wanted), reason);
        draft.steps(steps).requests(3).waits_for(&person.key, "invite");
    }

    fn membership(
        &mut self,
        person: &Person,
        subject: &Subject,
        team: &crate::directory::TeamState,
        wanted: bool,
        reason: &str,
    ) {
        let (id, team_name) = (team.id.clone(), team.name.clone());
        let deed = if wanted {
            Deed::AddToTeam { team: id, team_name }
        } else {
            Deed::RemoveFromTeam { team: id, team_name }
        };
        let field = |value: bool| Fields::from([("is_member".to_owned(), json!(value))]);
        let draft = self.drafts.add(&person.key, deed, subject, field(!wanted), field(wanted), reason);
        draft.requests(2).waits_for(&person.key, "invite");
    }

    fn reactivate(&mut self, person: &Person, mate: &Teammate) {
        let field = |value: bool| Fields::from([("is_blocked".to_owned(), json!(value))]);
        let steps = vec![
            format!(
                "reactivate {} ({}) in the product's settings; on Tenure: tenure teammate reactivate {}",
                mate.email, mate.id, mate.id
            ),
            "then plan again, for the names and teams".to_owned(),
        ];
        let reason = self.reason(person, "the account is blocked");
        self.drafts
            .add(&person.key, Deed::Reactivate, &subject_of(mate), field(true), field(false), &reason)
            .steps(steps);
    }

    fn leave(&mut self, mate: &Teammate, successor: Option<&str>, reason: &str) {
        let (key, subject) = (EmailKey::lenient(&mate.email), subject_of(mate));
        self.hand_over(mate, &key, &subject, successor, reason);
        let field = |name: &str, value: bool| Fields::from([(name.to_owned(), json!(value))]);
        for team in self.lookup.teams_of(&mate.id).to_vec() {
            let deed = Deed::RemoveFromTeam { team: team.id.clone(), team_name: team.name.clone() };
            let (before, after) = (field("is_member", true), field("is_member", false));
            self.drafts
                .add(&key, deed, &subject, before, after, reason)
                .requests(1)
                .waits_for(&key, "hand_over");
        }
        if mate.is_blocked {
            return;
        }
        let via = self.input.directory.capabilities.deactivate;
        let steps = match via {
            Via::Person => vec![format!("deactivate {subject} ({}) in the product's settings", mate.id)],
            Via::Rest | Via::Scim => vec![],
        };
        let (before, after) = (field("is_blocked", false), field("is_blocked", true));
        let draft = self.drafts.add(&key, Deed::Deactivate { via }, &subject, before, after, reason);
        draft.steps(steps).requests(3).waits_for(&key, "hand_over");
    }

    fn hand_over(
        &mut self,
        mate: &Teammate,
        key: &EmailKey,
        subject: &Subject,
        successor: Option<&str>,
        reason: &str,
    ) {
        let mode = self.input.settings.handover.conversations;
        let count = match self.input.open_conversations.get(&mate.id) {
            Some(OpenConversations::Count(0)) if mate.is_blocked => return,
            Some(OpenConversations::Count(count)) => Some(*count),
            Some(OpenConversations::Unknown(why)) => {
                self.notes.insert(format!("open conversations cannot be read ({why})"));
                None
            }
            None => return,
        };
        // Where nobody takes over, the deactivation does the same.
        if mode == HandoverMode::Leave || (mode == HandoverMode::Unassign && count.is_none()) {
            return;
        }
        let default = self.input.settings.handover.default.as_deref();
        let named = successor.or(default).filter(|_| mode == HandoverMode::Reassign);
        let to = named.and_then(|named| self.successor(named, key, subject));
        if to.is_none() && mode == HandoverMode::Reassign {
            if count != Some(0) {
                let many = count.map_or_else(|| "unknown".to_owned(), |count| count.to_string());
                self.notes.insert(format!(
                    "{subject} has no successor; its open conversations ({many}) become unassigned. Name one with \
                     `successor`, --successor or [handover] default"
                ));
            }
            return;
        }
        if count.is_none() {
            self.notes.insert(
                "the deactivation waits for the hand-over, for which the token needs conversations:read and :write; or set \
                 [handover] conversations = \"leave\""
                    .to_owned(),
            );
        }
        let before = Fields::from([("open_conversations".to_owned(), json!(count))]);
        let mut after = Fields::from([("open_conversations".to_owned(), json!(0))]);
        after.insert("assignee".to_owned(), to.as_ref().map_or(Value::Null, |to| json!(to.email)));
        let successor_key = to.as_ref().map(|to| EmailKey::lenient(&to.email));
        let requests = u32::try_from(count.unwrap_or_default()).unwrap_or(u32::MAX).saturating_add(3);
        let draft =
            self.drafts.add(key, Deed::HandOver { to }, subject, before, after, reason).requests(requests);
        if let Some(successor) = successor_key {
            draft.waits_for(&successor, "invite");
        }
    }

    fn leaving(&self) -> &BTreeSet<TeammateId> {
        let PlanInput { people, directory, settings, today, .. } = self.input;
        self.leaving.get_or_init(|| leavers(people, directory, settings, *today).into_iter().collect())
    }

    /// Who takes over: somebody active, or somebody who is invited by this plan.
    fn successor(&mut self, named: &str, key: &EmailKey, of: &Subject) -> Option<Subject> {
        let successor = EmailKey::lenient(named);
        let account = self.identities.account(&successor);
        let row = self.rows.get(&successor).map(|row| row.presence(self.input.today));
        let leaves = matches!(row, Some(Presence::Absent(_)))
            || account.is_some_and(|mate| self.leaving().contains(&mate.id));
        let found = account.filter(|mate| !mate.is_blocked).map(subject_of);
        let found = found.or_else(|| {
            let is_new = row == Some(Presence::Present) && account.is_none();
            is_new.then(|| Subject { email: named.to_owned(), teammate_id: None, name: String::new() })
        });
        if leaves || successor == *key || found.is_none() {
            let why = if leaves {
                "leaves too"
            } else if successor == *key {
                "is the same person"
            } else {
                "is no active teammate"
            };
            self.resolve.problem_of(
                key,
                format!("successor: `{}` of {of} {why}; name somebody who stays", named.escape_debug()),
            );
            return None;
        }
        found
    }

    /// Those whom no row names: deactivated if that is ordered, else told.
    fn unlisted(&mut self) -> Vec<Subject> {
        let PlanInput { people, directory, settings, .. } = self.input;
        if people.sources.is_empty() {
            return vec![];
        }
        let mut told = Vec::new();
        for mate in unlisted(self.identities, directory) {
            if settings.manage.unlisted == Unlisted::Deactivate && !is_spared(mate, directory, settings) {
                self.leave(mate, None, "in no people file");
            } else {
                told.push(subject_of(mate));
            }
        }
        told
    }

    /// People who are invited although somebody is there who looks the same.
    fn look_alikes(&mut self) {
        let invited = self.drafts.invited();
        if invited.is_empty() {
            return;
        }
        let mut looks = Looks::new(&self.input.settings.aliases.domains);
        let mut by_look: HashMap<String, BTreeSet<String>> = HashMap::new();
        for email in invited.iter().map(String::as_str) {
            by_look.entry(looks.of(&EmailKey::lenient(email))).or_default().insert(email.to_owned());
        }
        for mate in &self.input.directory.teammates {
            if let Some(found) = by_look.get_mut(&looks.of(&EmailKey::lenient(&mate.email))) {
                found.insert(mate.email.clone());
            }
        }
        let several = by_look.into_values().filter(|emails| emails.len() > 1);
        let mut told: Vec<_> = several
            .map(|emails| emails.into_iter().take(NAMED_IN_A_NOTE).collect::<Vec<_>>().join(", "))
            .collect();
        told.sort();
        self.notes.extend(told.into_iter().map(|emails| format!("possibly the same person: {emails}")));
    }
}

/// The texts of a person that are plain fields of a teammate.
fn texts(person: &Person) -> [(&'static str, &Wish<String>); 3] {
    [("first_name", &person.first_name), ("last_name", &person.last_name), ("username", &person.username)]
}
