//! What identity providers do, and what becomes of whom they delete.

use super::{Scene, address, team, update, who};
use serde_json::json;
use tenure_directory::Command;
use tenure_directory::kept::{Kept, KeptEmail, KeptJson};
use tenure_directory::provisioning::{
    DeprovisionTeammate, MemberEdit, ProvisionTeam, ProvisionTeammate, UpdateTeam,
};
use tenure_directory::teammate::{Role, Standing};
use tenure_directory::text::{ExternalId, PersonName, TeamName, UserName};

fn given(email: &str, change: impl FnOnce(&mut ProvisionTeammate)) -> Command {
    let mut command = ProvisionTeammate {
        email: address(email),
        first_name: PersonName::empty(),
        last_name: PersonName::empty(),
        role: Role::Regular,
        availability: None,
        standing: Standing::Active,
        custom_fields: vec![],
        kept: Kept::default(),
    };
    change(&mut command);
    Command::ProvisionTeammate(Box::new(command))
}

fn external_id(id: &str) -> ExternalId {
    ExternalId::parse(id).unwrap()
}

fn delete(number: u64) -> Command {
    Command::DeprovisionTeammate(DeprovisionTeammate { teammate: who(number) })
}

fn change_team(change: impl FnOnce(&mut UpdateTeam)) -> Command {
    let mut command = UpdateTeam { team: team(1), name: None, external_id: None, members: vec![] };
    change(&mut command);
    Command::UpdateTeam(command)
}

fn support(members: &[u64]) -> Command {
    Command::ProvisionTeam(ProvisionTeam {
        name: TeamName::parse("Support").unwrap(),
        external_id: Some(external_id("g1")),
        members: members.iter().map(|number| who(*number)).collect(),
    })
}

#[test]
fn a_person_is_provisioned_without_an_invitation_and_with_all_that_is_kept() {
    let mut scene = Scene::with_people();
    scene
        .asks(
            "dora",
            given("dora@x.example", |dora| {
                dora.kept.external_id = Some(external_id("u1"));
                dora.kept.user_name = Some(UserName::parse("dora").unwrap());
                dora.kept.manager = Some(external_id("tea_1"));
                dora.kept.attributes = Some(KeptJson::of(&json!({"title": "Barista"})).unwrap());
            }),
        )
        .asks(
            "emil, who does not work yet",
            given("emil@x.example", |emil| emil.standing = Standing::Blocked),
        )
        .asks("a present one's address", given("Ana@x.example", |_| {}))
        .asks(
            "a present one's user name",
            given("other@x.example", |other| {
                other.kept.user_name = Some(UserName::parse("DORA").unwrap());
            }),
        )
        .asks(
            "a present one's external id",
            given("other@x.example", |other| {
                other.kept.external_id = Some(external_id("u1"));
            }),
        )
        .asks(
            "an external id in another case",
            given("other@x.example", |other| {
                other.kept.external_id = Some(external_id("U1"));
            }),
        )
        .asks(
            "a manager who is not there",
            given("one@x.example", |one| {
                one.kept.manager = Some(external_id("tea_99"));
            }),
        )
        .asks(
            "a manager by another name",
            given("one@x.example", |one| {
                one.kept.manager = Some(external_id("hr-7"));
            }),
        );
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn whom_an_identity_provider_deletes_is_blocked_and_comes_back_as_the_same_record() {
    let mut scene = Scene::with_people();
    scene.does(given("dora@x.example", |dora| {
        dora.kept.external_id = Some(external_id("u1"));
        dora.kept.user_name = Some(UserName::parse("dora").unwrap());
    }));
    scene.does(support(&[2, 4]));
    scene
        .asks("delete dora", delete(4))
        .asks("delete dora again", delete(4))
        .asks(
            "her external id is free",
            given("emil@x.example", |emil| emil.kept.external_id = Some(external_id("u1"))),
        )
        .asks(
            "she cannot join a team",
            change_team(|team| team.members = vec![MemberEdit::Add(vec![who(4)])]),
        )
        .asks(
            "she comes back by her user name, at another address",
            given("dora@y.example", |dora| {
                dora.kept.user_name = Some(UserName::parse("Dora").unwrap());
            }),
        )
        .asks("delete her again", delete(4))
        .asks(
            "she comes back by her address, not to work yet",
            given("dora@y.example", |dora| {
                dora.standing = Standing::Blocked;
            }),
        )
        .asks("the last administrator stays", delete(1));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn whoever_is_brought_back_over_another_face_is_there_for_identity_providers_too() {
    let mut scene = Scene::with_people();
    scene.does(delete(2));
    assert_eq!(scene.company.present_count(), 2);
    scene.does(update(2, |update| update.standing = Some(Standing::Active)));
    assert_eq!(scene.company.present_count(), 3);
}

#[test]
fn a_new_address_takes_the_place_of_the_old_one_among_the_kept_ones() {
    let mut scene = Scene::with_people();
    let email = |value: &str| KeptEmail { value: Some(value.into()), ..KeptEmail::default() };
    scene.does(given("dora@x.example", |dora| {
        dora.kept.emails = [email("Dora@X.example"), email("dora@home.example")].into();
    }));
    scene.asks("dora moves", update(4, |dora| dora.email = Some(address("dora@y.example"))));
    let dora = &scene.company.teammates[&tenure_directory::TeammateId::new(4)];
    let kept: Vec<_> = dora.kept().emails.iter().filter_map(|email| email.value.as_deref()).collect();
    assert_eq!(kept, ["dora@y.example", "dora@home.example"]);
    let found = |address: &str| scene.company.teammates_by_address(address).count();
    assert_eq!((found("dora@x.example"), found("dora@y.example"), found("DORA@home.example")), (0, 1, 1));
}

#[test]
fn edits_of_members_are_taken_together_and_name_only_what_changes() {
    let mut scene = Scene::with_people();
    let of = |numbers: &[u64]| numbers.iter().map(|number| who(*number)).collect::<Vec<_>>();
    scene
        .asks("a team with members", support(&[1, 2]))
        .asks("the same name again", support(&[]))
        .asks("who is in it joins", change_team(|team| team.members = vec![MemberEdit::Add(of(&[1]))]))
        .asks(
            "who is not in it leaves",
            change_team(|team| team.members = vec![MemberEdit::Remove(of(&[3, 99]))]),
        )
        .asks(
            "one joins and leaves again",
            change_team(|team| {
                team.members = vec![MemberEdit::Add(of(&[3])), MemberEdit::Remove(of(&[3]))];
            }),
        )
        .asks(
            "one leaves and joins again",
            change_team(|team| {
                team.members = vec![MemberEdit::Replace(vec![]), MemberEdit::Add(of(&[1]))];
            }),
        )
        .asks("everybody else", change_team(|team| team.members = vec![MemberEdit::Replace(of(&[3, 2]))]))
        .asks(
            "somebody unknown, and a new name",
            change_team(|team| {
                team.name = Some(TeamName::parse("Care").unwrap());
                team.members = vec![MemberEdit::Add(of(&[1, 99]))];
            }),
        )
        .asks(
            "all at once",
            change_team(|team| {
                team.name = Some(TeamName::parse("Care").unwrap());
                team.external_id = Some(None);
                team.members = vec![MemberEdit::Remove(of(&[2]))];
            }),
        );
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn a_team_has_an_external_id_of_its_own() {
    let mut scene = Scene::with_people();
    scene.does(support(&[]));
    let other = ProvisionTeam { name: TeamName::parse("Other").unwrap(), external_id: None, members: vec![] };
    scene.does(Command::ProvisionTeam(other));
    scene
        .asks(
            "another team's",
            change_team(|change| {
                change.team = team(2);
                change.external_id = Some(Some(external_id("g1")));
            }),
        )
        .asks("its own again", change_team(|team| team.external_id = Some(Some(external_id("g1")))))
        .asks("another", change_team(|team| team.external_id = Some(Some(external_id("g2")))))
        .asks(
            "the one that is free now",
            change_team(|change| {
                change.team = team(2);
                change.external_id = Some(Some(external_id("g1")));
            }),
        );
    insta::assert_snapshot!(scene.transcript);
}

/// What identity providers see changes with a name of a team and of a manager, and not only with the record.
#[test]
fn what_is_seen_of_a_teammate_changes_with_its_teams_and_its_manager() {
    let mut scene = Scene::with_people();
    scene.does(given("dora@x.example", |dora| dora.kept.manager = Some(external_id("tea_2"))));
    let id = tenure_directory::TeammateId::new(4);
    let seen = |scene: &Scene| scene.company.seen_change_of(&scene.company.teammates[&id]);
    let mut before = seen(&scene);
    let changes = [
        support(&[4]),
        change_team(|team| team.name = Some(TeamName::parse("Care").unwrap())),
        update(2, |manager| manager.first_name = Some(PersonName::parse("Bo").unwrap())),
        change_team(|team| team.members = vec![MemberEdit::Replace(vec![])]),
    ];
    for change in changes {
        scene.does(change.clone());
        let after = seen(&scene);
        assert!(after > before, "{change:?}");
        before = after;
    }
    scene.does(update(2, |manager| {
        manager.availability = Some(tenure_directory::teammate::Availability::Away);
    }));
    scene.does(update(3, |other| other.first_name = Some(PersonName::parse("Chi").unwrap())));
    assert_eq!(seen(&scene), before);
}
