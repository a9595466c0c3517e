//! One sample of every event, with every field filled.

use tenure_directory::conversation::{
    ConversationArchived, ConversationAssigned, ConversationCreated, ConversationHead, ConversationReopened,
    ConversationUnassigned, Correspondent, Letter, MessageReceived, MessageSent,
};
use tenure_directory::custom_field::{
    CustomFieldCreated, CustomFieldDeleted, FieldType, FieldValue, FieldValues,
};
use tenure_directory::email::EmailAddress;
use tenure_directory::id::{
    ChannelId, CompanyId, ConversationId, FieldId, InboxId, MessageId, TeamId, TeammateId, TokenId, WebhookId,
};
use tenure_directory::inbox::{Access, ChannelCreated, InboxCreated};
use tenure_directory::invitation::{
    InvitationAccepted, InvitationEnded, InvitationReleased, InvitationRequested, InvitationSent,
    InvitationWish,
};
use tenure_directory::kept::{Kept, KeptEmail, KeptJson};
use tenure_directory::provisioning::{TeamExternalIdChanged, TeammateDeprovisioned, TeammateRehired};
use tenure_directory::registry::{CompanyCreated, CompanyRegistered, CompanyRenamed, CompanyRetitled};
use tenure_directory::secret::SecretDigest;
use tenure_directory::settings::{Reactivation, Setting};
use tenure_directory::sso::{SsoCleared, SsoSet};
use tenure_directory::team::{
    Privacy, TeamCreated, TeamDeleted, TeamRenamed, TeammatesAdded, TeammatesRemoved,
};
use tenure_directory::teammate::{
    Availability, Change, Profile, ProfileChanges, Role, Standing, TeammateBlocked, TeammateCreated,
    TeammateReactivated, TeammateUpdated,
};
use tenure_directory::text::{
    Choice, CompanyName, ExternalId, FieldName, FieldText, Handle, InboxName, MessageText, Note, PersonName,
    Slug, SsoMetadata, Subject, TeamName, ThreadRef, UserName, Username,
};
use tenure_directory::token::{RateLimit, TokenCreated, TokenKind, TokenRevoked};
use tenure_directory::webhook::{
    DisabledReason, Format, Pattern, SecretSalt, ValidationPolicy, WebhookCreated, WebhookDeleted,
    WebhookDisabled, WebhookSecretRotated, WebhookUpdated, WebhookValidationRequested,
    WebhookValidationSettled,
};
use tenure_directory::webhook_url::WebhookUrl;
use tenure_directory::{Event, RegistryEvent, Scope, Timestamp};

const TEAMMATE: TeammateId = TeammateId::new(36);
const TEAM: TeamId = TeamId::new(7);
const FIELD: FieldId = FieldId::new(3);
const TOKEN: TokenId = TokenId::new(9);
const DIGEST: SecretDigest = SecretDigest::new([0xab; 32]);
const MOMENT: Timestamp = Timestamp::from_ms(1_767_225_600_000);

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

fn person(text: &str) -> PersonName {
    PersonName::parse(text).unwrap()
}

fn external_id(text: &str) -> ExternalId {
    ExternalId::parse(text).unwrap()
}

fn username(text: &str) -> Username {
    Username::parse(text).unwrap()
}

fn values() -> FieldValues {
    let text = FieldText::parse("Sales").unwrap();
    FieldValues::from_iter([
        (FieldId::new(1), FieldValue::Text(text)),
        (FieldId::new(2), FieldValue::Number(12.5)),
        (FieldId::new(3), FieldValue::Boolean(true)),
        (FieldId::new(4), FieldValue::Teammate(TeammateId::new(2))),
        (FieldId::new(5), FieldValue::Inbox(InboxId::new(4))),
    ])
}

fn change<T>(from: T, to: T) -> Change<T> {
    Change { from, to }
}

fn teammate_created() -> TeammateCreated {
    TeammateCreated {
        teammate: TEAMMATE,
        role: Role::Admin,
        availability: Availability::Away,
        invitation: InvitationWish::Send,
        profile: Some(Profile {
            email: email("ana@example.com"),
            username: username("ana_lopez"),
            first_name: person("Ana"),
            last_name: person("López"),
            custom_fields: values(),
            kept: Some(Box::new(kept())),
        }),
    }
}

fn kept() -> Kept {
    let json = |value| KeptJson::of(&value).unwrap();
    Kept {
        external_id: Some(external_id("00u1")),
        user_name: Some(UserName::parse("ana.lopez").unwrap()),
        emails: [KeptEmail {
            value: Some("Ana@home.example".into()),
            kind: Some("home".into()),
            display: Some("Ana at home".into()),
            primary: Some(true),
        }]
        .into(),
        availability: true,
        name_parts: Some(json(serde_json::json!({"middleName": "María"}))),
        roles: Some(json(serde_json::json!([{"type": "template", "value": "agent"}]))),
        manager: Some(external_id("tea_1")),
        enterprise: Some(json(serde_json::json!({"department": "Bar"}))),
        attributes: Some(json(serde_json::json!({"title": "Barista", "timezone": "Europe/Oslo"}))),
    }
}

fn teammate_updated() -> TeammateUpdated {
    TeammateUpdated {
        teammate: TEAMMATE,
        role: Some(change(Role::Regular, Role::Admin)),
        availability: Some(change(Availability::Available, Availability::Away)),
        standing: Some(change(Standing::Blocked, Standing::Active)),
        profile: Some(ProfileChanges {
            email: Some(change(email("ana@example.com"), email("ana.lopez@example.com"))),
            username: Some(change(username("ana_lopez"), username("ana_l"))),
            first_name: Some(change(person("Ana"), person("Anna"))),
            last_name: Some(change(person("López"), person(""))),
            custom_fields: Some(change(FieldValues::default(), values())),
            kept: Some(Box::new(change(Kept::default(), kept()))),
        }),
    }
}

fn token_created() -> TokenCreated {
    TokenCreated {
        token: TOKEN,
        kind: TokenKind::Teammate(TEAMMATE),
        digest: DIGEST,
        last_four: "x9Zq".into(),
        scopes: [Scope::TeammatesRead, Scope::EventsRead].into_iter().collect(),
        rate_limit: Some(RateLimit::Unlimited),
        expires_at: Some(MOMENT),
        note: Some(Note::parse("for the HR sync").unwrap()),
    }
}

const INBOX: InboxId = InboxId::new(4);
const CHANNEL: ChannelId = ChannelId::new(6);
const CONVERSATION: ConversationId = ConversationId::new(71);

fn correspondent() -> Correspondent {
    Correspondent { handle: Handle::parse("ana@example.com").unwrap(), name: Some(person("Ana")) }
}

fn letter() -> Letter {
    let subject = Subject::parse("Where is Ana's order?").unwrap();
    let body = MessageText::parse("Hello,\nAna").unwrap();
    Letter { correspondent: correspondent(), subject, body }
}

fn about_conversations() -> Vec<Event> {
    let name = |text| InboxName::parse(text).unwrap();
    let (inbox, channel, conversation) = (INBOX, CHANNEL, CONVERSATION);
    let head = ConversationHead {
        subject: Subject::parse("Where is Ana's order?").unwrap(),
        recipient: correspondent(),
        thread: ThreadRef::parse("order-Ana").unwrap(),
    };
    let (from, to) = (Some(TeammateId::new(2)), TEAMMATE);
    let (message, author) = (MessageId::new(80), Some(TEAMMATE));
    vec![
        Event::InboxCreated(InboxCreated {
            inbox,
            name: name("Orders"),
            access: Access::Named,
            teammates: vec![TEAMMATE],
        }),
        Event::ChannelCreated(ChannelCreated { channel, inbox, name: name("Web form") }),
        Event::ConversationCreated(ConversationCreated { conversation, inbox, channel, head: Some(head) }),
        Event::ConversationAssigned(ConversationAssigned { conversation, from, to }),
        Event::ConversationUnassigned(ConversationUnassigned { conversation, from: TEAMMATE }),
        Event::ConversationArchived(ConversationArchived { conversation }),
        Event::ConversationReopened(ConversationReopened { conversation }),
        Event::MessageReceived(MessageReceived { message, conversation, letter: Some(letter()) }),
        Event::MessageSent(MessageSent { message, conversation, author, letter: Some(letter()) }),
    ]
}

const WEBHOOK: WebhookId = WebhookId::new(2);
const SALT: SecretSalt = SecretSalt::new([0xcd; 32]);

fn about_webhooks() -> Vec<Event> {
    let url = |text| WebhookUrl::parse(text).unwrap();
    let pattern = |text: &str| text.parse::<Pattern>().unwrap();
    let webhook = WEBHOOK;
    let events: Box<[Pattern]> = [pattern("teammate.*"), pattern("team.created")].into();
    vec![
        Event::WebhookCreated(WebhookCreated {
            webhook,
            url: url("https://hooks.example.com/tenure"),
            format: Format::FrontApplication,
            events: events.clone(),
            channel: Some(CHANNEL),
            description: Note::parse("for the HR sync").unwrap(),
            is_enabled: true,
            policy: ValidationPolicy::Required,
            salt: SALT,
        }),
        Event::WebhookUpdated(WebhookUpdated {
            webhook,
            url: Some(change(url("https://hooks.example.com/tenure"), url("https://hooks.example.com/2"))),
            format: Some(change(Format::FrontApplication, Format::Event)),
            events: Some(change(events, [].into())),
            channel: Some(change(Some(CHANNEL), None)),
            description: Some(change(Note::empty(), Note::parse("second").unwrap())),
            is_enabled: Some(change(false, true)),
            policy: Some(change(ValidationPolicy::Required, ValidationPolicy::Optional)),
        }),
        Event::WebhookDeleted(WebhookDeleted { webhook }),
        Event::WebhookSecretRotated(WebhookSecretRotated { webhook, salt: SALT, previous_until: MOMENT }),
        Event::WebhookValidationRequested(WebhookValidationRequested { webhook }),
        Event::WebhookValidationSettled(WebhookValidationSettled {
            webhook,
            fault: Some("it answered 404 instead of 200 with the challenge".into()),
        }),
        Event::WebhookDisabled(WebhookDisabled {
            webhook,
            reason: DisabledReason::AttemptsExhausted,
            first_failure: Some(MOMENT),
            last_answers: ["status 500".into()].into(),
        }),
    ]
}

/// One sample of every event of a company, in the order of the table.
pub(crate) fn company_events() -> Vec<Event> {
    let name = |text| CompanyName::parse(text).unwrap();
    let slug = Slug::parse("harbor-coffee").unwrap();
    let team_name = |text| TeamName::parse(text).unwrap();
    let choices = ["Sales", "Support"].map(|choice| Choice::parse(choice).unwrap());
    let teammates = vec![TeammateId::new(1), TEAMMATE];
    let mut events = vec![
        Event::CompanyCreated(CompanyCreated { name: name("Harbor Coffee"), slug }),
        Event::CompanyRenamed(CompanyRenamed { from: name("Harbor Coffee"), to: name("Harbor") }),
        Event::CompanySettingChanged(Setting::Reactivation(Reactivation::Api)),
        Event::SsoSet(SsoSet { metadata: SsoMetadata::parse("<EntityDescriptor/>").unwrap() }),
        Event::SsoCleared(SsoCleared {}),
        Event::TeammateCreated(teammate_created()),
        Event::TeammateUpdated(teammate_updated()),
        Event::TeammateBlocked(TeammateBlocked { teammate: TEAMMATE }),
        Event::TeammateReactivated(TeammateReactivated { teammate: TEAMMATE }),
        Event::TeammateDeprovisioned(TeammateDeprovisioned { teammate: TEAMMATE }),
        Event::TeammateRehired(TeammateRehired { teammate: TEAMMATE }),
        Event::InvitationRequested(InvitationRequested { teammate: TEAMMATE }),
        Event::InvitationReleased(InvitationReleased { teammate: TEAMMATE }),
        Event::InvitationSent(InvitationSent { teammate: TEAMMATE, digest: DIGEST, expires_at: MOMENT }),
        Event::InvitationEnded(InvitationEnded { teammate: TEAMMATE }),
        Event::InvitationAccepted(InvitationAccepted { teammate: TEAMMATE }),
        Event::TeamCreated(TeamCreated {
            team: TEAM,
            name: team_name("Night shift"),
            privacy: Privacy::Private,
            external_id: Some(external_id("g1")),
        }),
        Event::TeamRenamed(TeamRenamed { team: TEAM, from: team_name("Night shift"), to: team_name("Days") }),
        Event::TeamDeleted(TeamDeleted { team: TEAM }),
        Event::TeamExternalIdChanged(TeamExternalIdChanged {
            team: TEAM,
            from: None,
            to: Some(external_id("g1")),
        }),
        Event::TeammatesAdded(TeammatesAdded { team: TEAM, teammates: teammates.clone() }),
        Event::TeammatesRemoved(TeammatesRemoved { team: TEAM, teammates }),
        Event::CustomFieldCreated(CustomFieldCreated {
            field: FIELD,
            name: FieldName::parse("Department").unwrap(),
            kind: FieldType::Enum(choices.into()),
        }),
        Event::CustomFieldDeleted(CustomFieldDeleted { field: FIELD }),
        Event::TokenCreated(token_created()),
        Event::TokenRevoked(TokenRevoked { token: TOKEN }),
    ];
    events.extend(about_conversations());
    events.extend(about_webhooks());
    events
}

/// One sample of every event of the registry, in the order of the table.
pub(crate) fn registry_events() -> Vec<RegistryEvent> {
    let company = CompanyId::new(5);
    let name = CompanyName::parse("Harbor Coffee").unwrap();
    let slug = Slug::parse("harbor-coffee").unwrap();
    vec![
        RegistryEvent::Registered(CompanyRegistered { company, name: name.clone(), slug }),
        RegistryEvent::Retitled(CompanyRetitled { company, name }),
    ]
}
