//! Invitations: asked for, sent, accepted once, expired, ended.

use super::{Scene, address, digest, update, who};
use tenure_directory::invitation::{AcceptInvitation, ReleaseInvitation, RequestInvitation, SendInvitation};
use tenure_directory::settings::Setting;
use tenure_directory::teammate::{BlockTeammate, ReactivateTeammate};
use tenure_directory::{Command, Precondition, Refusal, TeammateId};

/// Seven days, in milliseconds.
const VALID_MS: i64 = 7 * 24 * 60 * 60 * 1000;

fn send(number: u64, byte: u8) -> Command {
    Command::SendInvitation(SendInvitation { teammate: TeammateId::new(number), digest: digest(byte) })
}

fn accept(byte: u8) -> Command {
    Command::AcceptInvitation(AcceptInvitation { digest: digest(byte) })
}

fn request(number: u64) -> Command {
    Command::RequestInvitation(RequestInvitation { teammate: who(number) })
}

fn release(number: u64) -> Command {
    Command::ReleaseInvitation(ReleaseInvitation { teammate: who(number) })
}

fn block(number: u64) -> Command {
    Command::BlockTeammate(BlockTeammate { teammate: who(number), precondition: Precondition::None })
}

fn stage(scene: &Scene, number: u64) -> &'static str {
    let teammate = scene.company.find_teammate(&who(number)).unwrap();
    scene.company.invitation_stage(teammate, scene.now).name()
}

#[test]
fn an_invitation_is_asked_for_by_creating_sent_and_accepted_once() {
    let mut scene = Scene::with_people();
    assert_eq!(stage(&scene, 2), "pending");
    scene.asks("send", send(2, 7)).shows(2);
    assert_eq!(stage(&scene, 2), "pending");
    scene.asks("accept another link", accept(8)).asks("accept", accept(7)).shows(2);
    assert_eq!(stage(&scene, 2), "accepted");
    scene
        .asks("accept again", accept(7))
        .asks("send again", send(2, 8))
        .asks("ask again", request(2))
        .asks("send to nobody", send(9, 9))
        .asks("ask for nobody", request(9));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn a_link_works_for_seven_days() {
    let mut scene = Scene::with_people();
    scene.does(send(2, 7));
    scene.now = scene.now.plus_ms(VALID_MS - 1);
    assert_eq!(stage(&scene, 2), "pending");
    assert_eq!(scene.company.open_invitation(&digest(7), scene.now), Ok(TeammateId::new(2)));
    scene.now = scene.now.plus_ms(1);
    assert_eq!(stage(&scene, 2), "expired");
    scene.asks("accept too late", accept(7));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn a_new_invitation_ends_the_link_of_the_one_before() {
    let mut scene = Scene::with_people();
    scene.does(send(2, 7));
    scene.asks("ask for another", request(2)).asks("the old link", accept(7)).asks("send it", send(2, 8));
    scene
        .asks("send it anew", send(2, 9))
        .asks("the link between", accept(8))
        .asks("the new link", accept(9));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn whoever_is_blocked_or_moves_to_another_address_has_no_invitation_any_more() {
    let mut scene = Scene::with_people();
    scene.does(send(2, 7));
    scene.does(send(3, 8));
    scene.asks("block", block(2)).asks("their link", accept(7));
    assert_eq!(stage(&scene, 2), "none");
    scene.asks("send to a blocked one", send(2, 9)).asks("ask for a blocked one", request(2));
    scene.asks("another spelling", update(3, |chi| chi.email = Some(address("Chi@x.example"))));
    scene.asks("another address", update(3, |chi| chi.email = Some(address("chi@y.example"))));
    assert_eq!(stage(&scene, 3), "none");
    scene.asks("the link in the old mailbox", accept(8)).asks("send without being asked", send(3, 9));
    scene.does(Command::ReactivateTeammate(ReactivateTeammate { teammate: who(2) }));
    scene.asks("ask again once they are back", request(2));
    assert_eq!(stage(&scene, 2), "pending");
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn an_accepted_invitation_survives_a_move() {
    let mut scene = Scene::with_people();
    scene.does(send(3, 8));
    scene.does(accept(8));
    scene.asks("another address", update(3, |chi| chi.email = Some(address("chi@y.example")))).shows(3);
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn invitations_are_held_while_the_company_says_so() {
    let mut scene = Scene::with_people();
    scene.does(Command::ChangeSettings(vec![Setting::parse("invitations=hold").unwrap()]));
    assert_eq!(stage(&scene, 2), "held");
    scene.does(send(2, 7));
    assert_eq!(stage(&scene, 2), "pending");
}

#[test]
fn a_held_invitation_can_be_released_once() {
    let mut scene = Scene::with_people();
    scene.does(Command::ChangeSettings(vec![Setting::parse("invitations=hold").unwrap()]));
    scene.does(release(2));
    assert_eq!((stage(&scene, 2), stage(&scene, 3)), ("pending", "held"));
    let not_held = |scene: &Scene, number: u64| {
        scene.decide(&release(number))
            == Err(Refusal::InvitationNotHeld { teammate: TeammateId::new(number) })
    };
    assert!(not_held(&scene, 2), "it is released already");
    scene.does(send(2, 7));
    assert!(not_held(&scene, 2), "it is sent already");
    scene.does(accept(7));
    assert!(not_held(&scene, 2), "it is accepted already");
    scene.does(block(3));
    assert!(not_held(&scene, 3), "it is ended");
    assert_eq!(scene.decide(&release(9)), Err(Refusal::UnknownTeammates { given: vec!["tea_9".into()] }));
}

#[test]
fn asking_for_another_invitation_has_that_one_held() {
    let mut scene = Scene::with_people();
    scene.does(Command::ChangeSettings(vec![Setting::parse("invitations=hold").unwrap()]));
    scene.does(release(2));
    scene.does(request(2));
    assert_eq!(stage(&scene, 2), "held");
    scene.does(release(2));
    scene.does(block(2));
    assert_eq!(stage(&scene, 2), "none");
}

#[test]
fn a_link_that_another_one_took_the_place_of_stays_unknown() {
    let mut scene = Scene::with_people();
    scene.does(send(2, 7));
    scene.does(send(2, 8));
    let open = |scene: &Scene| scene.company.open_invitation(&digest(7), scene.now);
    assert_eq!(open(&scene), Err(Refusal::UnknownInvitation));
    scene.does(accept(8));
    assert_eq!(open(&scene), Err(Refusal::UnknownInvitation));
}
