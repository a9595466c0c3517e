//! Any command, over few names, so that commands meet.

use proptest::prelude::*;
use tenure_directory::conversation::{
    Correspondent, Progress, ReceiveMessage, SendMessage, UpdateConversation,
};
use tenure_directory::custom_field::{CreateCustomField, DeleteCustomField, FieldType, GivenValue};
use tenure_directory::email::EmailAddress;
use tenure_directory::id::{TeamId, TeammateId, TokenId};
use tenure_directory::inbox::{Access, CreateChannel, CreateInbox};
use tenure_directory::invitation::{
    AcceptInvitation, InvitationWish, ReleaseInvitation, RequestInvitation, SendInvitation,
};
use tenure_directory::kept::{Kept, KeptEmail};
use tenure_directory::provisioning::{
    DeprovisionTeammate, MemberEdit, ProvisionTeam, ProvisionTeammate, UpdateTeam,
};
use tenure_directory::secret::SecretDigest;
use tenure_directory::settings::Setting;
use tenure_directory::team::{
    AddToTeam, CreateTeam, DeleteTeam, Privacy, RemoveFromTeam, RenameTeam, TeamRef,
};
use tenure_directory::teammate::{
    Availability, BlockTeammate, CreateTeammate, ReactivateTeammate, Role, Standing, TeammateRef,
    UpdateTeammate,
};
use tenure_directory::text::{
    ExternalId, FieldName, Handle, InboxName, MessageText, PersonName, SsoMetadata, TeamName, ThreadRef,
    UserName, Username,
};
use tenure_directory::token::{CreateToken, RevokeToken, WantedKind};
use tenure_directory::webhook::{
    CreateWebhook, DeleteWebhook, DisableWebhook, DisabledReason, Format, RequestValidation,
    RotateWebhookSecret, SecretSalt, SettleValidation, UpdateWebhook, ValidationPolicy,
};
use tenure_directory::webhook_url::WebhookUrl;
use tenure_directory::{Actor, Command, Precondition, Scopes, Version, WebhookId};

/// Spellings of a few people; some are the same person.
pub(crate) const EMAILS: [&str; 8] = [
    "ana@example.com",
    "Ana@Example.com",
    "bo@example.com",
    "bo@bücher.example",
    "bo@xn--bcher-kva.example",
    "jose\u{301}@example.com",
    "jos\u{e9}@example.com",
    "\u{131}@example.com",
];
const USERNAMES: [&str; 4] = ["ana", "ana2", "bo", "chi"];
const NAMES: [&str; 3] = ["", "Ana", "Bo"];
const TEAMS: [&str; 4] = ["Support", "support", "Sales", "Ops"];
const FIELDS: [&str; 3] = ["City", "Level", "Boss"];
const SETTINGS: [&str; 4] = ["reactivation=api", "reactivation=console", "invitations=hold", "rate-limit=7"];

fn email() -> impl Strategy<Value = EmailAddress> {
    prop::sample::select(&EMAILS[..]).prop_map(|text| EmailAddress::parse(text).unwrap())
}

fn username() -> impl Strategy<Value = Username> {
    prop::sample::select(&USERNAMES[..]).prop_map(|text| Username::parse(text).unwrap())
}

fn person() -> impl Strategy<Value = PersonName> {
    prop::sample::select(&NAMES[..]).prop_map(|text| PersonName::parse(text).unwrap())
}

fn team_name() -> impl Strategy<Value = TeamName> {
    prop::sample::select(&TEAMS[..]).prop_map(|text| TeamName::parse(text).unwrap())
}

fn teammate() -> impl Strategy<Value = TeammateRef> {
    prop_oneof![
        4 => (1_u64..7).prop_map(|number| TeammateRef::from(TeammateId::new(number))),
        1 => prop::sample::select(&EMAILS[..]).prop_map(|email| TeammateRef::parse(&format!("alt:email:{email}"))),
        1 => Just(TeammateRef::parse("ana@example.com")),
    ]
}

fn team() -> impl Strategy<Value = TeamRef> {
    (1_u64..4).prop_map(|number| TeamRef::from(TeamId::new(number)))
}

fn precondition() -> impl Strategy<Value = Precondition> {
    prop_oneof![
        6 => Just(Precondition::None),
        1 => Just(Precondition::Exists),
        1 => (1_u64..30).prop_map(|version| Precondition::Revisions(vec![Version::new(version)])),
    ]
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Admin), Just(Role::Regular)]
}

fn availability() -> impl Strategy<Value = Availability> {
    prop_oneof![Just(Availability::Available), Just(Availability::Away)]
}

fn standing() -> impl Strategy<Value = Standing> {
    prop_oneof![Just(Standing::Active), Just(Standing::Blocked)]
}

fn given() -> impl Strategy<Value = GivenValue> {
    prop_oneof![
        Just(GivenValue::Null),
        Just(GivenValue::Boolean(true)),
        (0_i32..3).prop_map(|number| GivenValue::Number(number.into())),
        Just(GivenValue::Text("Oslo".into())),
        Just(GivenValue::Text("tea_1".into())),
    ]
}

fn custom_fields() -> impl Strategy<Value = Vec<(Box<str>, GivenValue)>> {
    let name = prop::sample::subsequence(FIELDS.to_vec(), 0..=FIELDS.len());
    (name, prop::collection::vec(given(), FIELDS.len()))
        .prop_map(|(names, values)| names.into_iter().map(Box::from).zip(values).collect())
}

fn digest_of(whose: u8, which: u8) -> SecretDigest {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&[whose, which]);
    SecretDigest::new(bytes)
}

/// The number of a teammate and the digest of one of its links: real secrets never share a digest.
fn link() -> impl Strategy<Value = (u8, SecretDigest)> {
    (1_u8..7, 0_u8..3).prop_map(|(number, which)| (number, digest_of(number, which)))
}

fn create_teammate() -> impl Strategy<Value = CreateTeammate> {
    let invitation = prop_oneof![Just(InvitationWish::Send), Just(InvitationWish::None)];
    let names = (prop::option::of(username()), person(), person());
    (email(), names, role(), availability(), custom_fields(), invitation).prop_map(
        |(email, (username, first_name, last_name), role, availability, custom_fields, invitation)| {
            CreateTeammate {
                email,
                username,
                first_name,
                last_name,
                role,
                availability,
                custom_fields,
                invitation,
            }
        },
    )
}

fn update_teammate() -> impl Strategy<Value = UpdateTeammate> {
    let option = prop::option::of::<BoxedStrategy<EmailAddress>>;
    let texts = (
        option(email().boxed()),
        prop::option::of(username()),
        prop::option::of(person()),
        prop::option::of(person()),
    );
    let flags = (prop::option::of(role()), prop::option::of(availability()), prop::option::of(standing()));
    let rest = (prop::option::of(custom_fields()), prop::option::of(kept()));
    (teammate(), precondition(), texts, flags, rest).prop_map(
        |(teammate, precondition, texts, flags, (custom_fields, kept))| {
            let (email, username, first_name, last_name) = texts;
            let (role, availability, standing) = flags;
            UpdateTeammate {
                teammate,
                precondition,
                email,
                username,
                first_name,
                last_name,
                role,
                availability,
                standing,
                custom_fields,
                kept: kept.map(Box::new),
            }
        },
    )
}

fn external_id() -> impl Strategy<Value = Option<ExternalId>> {
    prop::option::of(
        prop::sample::select(&["u1", "u2", "U1"][..]).prop_map(|id| ExternalId::parse(id).unwrap()),
    )
}

fn kept() -> impl Strategy<Value = Kept> {
    let user_name = prop::option::of(prop::sample::select(&["ana", "ANA", "bo"][..]));
    let other = prop::option::of(prop::sample::select(&EMAILS[..]));
    let manager = prop::option::of(prop::sample::select(&["tea_1", "tea_9", "hr-7"][..]));
    (external_id(), user_name, other, manager).prop_map(|(external_id, user_name, other, manager)| Kept {
        external_id,
        user_name: user_name.map(|name| UserName::parse(name).unwrap()),
        emails: other
            .map(|email| KeptEmail { value: Some(email.into()), ..KeptEmail::default() })
            .into_iter()
            .collect(),
        manager: manager.map(|manager| ExternalId::parse(manager).unwrap()),
        ..Kept::default()
    })
}

fn provision_teammate() -> impl Strategy<Value = Box<ProvisionTeammate>> {
    let flags = (role(), prop::option::of(availability()), standing());
    (email(), person(), person(), flags, custom_fields(), kept()).prop_map(
        |(email, first_name, last_name, (role, availability, standing), custom_fields, kept)| {
            Box::new(ProvisionTeammate {
                email,
                first_name,
                last_name,
                role,
                availability,
                standing,
                custom_fields,
                kept,
            })
        },
    )
}

fn member_edit() -> impl Strategy<Value = MemberEdit> {
    let members = || prop::collection::vec(teammate(), 0..4);
    prop_oneof![
        members().prop_map(MemberEdit::Add),
        members().prop_map(MemberEdit::Remove),
        members().prop_map(MemberEdit::Replace),
    ]
}

fn about_teammates() -> impl Strategy<Value = Command> {
    prop_oneof![
        4 => create_teammate().prop_map(Command::CreateTeammate),
        4 => update_teammate().prop_map(Command::UpdateTeammate),
        2 => (teammate(), precondition()).prop_map(|(teammate, precondition)| {
            Command::BlockTeammate(BlockTeammate { teammate, precondition })
        }),
        1 => teammate().prop_map(|teammate| Command::ReactivateTeammate(ReactivateTeammate { teammate })),
        3 => provision_teammate().prop_map(Command::ProvisionTeammate),
        2 => teammate()
            .prop_map(|teammate| Command::DeprovisionTeammate(DeprovisionTeammate { teammate })),
        1 => teammate().prop_map(|teammate| Command::RequestInvitation(RequestInvitation { teammate })),
        1 => teammate().prop_map(|teammate| Command::ReleaseInvitation(ReleaseInvitation { teammate })),
        2 => link().prop_map(|(number, digest)| {
            Command::SendInvitation(SendInvitation { teammate: TeammateId::new(number.into()), digest })
        }),
        1 => link().prop_map(|(_, digest)| Command::AcceptInvitation(AcceptInvitation { digest })),
    ]
}

fn about_teams() -> impl Strategy<Value = Command> {
    let privacy = prop_oneof![Just(Privacy::Open), Just(Privacy::Private)];
    let members = || (team(), prop::collection::vec(teammate(), 0..4), precondition());
    prop_oneof![
        (team_name(), privacy).prop_map(|(name, privacy)| Command::CreateTeam(CreateTeam { name, privacy })),
        (team(), team_name()).prop_map(|(team, name)| Command::RenameTeam(RenameTeam { team, name })),
        team().prop_map(|team| Command::DeleteTeam(DeleteTeam { team })),
        members().prop_map(|(team, teammates, precondition)| {
            Command::AddToTeam(AddToTeam { team, teammates, precondition })
        }),
        members().prop_map(|(team, teammates, precondition)| {
            Command::RemoveFromTeam(RemoveFromTeam { team, teammates, precondition })
        }),
        (team_name(), external_id(), prop::collection::vec(teammate(), 0..3)).prop_map(
            |(name, external_id, members)| Command::ProvisionTeam(ProvisionTeam {
                name,
                external_id,
                members
            })
        ),
        (
            team(),
            prop::option::of(team_name()),
            prop::option::of(external_id()),
            prop::collection::vec(member_edit(), 0..3)
        )
            .prop_map(|(team, name, external_id, members)| {
                Command::UpdateTeam(UpdateTeam { team, name, external_id, members })
            }),
    ]
}

fn create_token() -> impl Strategy<Value = CreateToken> {
    let kind = prop_oneof![
        Just(WantedKind::Company),
        teammate().prop_map(WantedKind::Teammate),
        Just(WantedKind::Scim)
    ];
    (kind, 0_u8..6, prop::option::of(0_i64..1000)).prop_map(|(kind, which, expires_in_ms)| CreateToken {
        kind,
        digest: digest_of(0, which),
        last_four: "abcd".into(),
        scopes: Scopes::NONE,
        rate_limit: None,
        expires_in_ms,
        note: None,
    })
}

fn about_the_company() -> impl Strategy<Value = Command> {
    let field = || prop::sample::select(&FIELDS[..]);
    let kind = prop_oneof![Just(FieldType::String), Just(FieldType::Number), Just(FieldType::Teammate)];
    let settings = prop::sample::subsequence(&SETTINGS[..], 1..3);
    prop_oneof![
        settings.prop_map(|texts| {
            Command::ChangeSettings(texts.into_iter().map(|text| Setting::parse(text).unwrap()).collect())
        }),
        Just(Command::SetSso(SsoMetadata::parse("<EntityDescriptor/>").unwrap())),
        Just(Command::ClearSso),
        (field(), kind).prop_map(|(name, kind)| {
            Command::CreateCustomField(CreateCustomField { name: FieldName::parse(name).unwrap(), kind })
        }),
        field().prop_map(|name| Command::DeleteCustomField(DeleteCustomField { field: name.into() })),
        create_token().prop_map(Command::CreateToken),
        (1_u64..4).prop_map(|number| Command::RevokeToken(RevokeToken { token: TokenId::new(number) })),
    ]
}

fn about_conversations() -> impl Strategy<Value = Command> {
    let name = || InboxName::parse("Orders").unwrap();
    let text = || MessageText::parse("Hello").unwrap();
    let conversation = || (1_u64..5).prop_map(|number| format!("cnv_{number}").into());
    let progress = || prop::option::of(prop_oneof![Just(Progress::Open), Just(Progress::Archived)]);
    let thread = prop::option::of(prop::sample::select(&["order-1", "order-2"][..]));
    prop_oneof![
        1 => prop::collection::vec(teammate(), 0..3).prop_map(move |teammates| {
            Command::CreateInbox(CreateInbox { name: name(), access: Access::Named, teammates })
        }),
        2 => (1_u64..3).prop_map(move |inbox| {
            Command::CreateChannel(CreateChannel { inbox: format!("inb_{inbox}").into(), name: name() })
        }),
        4 => (1_u64..3, prop::sample::select(&["ana@shop.example", "+4720"][..]), thread).prop_map(
            move |(channel, handle, thread)| Command::ReceiveMessage(ReceiveMessage {
                channel: format!("cha_{channel}").into(),
                sender: Correspondent { handle: Handle::parse(handle).unwrap(), name: None },
                subject: None,
                body: text(),
                thread_ref: thread.map(|thread| ThreadRef::parse(thread).unwrap()),
            })
        ),
        2 => (conversation(), prop::option::of(teammate()), progress()).prop_map(
            move |(conversation, author, progress)| {
                let (subject, body) = (None, text());
                Command::SendMessage(SendMessage { conversation, author, subject, body, progress })
            }
        ),
        4 => (conversation(), prop::option::of(prop::option::of(teammate())), progress(), precondition()).prop_map(
            |(conversation, assignee, progress, precondition)| {
                Command::UpdateConversation(UpdateConversation { conversation, assignee, progress, precondition })
            }
        ),
    ]
}

fn about_webhooks() -> impl Strategy<Value = Command> {
    let url = || {
        let urls = ["https://a.example/", "https://b.example/?token=x"];
        prop::sample::select(urls.to_vec()).prop_map(|url| WebhookUrl::parse(url).unwrap())
    };
    let webhook = || (1_u64..4).prop_map(|number| format!("whk_{number}").into());
    let events = || prop::sample::subsequence(vec!["*", "teammate.*", "team.created"], 0..3);
    let parsed = |texts: Vec<&str>| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>();
    let channel = || prop::option::of(Just("cha_1".into()));
    let policy = || prop_oneof![Just(ValidationPolicy::Optional), Just(ValidationPolicy::Required)];
    let salt = || any::<[u8; 32]>().prop_map(SecretSalt::new);
    prop_oneof![
        3 => (url(), events(), channel(), any::<bool>(), policy(), salt()).prop_map(
            move |(url, events, channel, is_enabled, policy, salt)| Command::CreateWebhook(CreateWebhook {
                url,
                format: Format::Event,
                events: parsed(events),
                channel,
                description: tenure_directory::text::Note::empty(),
                is_enabled,
                policy,
                salt,
            })
        ),
        3 => (webhook(), prop::option::of(url()), prop::option::of(events()), prop::option::of(any::<bool>()))
            .prop_map(move |(webhook, url, events, is_enabled): (Box<str>, _, _, _)| {
                let of = UpdateWebhook::of(&webhook);
                Command::UpdateWebhook(UpdateWebhook { url, events: events.map(parsed), is_enabled, ..of })
            }),
        1 => webhook().prop_map(|webhook| Command::DeleteWebhook(DeleteWebhook { webhook })),
        1 => (webhook(), salt()).prop_map(|(webhook, salt)| {
            Command::RotateWebhookSecret(RotateWebhookSecret { webhook, salt })
        }),
        1 => webhook().prop_map(|webhook| Command::RequestValidation(RequestValidation { webhook })),
        2 => (1_u64..4, url(), prop::option::of(Just("404".into()))).prop_map(|(number, url, fault)| {
            let webhook = WebhookId::new(number);
            Command::SettleValidation(SettleValidation { webhook, url, fault })
        }),
        1 => (1_u64..4, url(), 0_u64..40).prop_map(|(number, url, seen)| Command::DisableWebhook(DisableWebhook {
            url,
            webhook: WebhookId::new(number),
            reason: DisabledReason::Gone,
            first_failure: None,
            last_answers: vec![],
            seen: Version::new(seen),
        })),
    ]
}

/// Any command.
pub(crate) fn command() -> impl Strategy<Value = Command> {
    prop_oneof![4 => about_teammates(), 2 => about_teams(), 1 => about_the_company(), 2 => about_conversations(), 1 => about_webhooks()]
}

/// Anybody who can ask.
pub(crate) fn actor() -> impl Strategy<Value = Actor> {
    prop_oneof![
        Just(Actor::Operator),
        Just(Actor::Api(TokenId::new(1))),
        Just(Actor::Scim(TokenId::new(2))),
        Just(Actor::Mail)
    ]
}
