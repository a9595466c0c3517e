//! What holds after any commands in any order (`design.md`, "Invariants").

use crate::commands::{EMAILS, actor, command};
use proptest::prelude::*;
use std::collections::BTreeSet;
use tenure_directory::conversation::Progress;
use tenure_directory::email::EmailKey;
use tenure_directory::id::CompanyId;
use tenure_directory::registry::CompanyCreated;
use tenure_directory::teammate::{Presence, Role, Standing};
use tenure_directory::text::{CompanyName, ExternalId, Slug};
use tenure_directory::{Actor, Command, Company, Event, Occasion, Recorded, Timestamp};

/// A company that is told commands, with its history.
struct Told {
    company: Company,
    history: Vec<Recorded>,
}

impl Told {
    fn new() -> Self {
        let mut told = Self { company: Company::unborn(CompanyId::new(1)), history: vec![] };
        let (name, slug) = (CompanyName::parse("Acme").unwrap(), Slug::parse("acme").unwrap());
        let created = Event::CompanyCreated(CompanyCreated { name, slug });
        told.record(vec![created], Actor::Operator);
        told
    }

    fn occasion(&self, actor: Actor) -> Occasion {
        Occasion { now: self.company.last_event_at.plus_ms(100), actor }
    }

    fn record(&mut self, events: Vec<Event>, actor: Actor) {
        let time = self.occasion(actor).now;
        for event in events {
            let recorded = Recorded { version: self.company.version.next(), time, actor, event };
            self.company = self.company.clone().evolve(&recorded);
            self.history.push(recorded);
        }
    }

    fn tell(&mut self, command: &Command, actor: Actor) {
        if let Ok(events) = self.company.decide(command, &self.occasion(actor)) {
            self.record(events, actor);
        }
    }
}

fn told(commands: &[(Command, Actor)]) -> Told {
    let mut told = Told::new();
    for (command, actor) in commands {
        told.tell(command, *actor);
    }
    told
}

fn commands() -> impl Strategy<Value = Vec<(Command, Actor)>> {
    prop::collection::vec((command(), actor()), 1..60)
}

fn active_admins(company: &Company) -> usize {
    let is_active_admin = |teammate: &&_| matches!(teammate, (Role::Admin, Standing::Active));
    company
        .teammates
        .values()
        .map(|teammate| (teammate.role, teammate.standing))
        .filter(|t| is_active_admin(&t))
        .count()
}

fn written_and_read(recorded: &Recorded) -> Recorded {
    let encoded = recorded.event.encode();
    let event = Event::decode(encoded.name, &encoded.body, encoded.personal.as_deref()).unwrap();
    Recorded { event, ..recorded.clone() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_two_teammates_share_an_email_or_a_username(commands in commands()) {
        let company = told(&commands).company;
        let emails: BTreeSet<_> = company.teammates.values().map(|teammate| teammate.email.key()).collect();
        let usernames: BTreeSet<_> = company.teammates.values().map(|teammate| &teammate.username).collect();
        prop_assert_eq!(emails.len(), company.teammates.len());
        prop_assert_eq!(usernames.len(), company.teammates.len());
    }

    #[test]
    fn a_company_that_has_an_active_admin_never_loses_the_last_one(commands in commands()) {
        let mut told = Told::new();
        let mut had_one = false;
        for (command, actor) in &commands {
            told.tell(command, *actor);
            let admins = active_admins(&told.company);
            prop_assert_eq!(u64::try_from(admins).unwrap(), told.company.active_admins());
            prop_assert!(admins > 0 || !had_one, "{command:?} took the last administrator");
            had_one |= admins > 0;
        }
    }

    #[test]
    fn replaying_the_written_history_gives_the_live_state_byte_for_byte(commands in commands()) {
        let told = told(&commands);
        let replayed = told.history.iter().map(written_and_read).fold(
            Company::unborn(CompanyId::new(1)),
            |company, recorded| company.evolve(&recorded),
        );
        prop_assert_eq!(replayed.to_bytes(), told.company.to_bytes());
    }

    #[test]
    fn every_event_survives_being_written_and_read(commands in commands()) {
        for recorded in &told(&commands).history {
            prop_assert_eq!(&written_and_read(recorded), recorded);
        }
    }

    #[test]
    fn a_state_read_from_its_bytes_decides_as_the_live_one(before in commands(), after in commands()) {
        let mut live = told(&before);
        let mut read = Told { company: Company::from_bytes(&live.company.to_bytes()).unwrap(), history: vec![] };
        for (command, actor) in &after {
            let occasion = live.occasion(*actor);
            prop_assert_eq!(read.company.decide(command, &occasion), live.company.decide(command, &occasion));
            live.tell(command, *actor);
            read.tell(command, *actor);
        }
        prop_assert_eq!(read.company.to_bytes(), live.company.to_bytes());
    }

    #[test]
    fn membership_agrees_in_both_directions(commands in commands()) {
        let company = told(&commands).company;
        for team in company.teams.values() {
            for member in &team.members {
                prop_assert!(company.teammates[member].teams().contains(&team.id));
            }
        }
        for teammate in company.teammates.values() {
            for team in teammate.teams() {
                prop_assert!(company.teams[team].members.contains(&teammate.id));
            }
        }
    }

    #[test]
    fn a_revision_rises_exactly_when_what_is_shown_changes(commands in commands()) {
        let mut told = Told::new();
        for (command, actor) in &commands {
            let before = told.company.clone();
            told.tell(command, *actor);
            for (id, now) in &told.company.teammates {
                let Some(then) = before.teammates.get(id) else { continue };
                let shown = |t: &tenure_directory::teammate::Teammate| (
                    t.email.clone(), t.username.clone(), t.first_name.clone(), t.last_name.clone(), t.role,
                    t.availability, t.standing, t.custom_fields.clone(), t.kept().clone(), t.presence,
                );
                prop_assert_eq!(shown(then) != shown(now), now.revision > then.revision, "{:?}", command);
            }
        }
    }

    #[test]
    fn look_ups_find_what_the_records_say_and_nothing_else(commands in commands()) {
        let company = told(&commands).company;
        let present = company.teammates.values().filter(|teammate| teammate.presence == Presence::Present);
        prop_assert_eq!(company.present_count(), present.count());
        for teammate in company.teammates.values() {
            let by_user_name = company.teammate_by_user_name(teammate.user_name());
            prop_assert_eq!(by_user_name.map(|found| found.id), Some(teammate.id));
            let emails = teammate.kept().emails.iter().filter_map(|email| email.value.as_deref());
            for address in emails.chain([teammate.email.as_str()]) {
                prop_assert!(company.teammates_by_address(address).any(|found| found.id == teammate.id));
            }
            for found in EMAILS.iter().flat_map(|address| company.teammates_by_address(address)) {
                let addresses = found.kept().emails.iter().filter_map(|email| email.value.as_deref());
                let keys: Vec<_> = addresses.chain([found.email.as_str()]).map(EmailKey::of).collect();
                prop_assert!(EMAILS.iter().any(|address| keys.contains(&EmailKey::of(address))));
            }
        }
        for external_id in ["u1", "U1", "u2"] {
            let has = |kept: Option<&ExternalId>| kept.is_some_and(|id| id.as_str() == external_id);
            let teammates = company.teammates.values().filter(|teammate| has(teammate.kept().external_id.as_ref()));
            let found = company.teammate_by_external_id(external_id).map(|teammate| teammate.id);
            prop_assert_eq!(teammates.map(|teammate| teammate.id).collect::<Vec<_>>(), Vec::from_iter(found));
            let teams = company.teams.values().filter(|team| has(team.external_id.as_ref()));
            let found = company.team_by_external_id(external_id).map(|team| team.id);
            prop_assert_eq!(teams.map(|team| team.id).collect::<Vec<_>>(), Vec::from_iter(found));
        }
    }

    #[test]
    fn whom_an_identity_provider_deleted_is_blocked_and_in_no_team(commands in commands()) {
        for teammate in told(&commands).company.teammates.values() {
            if teammate.presence == Presence::Deprovisioned {
                prop_assert_eq!(teammate.standing, Standing::Blocked);
                prop_assert!(teammate.teams().is_empty() && teammate.kept().external_id.is_none());
            }
        }
    }

    #[test]
    fn nobody_who_is_blocked_deals_with_an_open_conversation(commands in commands()) {
        let company = told(&commands).company;
        for conversation in company.conversations.values() {
            let Some(assignee) = conversation.assignee else { continue };
            let is_blocked = company.teammates[&assignee].standing == Standing::Blocked;
            prop_assert!(!is_blocked || conversation.progress == Progress::Archived);
            prop_assert!(company.conversations_of(assignee, u64::MAX).any(|found| found.id == conversation.id));
        }
        let assigned = company.teammates.keys().flat_map(|id| company.conversations_of(*id, u64::MAX));
        let with_assignee = company.conversations.values().filter(|found| found.assignee.is_some());
        prop_assert_eq!(assigned.count(), with_assignee.count());
    }

    #[test]
    fn nothing_that_a_refused_command_says_happens(commands in commands()) {
        let mut told = Told::new();
        for (command, actor) in &commands {
            let before = told.company.to_bytes();
            let decided = told.company.decide(command, &told.occasion(*actor));
            told.tell(command, *actor);
            let changed = told.company.to_bytes() != before;
            prop_assert_eq!(changed, decided.is_ok_and(|events| !events.is_empty()));
        }
    }

    #[test]
    fn a_state_survives_the_erasure_of_all_personal_data(commands in commands()) {
        let erased = told(&commands).history.into_iter().map(|recorded| {
            let encoded = recorded.event.encode();
            let event = Event::decode(encoded.name, &encoded.body, None).unwrap();
            Recorded { event, ..recorded }
        });
        let company = erased.fold(Company::unborn(CompanyId::new(1)), |company, recorded| company.evolve(&recorded));
        let emails: BTreeSet<_> = company.teammates.values().map(|teammate| teammate.email.key()).collect();
        prop_assert_eq!(emails.len(), company.teammates.len());
        let read = Company::from_bytes(&company.to_bytes()).unwrap();
        prop_assert_eq!(read.to_bytes(), company.to_bytes());
    }
}

#[test]
fn the_audit_lists_whom_an_event_is_about() {
    let told = told(&[]);
    assert_eq!(told.history[0].event.teammates(), []);
    assert_eq!(told.history[0].time, Timestamp::from_ms(100));
}
