//! What the simulation asks of a company, in plain words, and the command that each is.

use fastrand::Rng;
use tenure_directory::email::EmailAddress;
use tenure_directory::team::{AddToTeam, CreateTeam, DeleteTeam, Privacy, RemoveFromTeam, TeamRef};
use tenure_directory::teammate::{
    BlockTeammate, CreateTeammate, Role, Standing, TeammateRef, UpdateTeammate,
};
use tenure_directory::text::{PersonName, TeamName};
use tenure_directory::{Command, Precondition, TeamId, TeammateId};

const EMAILS: [&str; 6] =
    ["ana@x.example", "ANA@X.example", "bo@x.example", "chi@x.example", "dee@x.example", "eli@x.example"];
const TEAMS: [&str; 4] = ["Support", "SUPPORT", "Sales", "Ops"];
const NAMES: [&str; 3] = ["", "Ana", "Bo"];

/// Something that is asked. Teammates and teams are meant by their numbers, which may not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    Create { email: &'static str, admin: bool },
    ChangeEmail { who: u64, email: &'static str },
    Rename { who: u64, first_name: &'static str },
    SetAdmin { who: u64, admin: bool },
    Block { who: u64 },
    BlockByUpdate { who: u64, first_name: &'static str },
    CreateTeam { name: &'static str },
    DeleteTeam { team: u64 },
    Join { team: u64, who: Vec<u64> },
    Leave { team: u64, who: Vec<u64> },
}

impl Act {
    pub(super) fn any(rng: &mut Rng) -> Self {
        let email = EMAILS[rng.usize(..EMAILS.len())];
        let first_name = NAMES[rng.usize(..NAMES.len())];
        let name = TEAMS[rng.usize(..TEAMS.len())];
        let (who, team) = (rng.u64(1..8), rng.u64(1..4));
        let some = |rng: &mut Rng| (0..rng.usize(1..4)).map(|_| rng.u64(1..8)).collect();
        match rng.u8(..20) {
            0..5 => Act::Create { email, admin: rng.bool() },
            5 => Act::ChangeEmail { who, email },
            6..8 => Act::Rename { who, first_name },
            8..10 => Act::SetAdmin { who, admin: rng.bool() },
            10..12 => Act::Block { who },
            12 => Act::BlockByUpdate { who, first_name },
            13..15 => Act::CreateTeam { name },
            15 => Act::DeleteTeam { team },
            16..19 => Act::Join { team, who: some(rng) },
            _ => Act::Leave { team, who: some(rng) },
        }
    }

    pub(super) fn command(&self) -> Command {
        match self {
            Act::Create { email, admin } => Command::CreateTeammate(CreateTeammate {
                role: role(*admin),
                ..CreateTeammate::of(address(email))
            }),
            Act::ChangeEmail { who, email } => update(*who, |update| update.email = Some(address(email))),
            Act::Rename { who, first_name } => {
                update(*who, |update| update.first_name = Some(person(first_name)))
            }
            Act::SetAdmin { who, admin } => update(*who, |update| update.role = Some(role(*admin))),
            Act::Block { who } => {
                let precondition = Precondition::None;
                Command::BlockTeammate(BlockTeammate { teammate: teammate(*who), precondition })
            }
            Act::BlockByUpdate { who, first_name } => update(*who, |update| {
                update.first_name = Some(person(first_name));
                update.standing = Some(Standing::Blocked);
            }),
            Act::CreateTeam { name } => {
                let name = TeamName::parse(name).unwrap();
                Command::CreateTeam(CreateTeam { name, privacy: Privacy::Open })
            }
            Act::DeleteTeam { team: number } => Command::DeleteTeam(DeleteTeam { team: team(*number) }),
            Act::Join { team: number, who } => Command::AddToTeam(AddToTeam {
                team: team(*number),
                teammates: who.iter().copied().map(teammate).collect(),
                precondition: Precondition::None,
            }),
            Act::Leave { team: number, who } => Command::RemoveFromTeam(RemoveFromTeam {
                team: team(*number),
                teammates: who.iter().copied().map(teammate).collect(),
                precondition: Precondition::None,
            }),
        }
    }
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

fn person(text: &str) -> PersonName {
    PersonName::parse(text).unwrap()
}

fn role(admin: bool) -> Role {
    if admin { Role::Admin } else { Role::Regular }
}

fn teammate(number: u64) -> TeammateRef {
    TeammateRef::from(TeammateId::new(number))
}

fn team(number: u64) -> TeamRef {
    TeamRef::from(TeamId::new(number))
}

fn update(who: u64, change: impl FnOnce(&mut UpdateTeammate)) -> Command {
    let mut update = UpdateTeammate::of(teammate(who));
    change(&mut update);
    Command::UpdateTeammate(update)
}
