//! The plain model: what the rules say, written as simply as can be, to be compared with.

use crate::simulation::act::Act;
use std::collections::{BTreeMap, BTreeSet};
use tenure_directory::Company;
use tenure_directory::teammate::{Role, Standing};

#[derive(Debug, Clone, PartialEq, Eq)]
struct Person {
    email: String,
    first_name: String,
    admin: bool,
    blocked: bool,
}

/// A company as the model sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Model {
    /// How many events the company has.
    pub(super) version: u64,
    people: BTreeMap<u64, Person>,
    teams: BTreeMap<u64, (String, BTreeSet<u64>)>,
    teams_ever: u64,
}

/// What the model says of an act: how many events it is, or no.
pub(super) type Verdict = Option<u64>;

impl Model {
    /// A company right after it was created.
    pub(super) fn new() -> Self {
        Self { version: 1, ..Self::default() }
    }

    /// Does what is asked, or says no and changes nothing.
    pub(super) fn ask(&mut self, act: &Act) -> Verdict {
        let before = self.clone();
        let verdict = self.change(act);
        match verdict {
            Some(events) => self.version += events,
            None => *self = before,
        }
        verdict
    }

    fn change(&mut self, act: &Act) -> Verdict {
        match act {
            Act::Create { email, admin } => {
                self.email_is_free(email, None)?;
                let number = self.people.len() as u64 + 1;
                let (email, first_name) = ((*email).to_owned(), String::new());
                self.people.insert(number, Person { email, first_name, admin: *admin, blocked: false });
                Some(1)
            }
            Act::ChangeEmail { who, email } => {
                self.people.get(who)?;
                self.email_is_free(email, Some(*who))?;
                self.update(*who, |person| (*email).clone_into(&mut person.email))
            }
            Act::Rename { who, first_name } => {
                self.update(*who, |person| (*first_name).clone_into(&mut person.first_name))
            }
            Act::SetAdmin { who, admin } => {
                let verdict = self.update(*who, |person| person.admin = *admin)?;
                if verdict > 0 && !*admin {
                    self.an_admin_is_left(*who)?;
                }
                Some(verdict)
            }
            Act::Block { who } => self.block(*who),
            Act::BlockByUpdate { who, first_name } => {
                let renamed = self.update(*who, |person| (*first_name).clone_into(&mut person.first_name))?;
                Some(renamed + self.block(*who)?)
            }
            Act::CreateTeam { name } => {
                let taken = |(other, _): &(String, _)| other.to_lowercase() == name.to_lowercase();
                if self.teams.values().any(taken) {
                    return None;
                }
                self.teams_ever += 1;
                self.teams.insert(self.teams_ever, ((*name).to_owned(), BTreeSet::new()));
                Some(1)
            }
            Act::DeleteTeam { team } => self.teams.remove(team).map(|_| 1),
            Act::Join { team, who } => {
                self.teams.get(team)?;
                for number in who {
                    let already = self.teams[team].1.contains(number);
                    if self.people.get(number)?.blocked && !already {
                        return None;
                    }
                }
                let members = &mut self.teams.get_mut(team)?.1;
                let before = members.len();
                members.extend(who);
                Some(u64::from(members.len() > before))
            }
            Act::Leave { team, who } => {
                self.teams.get(team)?;
                if who.iter().any(|number| !self.people.contains_key(number)) {
                    return None;
                }
                let members = &mut self.teams.get_mut(team)?.1;
                let before = members.len();
                members.retain(|number| !who.contains(number));
                Some(u64::from(members.len() < before))
            }
        }
    }

    fn email_is_free(&self, email: &str, but: Option<u64>) -> Option<()> {
        let holds = |(number, person): (&u64, &Person)| {
            person.email.eq_ignore_ascii_case(email) && Some(*number) != but
        };
        (!self.people.iter().any(holds)).then_some(())
    }

    fn update(&mut self, who: u64, change: impl FnOnce(&mut Person)) -> Verdict {
        let person = self.people.get_mut(&who)?;
        let before = person.clone();
        change(person);
        Some(u64::from(*person != before))
    }

    fn block(&mut self, who: u64) -> Verdict {
        let verdict = self.update(who, |person| person.blocked = true)?;
        if verdict > 0 && self.people[&who].admin {
            self.an_admin_is_left(who)?;
        }
        Some(verdict)
    }

    /// Whether an administrator is left now that `who` is none any more, or works no more.
    fn an_admin_is_left(&self, who: u64) -> Option<()> {
        let was_no_loss = self.people[&who].blocked && !self.people[&who].admin;
        let is_left = self.people.values().any(|person| person.admin && !person.blocked);
        (was_no_loss || is_left).then_some(())
    }

    /// What the model makes of a real company, to be compared.
    pub(super) fn of(company: &Company) -> Self {
        let person = |teammate: &tenure_directory::teammate::Teammate| Person {
            email: teammate.email.to_string(),
            first_name: teammate.first_name.to_string(),
            admin: teammate.role == Role::Admin,
            blocked: teammate.standing == Standing::Blocked,
        };
        let people = company.teammates.values().map(|t| (t.id.number(), person(t)));
        let teams = company.teams.values().map(|team| {
            let members = team.members.iter().map(|member| member.number()).collect();
            (team.id.number(), (team.name.to_string(), members))
        });
        Self {
            version: company.version.number(),
            people: people.collect(),
            teams: teams.collect(),
            teams_ever: 0,
        }
    }

    /// The model without what a company does not show.
    pub(super) fn shown(&self) -> Self {
        Self { teams_ever: 0, ..self.clone() }
    }
}
