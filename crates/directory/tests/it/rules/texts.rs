//! Texts at their limits, actors, references and messages.

use super::{address, version};
use tenure_directory::base36;
use tenure_directory::email::{EmailAddress, EmailKey};
use tenure_directory::id::{CompanyId, TeammateId, TokenId};
use tenure_directory::secret::{SecretDigest, SecretKind, SecretText};
use tenure_directory::text::{
    Choice, CompanyName, FieldText, Slug, SsoMetadata, TeamName, Username, repeated,
};
use tenure_directory::{Actor, Fault, Precondition, Refusal, Timestamp};

#[test]
fn a_name_is_one_to_256_visible_characters() {
    let of = |length: usize| "ä".repeat(length);
    assert!(TeamName::parse(&of(256)).is_ok() && CompanyName::parse("A").is_ok());
    for bad in [of(257), String::new(), "  ".to_owned(), "a\u{0}".to_owned(), "\u{202e}a".to_owned()] {
        assert!(TeamName::parse(&bad).is_err(), "{bad:?}");
    }
    assert!(FieldText::parse(&of(4096)).is_ok() && FieldText::parse(&of(4097)).is_err());
    assert!(Choice::parse(&of(256)).is_ok() && Choice::parse("").is_err());
}

#[test]
fn a_username_is_of_few_characters() {
    let of = |length: usize| "a".repeat(length);
    assert!(Username::parse(&of(64)).is_ok() && Username::parse("a_9").is_ok());
    for bad in [of(65), String::new(), "A".to_owned(), "a-b".to_owned(), "ä".to_owned()] {
        assert!(Username::parse(&bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_slug_does_not_begin_or_end_with_a_hyphen() {
    assert!(Slug::parse("a-b9").is_ok() && Slug::parse(&"a".repeat(63)).is_ok());
    for bad in ["-a", "a-", "-", "", "A", "a_b", &"a".repeat(64)] {
        assert!(Slug::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn sso_metadata_may_have_256_kib() {
    assert!(SsoMetadata::parse(&"x".repeat(262_144)).is_ok());
    assert!(SsoMetadata::parse(&"x".repeat(262_145)).is_err() && SsoMetadata::parse(" \n").is_err());
}

#[test]
fn an_address_has_at_most_254_octets_and_64_before_the_at() {
    let domain = |length: usize| {
        let label = "d".repeat(61);
        let domain = format!("{label}.{label}.{label}.");
        let rest = length - domain.len();
        domain + &"e".repeat(rest)
    };
    let of = |local: usize, length: usize| format!("{}@{}", "a".repeat(local), domain(length));
    assert!(EmailAddress::parse(&of(64, 189)).is_ok());
    for bad in [of(65, 188), of(64, 190), of(20, 240)] {
        assert!(EmailAddress::parse(&bad).is_err(), "{} octets", bad.len());
    }
    // In its ASCII form it is longer than as it was given.
    let international = format!("{}@{}.example", "a".repeat(64), ["ü".repeat(50), "ü".repeat(30)].join("."));
    assert!(international.len() <= 254 || EmailAddress::parse(&international).is_err());
    for bad in [
        "\"a\"@x.example",
        "a b@x.example",
        "a@x",
        "a@-x.example",
        "a@x-.example",
        "a@1.2",
        "a@.example",
        "@x.example",
    ] {
        assert!(EmailAddress::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn an_address_is_shown_as_given_and_never_in_debug_output() {
    let given = address("Ana.Ng@X.example");
    assert_eq!((given.to_string().as_str(), given.local_part()), ("Ana.Ng@X.example", "Ana.Ng"));
    assert_eq!(
        (format!("{given:?}"), format!("{:?}", given.key())),
        ("EmailAddress(…)".to_owned(), "EmailKey(…)".to_owned())
    );
    assert_eq!(EmailKey::of("bo@XN--BCHER-KVA.example"), address("bo@bücher.example").key());
    assert_ne!(EmailKey::of("no address"), given.key());
}

#[test]
fn an_actor_reads_back() {
    let actors = [
        Actor::Operator,
        Actor::Api(TokenId::new(1)),
        Actor::Scim(TokenId::new(40)),
        Actor::Invitation(TeammateId::new(2)),
        Actor::Mail,
    ];
    let written: Vec<_> = actors.iter().map(ToString::to_string).collect();
    assert_eq!(written, ["operator", "api:tok_1", "scim:tok_14", "invitation:tea_2", "mail"]);
    for (actor, text) in actors.iter().zip(&written) {
        assert_eq!(text.parse::<Actor>().unwrap(), *actor);
    }
    for unknown in ["", "root", "api", "api:", "api:tea_1", "mail:1", "ghost:tok_1"] {
        assert!(unknown.parse::<Actor>().is_err(), "{unknown}");
    }
    assert_eq!((Timestamp::from_ms(-5).as_ms(), version(9).number()), (-5, 9));
}

#[test]
fn a_condition_is_met_by_the_versions_that_it_names() {
    let some = Precondition::Revisions(vec![version(2), version(5)]);
    assert!(some.allows(version(5)) && !some.allows(version(4)));
    assert!(Precondition::None.allows(version(4)) && Precondition::Exists.allows(version(4)));
}

#[test]
fn hidden_characters_are_written_out_in_messages() {
    assert_eq!(repeated("a\u{202e}b\u{0}"), "a\\u{202e}b\\u{0}");
    assert_eq!(repeated("ä ok"), "ä ok");
}

#[test]
fn a_long_list_of_faults_is_cut_short() {
    let faults =
        |count: usize| (0..count).map(|at| Fault::new(format!("f{at}"), "is wrong")).collect::<Vec<_>>();
    let (few, many) = (Refusal::Invalid(faults(50)), Refusal::Invalid(faults(53)));
    assert_eq!(few.details().len(), 50);
    assert!(few.to_string().ends_with("f49 is wrong"));
    assert_eq!(many.details().len(), 51);
    assert!(many.to_string().ends_with("f49 is wrong, and 3 more"));
}

#[test]
fn every_no_says_what_to_do() {
    let who = TeammateId::new(1);
    let company = CompanyId::new(1);
    let all = [
        Refusal::UnknownCustomField { given: "a\u{0}".into() },
        Refusal::UnknownToken { token: TokenId::new(1) },
        Refusal::UnknownCompany { given: "x".into() },
        Refusal::UnknownTeammates { given: vec!["a".into(), "b@x.example".into()] },
        Refusal::UnknownTeammates { given: vec!["alt:email:b@x.example".into()] },
        Refusal::TeammateIsBlocked { teammate: who },
        Refusal::SlugTaken { slug: Slug::parse("a").unwrap(), holder: company },
        Refusal::TooMany { what: "things", limit: 3 },
        Refusal::SsoNotSet,
        Refusal::ChangedSince,
        Refusal::UnknownInvitation,
        Refusal::InvitationExpired,
        Refusal::InvitationUsed,
        Refusal::InvitationNotHeld { teammate: who },
        Refusal::InvitationAccepted { teammate: who },
    ];
    let told: Vec<_> = all.iter().map(|no| format!("{}: {no}", no.code())).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn two_digests_are_one_only_if_every_byte_is() {
    let digest = SecretDigest::new([7; 32]);
    for at in 0..32 {
        let mut bytes = [7; 32];
        bytes[at] = 8;
        assert!(SecretDigest::new(bytes) != digest, "byte {at}");
    }
    let written = serde_json::to_string(&digest).unwrap();
    assert_eq!(serde_json::from_str::<SecretDigest>(&written).unwrap(), digest);
    for bad in [
        format!("\"{}\"", "07".repeat(31)),
        format!("\"{}\"", "07".repeat(33)),
        format!("\"{}\"", "+7".repeat(32)),
    ] {
        assert!(serde_json::from_str::<SecretDigest>(&bad).is_err(), "{bad}");
    }
}

#[test]
fn a_secrets_text_is_its_random_bytes_and_ends_with_its_last_four() {
    let mint = |bytes: [u8; 32]| SecretText::mint(SecretKind::Company, CompanyId::new(40), bytes);
    insta::assert_snapshot!(mint([0; 32]).reveal());
    insta::assert_snapshot!(mint([255; 32]).reveal());
    let mut bytes = [0; 32];
    for (at, byte) in (0..).zip(&mut bytes) {
        *byte = at * 7 + 1;
    }
    let secret = mint(bytes);
    insta::assert_snapshot!(secret.reveal());
    assert!(secret.reveal().ends_with(&*secret.last_four()) && secret.last_four().len() == 4);
}

#[test]
fn a_number_in_base_36_has_no_more_digits_than_it_needs() {
    assert_eq!(base36::encode(u64::MAX), "3w5e11264sgsf");
    assert_eq!(base36::decode("3w5e11264sgsf"), Some(u64::MAX));
    assert_eq!((base36::decode("0"), base36::encode(0).as_str()), (Some(0), "0"));
    for bad in ["", "3w5e11264sgsg", "00", "01", "A", "10000000000000"] {
        assert_eq!(base36::decode(bad), None, "{bad}");
    }
}
