//! The estimate of memory counts every record and every letter once.

use super::{Scene, address, digest, team, update, username, who};
use std::mem::size_of;
use tenure_directory::custom_field::{CreateCustomField, FieldType, FieldValue, GivenValue};
use tenure_directory::team::{AddToTeam, CreateTeam, Privacy, Team};
use tenure_directory::teammate::{CreateTeammate, Relations, Teammate};
use tenure_directory::text::{FieldName, PersonName, TeamName};
use tenure_directory::token::{Token, WantedKind};
use tenure_directory::{Command, Company, FieldId, Precondition, TeamId, TeammateId};

/// What the maps and indexes are said to take for a teammate, and for a team or a token.
const PLACES: (usize, usize) = (772, 160);

/// By how much a command makes the estimate grow.
fn growth(scene: &mut Scene, command: Command) -> usize {
    let before = scene.company.approximate_memory();
    scene.does(command);
    scene.company.approximate_memory() - before
}

fn create_team(name: &str) -> Command {
    Command::CreateTeam(CreateTeam { name: TeamName::parse(name).unwrap(), privacy: Privacy::Open })
}

fn create(email: &str, name: &str) -> CreateTeammate {
    CreateTeammate { username: Some(username(name)), ..CreateTeammate::of(address(email)) }
}

#[test]
fn a_company_by_itself_takes_its_own_size() {
    assert_eq!(Scene::new().company.approximate_memory(), size_of::<Company>());
}

#[test]
fn a_teammate_takes_its_record_its_places_and_its_texts() {
    let mut scene = Scene::new();
    let grown = growth(&mut scene, Command::CreateTeammate(create("ana@x.example", "ana")));
    assert_eq!(grown, size_of::<Teammate>() + PLACES.0 + "ana@x.exampleana".len());
    let named = update(1, |update| {
        update.first_name = Some(PersonName::parse("Ana").unwrap());
        update.last_name = Some(PersonName::parse("Björk").unwrap());
    });
    assert_eq!(growth(&mut scene, named), size_of::<Relations>() + "AnaBjörk".len());
}

#[test]
fn a_value_of_a_custom_field_takes_its_place_and_its_text() {
    let mut scene = Scene::with_people();
    for (name, kind) in [("City", FieldType::String), ("Floor", FieldType::Number)] {
        scene.does(Command::CreateCustomField(CreateCustomField {
            name: FieldName::parse(name).unwrap(),
            kind,
        }));
    }
    let values = update(1, |update| {
        update.custom_fields = Some(vec![
            ("City".into(), GivenValue::Text("Oslo".into())),
            ("Floor".into(), GivenValue::Number(3.0)),
        ]);
    });
    assert_eq!(growth(&mut scene, values), 2 * size_of::<(FieldId, FieldValue)>() + "Oslo".len());
}

#[test]
fn a_team_takes_its_record_its_places_and_each_member_on_both_sides() {
    let mut scene = Scene::with_people();
    let grown = growth(&mut scene, create_team("Support"));
    assert_eq!(grown, size_of::<Team>() + PLACES.1 + "Support".len());
    let add = AddToTeam { team: team(1), teammates: vec![who(1), who(2)], precondition: Precondition::None };
    let of_members = 2 * 2 * size_of::<TeammateId>();
    let of_teammates = 2 * (size_of::<Relations>() + size_of::<TeamId>());
    assert_eq!(growth(&mut scene, Command::AddToTeam(add)), of_members + of_teammates);
}

#[test]
fn a_token_takes_its_record_and_its_places() {
    let mut scene = Scene::with_people();
    let token = |byte| super::tokens::wanted(WantedKind::Company, |token| token.digest = digest(byte));
    assert_eq!(growth(&mut scene, token(1)), size_of::<Token>() + PLACES.1);
    assert_eq!(growth(&mut scene, token(2)), size_of::<Token>() + PLACES.1);
}

/// With an `Arc`'s two counters it takes 192 bytes, a size of the allocator; the next is 224.
#[test]
fn a_record_stays_within_the_size_that_the_allocator_has() {
    assert!(size_of::<Teammate>() <= 176, "{}", size_of::<Teammate>());
}
