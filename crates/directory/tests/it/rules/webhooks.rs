//! Webhook endpoints: what they want, when they are told, and what ends that.

use super::{Scene, version};
use tenure_directory::inbox::{Access, CreateChannel, CreateInbox};
use tenure_directory::text::{InboxName, Note};
use tenure_directory::webhook::{
    CreateWebhook, DeleteWebhook, DisableWebhook, DisabledReason, Format, MAX_WEBHOOKS, PREVIOUS_SECRET_MS,
    Pattern, RequestValidation, RotateWebhookSecret, SecretSalt, SettleValidation, UpdateWebhook,
    ValidationPolicy, Webhook,
};
use tenure_directory::webhook_url::WebhookUrl;
use tenure_directory::{ChannelId, Command, WebhookId, Word};

fn url(text: &str) -> WebhookUrl {
    WebhookUrl::parse(text).unwrap()
}

fn wish(events: &[&str]) -> CreateWebhook {
    CreateWebhook {
        url: url("https://hooks.example.com/a"),
        format: Format::Event,
        events: events.iter().map(|text| text.parse().unwrap()).collect(),
        channel: None,
        description: Note::empty(),
        is_enabled: true,
        policy: ValidationPolicy::Optional,
        salt: SecretSalt::new([7; 32]),
    }
}

fn create(events: &[&str]) -> Command {
    Command::CreateWebhook(wish(events))
}

fn change(webhook: &str, change: impl FnOnce(&mut UpdateWebhook)) -> Command {
    let mut update = UpdateWebhook::of(webhook);
    change(&mut update);
    Command::UpdateWebhook(update)
}

fn settle(place: &str, fault: Option<&str>) -> Command {
    let fault = fault.map(Into::into);
    Command::SettleValidation(SettleValidation { webhook: WebhookId::new(1), url: url(place), fault })
}

fn disable(seen: u64) -> Command {
    Command::DisableWebhook(DisableWebhook {
        webhook: WebhookId::new(1),
        reason: DisabledReason::Gone,
        first_failure: None,
        last_answers: (0..9).map(|number| format!("status {}", 500 + number).into()).collect(),
        url: url("https://hooks.example.com/a"),
        seen: version(seen),
    })
}

fn with_webhook(wish: CreateWebhook) -> Scene {
    let mut scene = Scene::with_people();
    scene.does(Command::CreateWebhook(wish));
    scene
}

fn first(scene: &Scene) -> &Webhook {
    &scene.company.webhooks[&WebhookId::new(1)]
}

fn is_told(scene: &Scene, word: Word) -> bool {
    first(scene).wants(word, scene.company.version.next(), None)
}

#[test]
fn an_endpoint_is_created_changed_and_deleted() {
    let mut scene = Scene::with_people();
    scene
        .asks(
            "for what is about teammates, and one word twice",
            create(&["team.created", "teammate.*", "team.created"]),
        )
        .asks("for all, however it is said", create(&["teammate.*", "*"]))
        .asks(
            "change it",
            change("whk_1", |update| {
                update.url = Some(url("https://hooks.example.com/b"));
                update.events = Some(vec![Pattern::All]);
                update.description = Some(Note::parse("second").unwrap());
            }),
        )
        .asks("change it to what it is", change("whk_1", |update| update.events = Some(vec![])))
        .asks("change nothing of nobody", change("whk_9", |_| {}))
        .asks("delete it", Command::DeleteWebhook(DeleteWebhook { webhook: "whk_1".into() }))
        .asks("delete it again", Command::DeleteWebhook(DeleteWebhook { webhook: "whk_1".into() }));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn an_endpoint_is_told_of_what_it_wants_and_of_nothing_before_it() {
    let scene = with_webhook(wish(&["teammate.*", "conversation.assigned"]));
    assert!(is_told(&scene, Word::TeammateUpdated) && is_told(&scene, Word::ConversationAssigned));
    assert!(!is_told(&scene, Word::TeamCreated) && !is_told(&scene, Word::ConversationArchived));
    assert!(!first(&scene).wants(Word::TeammateUpdated, scene.company.version, None));
    let scene = with_webhook(wish(&[]));
    assert!(Word::ALL.iter().all(|word| is_told(&scene, *word)));
}

#[test]
fn an_endpoint_of_a_channel_is_told_of_its_conversations_alone() {
    let mut scene = Scene::with_people();
    let name = InboxName::parse("Orders").unwrap();
    let inbox = CreateInbox { name: name.clone(), access: Access::Named, teammates: vec![] };
    scene.does(Command::CreateInbox(inbox));
    scene.does(Command::CreateChannel(CreateChannel { inbox: "inb_1".into(), name }));
    let of_channel =
        |channel: &str| Command::CreateWebhook(CreateWebhook { channel: Some(channel.into()), ..wish(&[]) });
    scene.asks("of a channel that there is not", of_channel("cha_9"));
    insta::assert_snapshot!(scene.transcript, @r"
    of a channel that there is not
      channel.unknown: Unknown channel ID cha_9
    ");
    scene.does(of_channel("cha_1"));
    let told = |channel| first(&scene).wants(Word::MessageReceived, scene.company.version.next(), channel);
    assert!(told(Some(ChannelId::new(1))) && !told(Some(ChannelId::new(2))) && !told(None));
}

#[test]
fn a_disabled_endpoint_is_told_of_nothing_and_an_enabled_one_of_what_comes_then() {
    let mut scene = with_webhook(wish(&[]));
    scene
        .asks("because it is gone", disable(9))
        .asks("again", disable(9))
        .asks("enable it", change("whk_1", |update| update.is_enabled = Some(true)))
        .asks("because of what came before that", disable(5))
        .asks("somebody asks for it", change("whk_1", |update| update.is_enabled = Some(false)));
    insta::assert_snapshot!(scene.transcript);
    assert!(!is_told(&scene, Word::TeammateCreated));
    scene.does(change("whk_1", |update| update.is_enabled = Some(true)));
    assert!(is_told(&scene, Word::TeammateCreated));
    assert!(!first(&scene).wants(Word::TeammateCreated, scene.company.version, None));
}

#[test]
fn an_endpoint_that_must_be_validated_is_sent_nothing_before_and_told_nothing_once_it_failed() {
    let mut scene = with_webhook(CreateWebhook { policy: ValidationPolicy::Required, ..wish(&[]) });
    assert!(is_told(&scene, Word::TeammateCreated) && !first(&scene).may_be_sent());
    scene
        .asks("it was asked elsewhere", settle("https://hooks.example.com/old", None))
        .asks("it did not answer", settle("https://hooks.example.com/a", Some("404")));
    assert!(!is_told(&scene, Word::TeammateCreated) && !first(&scene).may_be_sent());
    let again = RequestValidation { webhook: "whk_1".into() };
    scene
        .asks("an answer to nothing", settle("https://hooks.example.com/a", None))
        .asks("ask it again", Command::RequestValidation(again))
        .asks("it answers", settle("https://hooks.example.com/a", None))
        .asks("it moves", change("whk_1", |update| update.url = Some(url("https://hooks.example.com/b"))));
    insta::assert_snapshot!(scene.transcript);
    assert!(!first(&scene).may_be_sent(), "it must be validated where it is now");
}

#[test]
fn an_endpoint_that_need_not_be_validated_is_told_all_the_same() {
    let mut scene = with_webhook(wish(&[]));
    scene.does(settle("https://hooks.example.com/a", Some("404")));
    assert!(is_told(&scene, Word::TeammateCreated) && first(&scene).may_be_sent());
}

#[test]
fn a_rotated_secret_signs_beside_the_new_one_for_a_day() {
    let mut scene = with_webhook(wish(&[]));
    let salt = SecretSalt::new([8; 32]);
    scene.does(Command::RotateWebhookSecret(RotateWebhookSecret { webhook: "whk_1".into(), salt }));
    let salts = |after_ms| first(&scene).salts(scene.now.plus_ms(after_ms));
    assert_eq!(salts(0), [salt, SecretSalt::new([7; 32])]);
    assert_eq!(salts(PREVIOUS_SECRET_MS - 1).len(), 2);
    assert_eq!(salts(PREVIOUS_SECRET_MS), [salt]);
    let second = SecretSalt::new([9; 32]);
    scene.does(Command::RotateWebhookSecret(RotateWebhookSecret { webhook: "whk_1".into(), salt: second }));
    let salts = first(&scene).salts(scene.now);
    assert_eq!(salts, [second, salt, SecretSalt::new([7; 32])], "rotating twice keeps what was promised");
}

#[test]
fn what_came_of_another_url_disables_nothing() {
    let mut scene = with_webhook(wish(&[]));
    scene.does(change("whk_1", |update| update.url = Some(url("https://hooks.example.com/b"))));
    scene.does(disable(9));
    assert!(first(&scene).is_enabled());
}

#[test]
fn there_are_not_endlessly_many_endpoints() {
    let mut scene = Scene::with_people();
    for _ in 0..MAX_WEBHOOKS {
        scene.does(create(&[]));
    }
    scene.asks("one more", create(&[]));
    insta::assert_snapshot!(scene.transcript, @r"
    one more
      company.limit_reached: there can be at most 100 webhooks
    ");
}

#[test]
fn what_an_endpoint_wants_is_said_in_words_that_there_are() {
    for good in ["*", "teammate.*", "team.*", "invitation.*", "message.sent", "assign", "inbound"] {
        assert!(good.parse::<Pattern>().is_ok(), "{good}");
    }
    for bad in ["", "*.*", "teammates.*", "teammate.", "teammate.exploded", "Teammate.*", "assignee_changed"]
    {
        assert!(bad.parse::<Pattern>().is_err(), "{bad}");
    }
    assert_eq!("assign".parse::<Pattern>().unwrap().to_string(), "conversation.assigned");
}
