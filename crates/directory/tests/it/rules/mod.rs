//! The rules, one by one: what is asked, and the events or the "no" that follow, as a transcript.

mod company;
mod conversations;
mod custom_fields;
mod invitations;
mod memory;
mod provisioning;
mod teammates;
mod teams;
mod texts;
mod tokens;
mod webhooks;

use std::fmt::Write as _;
use tenure_directory::email::EmailAddress;
use tenure_directory::id::{CompanyId, TeamId, TeammateId, TokenId};
use tenure_directory::registry::CompanyCreated;
use tenure_directory::secret::SecretDigest;
use tenure_directory::team::TeamRef;
use tenure_directory::teammate::{CreateTeammate, Role, TeammateRef, UpdateTeammate};
use tenure_directory::text::{CompanyName, Slug, Username};
use tenure_directory::{Actor, Command, Company, Event, Occasion, Recorded, Refusal, Timestamp, Version};

/// A company that is told commands, and what came of them.
struct Scene {
    company: Company,
    now: Timestamp,
    actor: Actor,
    transcript: String,
}

impl Scene {
    fn new() -> Self {
        let now = Timestamp::from_ms(1_700_000_000_000);
        let company = Company::unborn(CompanyId::new(1));
        let mut scene = Self { company, now, actor: Actor::Operator, transcript: String::new() };
        let (name, slug) = (CompanyName::parse("Acme").unwrap(), Slug::parse("acme").unwrap());
        scene.record(vec![Event::CompanyCreated(CompanyCreated { name, slug })]);
        scene
    }

    /// With ana, an administrator, and bo and chi.
    fn with_people() -> Self {
        let mut scene = Self::new();
        let ana = CreateTeammate { role: Role::Admin, ..person("ana@x.example") };
        scene.does(Command::CreateTeammate(ana));
        scene.does(Command::CreateTeammate(person("bo@x.example")));
        scene.does(Command::CreateTeammate(person("chi@x.example")));
        scene
    }

    fn record(&mut self, events: Vec<Event>) {
        for event in events {
            let version = self.company.version.next();
            let recorded = Recorded { version, time: self.now, actor: self.actor, event };
            self.company.take_in(&recorded);
        }
    }

    /// Does something that the test is not about.
    fn does(&mut self, command: Command) {
        let events = self.decide(&command).unwrap();
        self.record(events);
    }

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        self.company.decide(command, &Occasion { now: self.now, actor: self.actor })
    }

    /// Asks something, and notes what came of it.
    fn asks(&mut self, what: &str, command: Command) -> &mut Self {
        let decided = self.decide(&command);
        writeln!(self.transcript, "{what}").unwrap();
        match decided {
            Ok(events) if events.is_empty() => self.transcript.push_str("  nothing\n"),
            Ok(events) => {
                for event in &events {
                    let encoded = event.encode();
                    let personal = encoded.personal.map(|text| format!(" + {text}")).unwrap_or_default();
                    writeln!(self.transcript, "  {} {}{personal}", encoded.name, encoded.body).unwrap();
                    writeln!(self.transcript, "    \"{}\" {:?}", event.sentence(), event.teammates())
                        .unwrap();
                }
                self.record(events);
            }
            Err(refusal) => {
                writeln!(self.transcript, "  {}: {refusal}", refusal.code()).unwrap();
                for detail in refusal.details() {
                    writeln!(self.transcript, "    - {detail}").unwrap();
                }
            }
        }
        self
    }

    /// Notes the record of a teammate.
    fn shows(&mut self, number: u64) -> &mut Self {
        let teammate = &self.company.teammates[&TeammateId::new(number)];
        let text = serde_json::to_string(&**teammate).unwrap();
        writeln!(self.transcript, "  = {text}").unwrap();
        self
    }

    /// The state as it is written and read.
    fn written(&self) -> serde_json::Value {
        serde_json::from_slice(&self.company.to_bytes()).unwrap()
    }
}

fn person(email: &str) -> CreateTeammate {
    CreateTeammate::of(address(email))
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

fn username(text: &str) -> Username {
    Username::parse(text).unwrap()
}

fn who(number: u64) -> TeammateRef {
    TeammateId::new(number).into()
}

fn team(number: u64) -> TeamRef {
    TeamId::new(number).into()
}

fn token(number: u64) -> TokenId {
    TokenId::new(number)
}

fn version(number: u64) -> Version {
    Version::new(number)
}

fn digest(byte: u8) -> SecretDigest {
    SecretDigest::new([byte; 32])
}

fn update(number: u64, change: impl FnOnce(&mut UpdateTeammate)) -> Command {
    let mut update = UpdateTeammate::of(who(number));
    change(&mut update);
    Command::UpdateTeammate(update)
}
