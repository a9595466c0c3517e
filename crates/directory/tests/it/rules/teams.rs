//! Teams: names, members, and what is left behind.

use super::{Scene, team, update, version, who};
use tenure_directory::team::{
    AddToTeam, CreateTeam, DeleteTeam, MAX_MEMBERS_PER_COMMAND, Privacy, RemoveFromTeam, RenameTeam, TeamRef,
};
use tenure_directory::teammate::{BlockTeammate, TeammateRef};
use tenure_directory::text::{PersonName, TeamName};
use tenure_directory::{Command, Precondition, TeamId};

fn create(name: &str) -> Command {
    Command::CreateTeam(CreateTeam { name: TeamName::parse(name).unwrap(), privacy: Privacy::Private })
}

fn rename(number: u64, name: &str) -> Command {
    Command::RenameTeam(RenameTeam { team: team(number), name: TeamName::parse(name).unwrap() })
}

fn add(number: u64, teammates: Vec<TeammateRef>) -> Command {
    Command::AddToTeam(AddToTeam { team: team(number), teammates, precondition: Precondition::None })
}

fn remove(number: u64, teammates: Vec<TeammateRef>) -> Command {
    Command::RemoveFromTeam(RemoveFromTeam {
        team: team(number),
        teammates,
        precondition: Precondition::None,
    })
}

fn with_teams() -> Scene {
    let mut scene = Scene::with_people();
    scene.does(create("Support"));
    scene.does(create("Sales"));
    scene
}

fn members(scene: &Scene, number: u64) -> Vec<u64> {
    scene.company.teams[&TeamId::new(number)].members.iter().map(|member| member.number()).collect()
}

fn teams_of(scene: &Scene, number: u64) -> Vec<u64> {
    let teammate = scene.company.find_teammate(&who(number)).unwrap();
    teammate.teams().iter().map(|team| team.number()).collect()
}

#[test]
fn a_team_has_a_name_of_its_own_without_regard_to_case() {
    let mut scene = with_teams();
    scene
        .asks("the name of another in capitals", create("SUPPORT"))
        .asks("rename to another's", rename(2, "support"))
        .asks("rename to its own in capitals", rename(2, "SALES"))
        .asks("rename to what it is", rename(2, "SALES"))
        .asks("rename for good", rename(2, "Revenue"))
        .asks("the name that became free", create("sales"))
        .asks("the name that is now taken", create("revenue"))
        .asks("rename nobody", rename(9, "X"));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn members_join_and_leave_together_and_once() {
    let mut scene = with_teams();
    scene
        .asks("two, one of them twice", add(1, vec![who(2), who(1), who(2)]))
        .asks(
            "one of them again and a third",
            add(1, vec![who(2), TeammateRef::parse("alt:email:chi@x.example")]),
        )
        .asks("all of them again", add(1, vec![who(1), who(2), who(3)]));
    assert_eq!((members(&scene, 1), teams_of(&scene, 2)), (vec![1, 2, 3], vec![1]));
    scene.does(add(2, vec![who(2)]));
    assert_eq!(teams_of(&scene, 2), [1, 2]);
    scene
        .asks("two leave, one of them never was in it", remove(2, vec![who(1), who(2)]))
        .asks("again", remove(2, vec![who(1), who(2)]))
        .asks("leave no team", remove(9, vec![who(1)]))
        .asks("join no team", add(9, vec![who(1)]));
    assert_eq!((members(&scene, 2), teams_of(&scene, 2)), (vec![], vec![1]));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn nobody_joins_if_somebody_cannot() {
    let mut scene = with_teams();
    scene.does(add(2, vec![who(3)]));
    scene.does(Command::BlockTeammate(BlockTeammate { teammate: who(3), precondition: Precondition::None }));
    scene
        .asks("one unknown", add(1, vec![who(1), who(9)]))
        .asks("several unknown", add(1, vec![who(8), who(1), who(9)]))
        .asks("a bare address", add(1, vec![TeammateRef::parse("bo@x.example")]))
        .asks("an alias of nobody", add(1, vec![TeammateRef::parse("alt:email:dee@x.example")]))
        .asks("a blocked one", add(1, vec![who(1), who(3)]))
        .asks("a blocked one who is in it", add(2, vec![who(1), who(3)]))
        .asks("nobody", add(1, vec![]))
        .asks("nobody leaves", remove(1, vec![]))
        .asks("a blocked one leaves", remove(2, vec![who(3)]));
    assert_eq!(members(&scene, 1), [0; 0]);
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn one_command_names_at_most_a_thousand() {
    let mut scene = with_teams();
    scene
        .asks("a thousand times the same", add(1, vec![who(1); MAX_MEMBERS_PER_COMMAND]))
        .asks("one more", add(1, vec![who(1); MAX_MEMBERS_PER_COMMAND + 1]));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn a_deleted_team_is_left_by_all_and_its_name_is_free() {
    let mut scene = with_teams();
    scene.does(add(1, vec![who(1), who(2)]));
    scene.does(add(2, vec![who(2)]));
    scene
        .asks("delete", Command::DeleteTeam(DeleteTeam { team: team(1) }))
        .asks("delete again", Command::DeleteTeam(DeleteTeam { team: team(1) }))
        .asks("its name, with another number", create("Support"));
    assert_eq!((teams_of(&scene, 1), teams_of(&scene, 2)), (vec![], vec![2]));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn a_change_of_members_may_be_bound_to_what_was_seen_of_the_team_and_of_its_members() {
    let mut scene = with_teams();
    scene.does(add(1, vec![who(2)]));
    let shown = |scene: &Scene| scene.company.shown_revision_of_team(&scene.company.teams[&TeamId::new(1)]);
    let seen = shown(&scene);
    assert_eq!(seen, version(7));
    scene.does(update(2, |bo| bo.first_name = Some(PersonName::parse("Bo").unwrap())));
    assert_eq!(shown(&scene), version(8), "a member is shown, so its change counts");
    scene.does(update(3, |chi| chi.first_name = Some(PersonName::parse("Chi").unwrap())));
    assert_eq!(shown(&scene), version(8));
    let add =
        |precondition| Command::AddToTeam(AddToTeam { team: team(1), teammates: vec![who(1)], precondition });
    let remove = |precondition| {
        Command::RemoveFromTeam(RemoveFromTeam { team: team(1), teammates: vec![who(1)], precondition })
    };
    scene
        .asks("as it was", add(Precondition::Revisions(vec![seen])))
        .asks("as it is", add(Precondition::Revisions(vec![version(8)])))
        .asks("leave as it was", remove(Precondition::Revisions(vec![version(8)])))
        .asks("leave whatever it is", remove(Precondition::Exists));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn a_reference_names_a_team_by_its_id_alone() {
    let scene = with_teams();
    let found = |given: &str| {
        let reference = TeamRef::parse(given);
        assert_eq!(reference.given(), given);
        scene.company.find_team(&reference).map(|team| team.id.number())
    };
    assert_eq!(
        (found("tim_1"), found("tim_9"), found("Support"), found("tea_1")),
        (Some(1), None, None, None)
    );
}
