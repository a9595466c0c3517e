//! Teammates: unique addresses and usernames, blocking, coming back, and the last administrator.

use super::{Scene, address, person, update, username, version, who};
use tenure_directory::custom_field::{CreateCustomField, FieldType, GivenValue};
use tenure_directory::settings::Setting;
use tenure_directory::teammate::{
    Availability, BlockTeammate, CreateTeammate, ReactivateTeammate, Role, Standing, TeammateRef,
};
use tenure_directory::text::{FieldName, PersonName};
use tenure_directory::{Actor, Command, Precondition, Refusal, TeammateId, TokenId};

fn create(email: &str, change: impl FnOnce(&mut CreateTeammate)) -> Command {
    let mut command = person(email);
    change(&mut command);
    Command::CreateTeammate(command)
}

fn block(number: u64, precondition: Precondition) -> Command {
    Command::BlockTeammate(BlockTeammate { teammate: who(number), precondition })
}

fn reactivate(number: u64) -> Command {
    Command::ReactivateTeammate(ReactivateTeammate { teammate: who(number) })
}

#[test]
fn a_teammate_is_created_with_all_that_was_given() {
    let mut scene = Scene::with_people();
    let kind = FieldType::String;
    scene.does(Command::CreateCustomField(CreateCustomField {
        name: FieldName::parse("City").unwrap(),
        kind,
    }));
    scene.asks(
        "an administrator who is away",
        create("Dee@X.example", |dee| {
            dee.username = Some(username("dee_1"));
            dee.first_name = PersonName::parse("Dee").unwrap();
            dee.last_name = PersonName::parse("Diaz").unwrap();
            dee.role = Role::Admin;
            dee.availability = Availability::Away;
            dee.custom_fields = vec![("City".into(), GivenValue::Text("Lima".into()))];
        }),
    );
    scene.shows(4);
    insta::assert_snapshot!(scene.transcript);
    assert_eq!(scene.company.active_admins(), 2);
}

#[test]
fn an_address_and_a_username_are_of_one_teammate_only() {
    let mut scene = Scene::with_people();
    scene
        .asks("the same address in capitals", create("ANA@X.EXAMPLE", |_| {}))
        .asks("the same username", create("dee@x.example", |dee| dee.username = Some(username("bo"))))
        .asks("both, of two people", create("ana@x.example", |dee| dee.username = Some(username("bo"))))
        .asks("change to a taken address", update(3, |chi| chi.email = Some(address("bo@x.example"))))
        .asks("change to a taken username", update(3, |chi| chi.username = Some(username("ana"))))
        .asks("one's own address in capitals", update(3, |chi| chi.email = Some(address("CHI@x.example"))));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn a_username_is_made_from_the_address_and_numbered_when_it_is_taken() {
    let mut scene = Scene::new();
    for domain in ["a", "b", "c"] {
        scene.does(create(&format!("An.a+x@{domain}.example"), |_| {}));
    }
    for number in 4..15 {
        scene.does(create(&format!("ana@d{number}.example"), |_| {}));
    }
    let names: Vec<_> = scene.company.teammates.values().map(|t| t.username.as_str().to_owned()).collect();
    insta::assert_snapshot!(names.join(" "));
}

#[test]
fn an_update_says_what_changed_from_what_to_what() {
    let mut scene = Scene::with_people();
    scene
        .asks(
            "everything",
            update(2, |bo| {
                bo.first_name = Some(PersonName::parse("Bo").unwrap());
                bo.last_name = Some(PersonName::parse("Berg").unwrap());
                bo.username = Some(username("bob"));
                bo.role = Some(Role::Admin);
                bo.availability = Some(Availability::Away);
                bo.standing = Some(Standing::Active);
            }),
        )
        .shows(2)
        .asks(
            "the same again",
            update(2, |bo| {
                bo.first_name = Some(PersonName::parse("Bo").unwrap());
                bo.role = Some(Role::Admin);
                bo.availability = Some(Availability::Away);
            }),
        )
        .asks("only one's availability", update(2, |bo| bo.availability = Some(Availability::Available)))
        .asks("only one's role", update(2, |bo| bo.role = Some(Role::Regular)))
        .asks("another address", update(2, |bo| bo.email = Some(address("bob@y.example"))))
        .shows(2)
        .asks(
            "name and blocking at once",
            update(2, |bo| {
                bo.first_name = Some(PersonName::empty());
                bo.standing = Some(Standing::Blocked);
            }),
        )
        .shows(2)
        .asks("of nobody", update(9, |_| {}));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn custom_fields_are_replaced_as_a_whole() {
    let mut scene = Scene::with_people();
    for name in ["City", "Floor"] {
        let (name, kind) = (FieldName::parse(name).unwrap(), FieldType::String);
        scene.does(Command::CreateCustomField(CreateCustomField { name, kind }));
    }
    let values = |values: &[(&str, &str)]| {
        Some(values.iter().map(|(name, text)| ((*name).into(), GivenValue::Text((*text).into()))).collect())
    };
    scene
        .asks("two", update(2, |bo| bo.custom_fields = values(&[("Floor", "3"), ("City", "Lima")])))
        .asks(
            "the same in another order",
            update(2, |bo| {
                bo.custom_fields = values(&[("City", "Lima"), ("Floor", "3")]);
            }),
        )
        .asks("one", update(2, |bo| bo.custom_fields = values(&[("Floor", "4")])))
        .asks("one that there is not", update(2, |bo| bo.custom_fields = values(&[("Shoe", "4")])))
        .shows(2);
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn blocking_keeps_the_record_and_repeating_it_is_a_success() {
    let mut scene = Scene::with_people();
    scene
        .asks("block", block(2, Precondition::None))
        .shows(2)
        .asks("block again", block(2, Precondition::None))
        .asks("block nobody", block(9, Precondition::None));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn a_write_may_be_bound_to_what_the_caller_saw() {
    let mut scene = Scene::with_people();
    let revision = scene.company.teammates.values().nth(1).unwrap().revision;
    let renamed = |precondition| {
        update(2, |bo| {
            bo.first_name = Some(PersonName::parse("Bo").unwrap());
            bo.precondition = precondition;
        })
    };
    scene
        .asks("at another version", renamed(Precondition::Revisions(vec![version(1), version(99)])))
        .asks("at this one or another", renamed(Precondition::Revisions(vec![version(1), revision])))
        .asks("at what it was before", renamed(Precondition::Revisions(vec![revision])))
        .asks("block at what it was before", block(2, Precondition::Revisions(vec![revision])))
        .asks("block whatever it is", block(2, Precondition::Exists));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn the_last_administrator_stays() {
    let mut scene = Scene::with_people();
    scene
        .asks("demote the only one", update(1, |ana| ana.role = Some(Role::Regular)))
        .asks("block the only one", block(1, Precondition::None))
        .asks("block by update", update(1, |ana| ana.standing = Some(Standing::Blocked)))
        .asks(
            "rename the only one",
            update(1, |ana| ana.first_name = Some(PersonName::parse("Ana").unwrap())),
        )
        .asks("a second one", update(2, |bo| bo.role = Some(Role::Admin)))
        .asks("block the second", block(2, Precondition::None))
        .asks("a blocked one does not count", block(1, Precondition::None))
        .asks("demote the blocked one", update(2, |bo| bo.role = Some(Role::Regular)))
        .asks("block somebody else", block(3, Precondition::None));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn over_the_api_nobody_comes_back_unless_the_company_allows_it() {
    let mut scene = Scene::with_people();
    scene.does(block(2, Precondition::None));
    let active = || update(2, |bo| bo.standing = Some(Standing::Active));
    scene.actor = Actor::Api(TokenId::new(1));
    scene.asks("over REST", active()).asks("by the command", reactivate(2));
    scene.actor = Actor::Operator;
    scene.asks("by an operator", reactivate(2)).asks("once more", reactivate(2));
    scene.does(block(2, Precondition::None));
    scene.does(Command::ChangeSettings(vec![Setting::parse("reactivation=api").unwrap()]));
    scene.actor = Actor::Api(TokenId::new(1));
    scene.asks("over REST, where it is allowed", active()).shows(2).asks("nobody", reactivate(9));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn a_reference_is_an_id_or_an_alias_and_nothing_else() {
    let scene = Scene::with_people();
    let found = |given: &str| {
        let reference = TeammateRef::parse(given);
        assert_eq!(reference.given(), given);
        scene.company.find_teammate(&reference).map(|teammate| teammate.id.number())
    };
    assert_eq!(found("tea_2"), Some(2));
    assert_eq!(found("alt:email:BO@x.example"), Some(2));
    for nobody in
        ["tea_9", "bo@x.example", "bo", "alt:email:", "alt:email:dee@x.example", "alt:username:bo", ""]
    {
        assert_eq!(found(nobody), None, "{nobody}");
    }
    let longest = format!("alt:email:{}@x.example", "a".repeat(254 - "@x.example".len()));
    assert!(!format!("{:?}", TeammateRef::parse(&longest)).contains("aaa"));
    assert_eq!(format!("{:?}", TeammateRef::parse("tea_2")), "TeammateRef(tea_2)");
}

#[test]
fn an_alias_as_long_as_an_address_may_be_is_looked_for() {
    let mut scene = Scene::new();
    let labels = [63, 63, 63].map(|length| "d".repeat(length)).join(".");
    let email = |local: usize| format!("{}@{labels}", "a".repeat(local));
    let longest = 254 - labels.len() - 1;
    scene.does(create(&email(longest), |_| {}));
    let found = |local: usize| {
        scene.company.find_teammate(&TeammateRef::parse(&format!("alt:email:{}", email(local)))).is_some()
    };
    assert!(found(longest) && !found(longest + 1));
}

/// `reactivation=console` is about bringing back, and about nothing else.
#[test]
fn over_rest_everything_but_bringing_back_needs_no_setting() {
    let mut scene = Scene::with_people();
    scene.actor = Actor::Api(TokenId::new(1));
    let name = |text: &str| Some(PersonName::parse(text).unwrap());
    assert!(scene.decide(&update(2, |update| update.first_name = name("Bo"))).is_ok());
    assert!(scene.decide(&update(2, |update| update.standing = Some(Standing::Active))).is_ok());
    let block = update(2, |update| update.standing = Some(Standing::Blocked));
    assert!(scene.decide(&block).is_ok());
    scene.does(block);
    assert!(scene.decide(&update(2, |update| update.first_name = name("Bo"))).is_ok());
    let back = scene.decide(&update(2, |update| update.standing = Some(Standing::Active)));
    assert_eq!(back, Err(Refusal::ReactivationNeedsAPerson { teammate: TeammateId::new(2) }));
}
