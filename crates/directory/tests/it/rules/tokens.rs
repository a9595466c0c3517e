//! Tokens: what they may do, and when they stop working.

use super::{Scene, digest, token, who};
use tenure_directory::settings::Setting;
use tenure_directory::teammate::BlockTeammate;
use tenure_directory::text::{Note, SsoMetadata};
use tenure_directory::token::{
    CreateToken, MAX_EXPIRES_IN_MS, RateLimit, RevokeToken, TokenFault, WantedKind,
};
use tenure_directory::{Command, Precondition, Scope, Scopes};

pub(super) fn wanted(kind: WantedKind, change: impl FnOnce(&mut CreateToken)) -> Command {
    let mut command = CreateToken {
        kind,
        digest: digest(7),
        last_four: "abcd".into(),
        scopes: Scopes::NONE,
        rate_limit: None,
        expires_in_ms: None,
        note: None,
    };
    change(&mut command);
    Command::CreateToken(command)
}

fn revoke(number: u64) -> Command {
    Command::RevokeToken(RevokeToken { token: token(number) })
}

#[test]
fn a_token_may_do_what_was_asked_for_else_everything() {
    let mut scene = Scene::with_people();
    scene
        .asks("company", wanted(WantedKind::Company, |_| {}))
        .asks(
            "teammate",
            wanted(WantedKind::Teammate(who(2)), |token| {
                token.scopes = [Scope::TeammatesRead].into_iter().collect();
                token.rate_limit = Some(RateLimit::Unlimited);
                token.expires_in_ms = Some(1);
                token.note = Some(Note::parse("for tests").unwrap());
            }),
        )
        .asks("nobody's", wanted(WantedKind::Teammate(who(9)), |_| {}))
        .asks("revoke", revoke(1))
        .asks("revoke again", revoke(1))
        .asks("revoke none", revoke(9));
    scene.does(Command::BlockTeammate(BlockTeammate { teammate: who(2), precondition: Precondition::None }));
    scene.asks("a blocked one's", wanted(WantedKind::Teammate(who(2)), |_| {}));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn a_scim_token_needs_single_sign_on_and_takes_no_scopes() {
    let mut scene = Scene::new();
    scene.asks("before", wanted(WantedKind::Scim, |_| {}));
    scene.does(Command::SetSso(SsoMetadata::parse("<x/>").unwrap()));
    scene.asks(
        "with a scope",
        wanted(WantedKind::Scim, |token| {
            token.scopes = [Scope::TeammatesRead].into_iter().collect();
        }),
    );
    scene.asks("after", wanted(WantedKind::Scim, |_| {}));
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn a_token_works_for_at_most_ten_years() {
    let mut scene = Scene::new();
    assert_eq!(MAX_EXPIRES_IN_MS, 316_224_000_000);
    for ms in [0, -1, 1, MAX_EXPIRES_IN_MS, MAX_EXPIRES_IN_MS + 1] {
        scene.asks(&ms.to_string(), wanted(WantedKind::Company, |token| token.expires_in_ms = Some(ms)));
    }
    insta::assert_snapshot!(scene.transcript);
}

#[test]
fn a_secret_opens_what_it_was_made_for_until_it_ends() {
    let mut scene = Scene::with_people();
    scene.does(wanted(WantedKind::Company, |_| {}));
    scene.does(wanted(WantedKind::Teammate(who(2)), |token| {
        token.digest = digest(8);
        token.expires_in_ms = Some(1000);
    }));
    let opened = |scene: &Scene, byte: u8| {
        scene.company.authenticate(&digest(byte), scene.now).map(|token| token.id.number())
    };
    assert_eq!((opened(&scene, 7), opened(&scene, 8)), (Ok(1), Ok(2)));
    assert_eq!(opened(&scene, 9), Err(TokenFault::UnknownOrRevoked));
    let begun = scene.now;
    scene.now = begun.plus_ms(999);
    assert_eq!(opened(&scene, 8), Ok(2));
    scene.now = begun.plus_ms(1000);
    assert_eq!(opened(&scene, 8), Err(TokenFault::Expired));
    scene.now = begun;
    scene.does(Command::BlockTeammate(BlockTeammate { teammate: who(2), precondition: Precondition::None }));
    assert_eq!(opened(&scene, 8), Err(TokenFault::TeammateBlocked));
    scene.does(revoke(1));
    assert_eq!(opened(&scene, 7), Err(TokenFault::UnknownOrRevoked));
}

#[test]
fn a_tokens_own_limit_counts_before_the_companys() {
    let mut scene = Scene::new();
    scene.does(Command::ChangeSettings(vec![Setting::parse("rate-limit=7").unwrap()]));
    scene.does(wanted(WantedKind::Company, |_| {}));
    scene.does(wanted(WantedKind::Company, |token| token.rate_limit = Some(RateLimit::Unlimited)));
    let limits: Vec<_> =
        scene.company.tokens.values().map(|token| scene.company.rate_limit_of(token).to_string()).collect();
    assert_eq!(limits, ["7", "unlimited"]);
    assert_eq!(RateLimit::default().to_string(), "120");
}

#[test]
fn a_rate_limit_is_a_whole_number_up_to_a_million_or_unlimited() {
    for good in ["1", "120", "1000000", "unlimited"] {
        let limit: RateLimit = good.parse().unwrap();
        assert_eq!(limit.to_string(), good);
        let written = serde_json::to_string(&limit).unwrap();
        assert_eq!(serde_json::from_str::<RateLimit>(&written).unwrap(), limit);
    }
    for bad in ["0", "1000001", "+5", "-1", "1.5", "", "Unlimited", " 5"] {
        assert!(bad.parse::<RateLimit>().is_err(), "{bad}");
    }
    assert!(serde_json::from_str::<RateLimit>("\"none\"").is_err());
}

#[test]
fn scopes_are_named_in_their_order() {
    let some: Scopes =
        [Scope::TeammatesWrite, Scope::TeammatesRead, Scope::TeammatesRead].into_iter().collect();
    assert_eq!(some.to_string(), "teammates:read, teammates:write");
    assert!(some.contains(Scope::TeammatesRead) && !some.is_empty());
    assert!(Scopes::NONE.is_empty() && Scopes::NONE.iter().next().is_none());
    assert_eq!(Scopes::all().iter().count(), Scope::ALL.len());
    assert_eq!(Scope::TeammatesRead.to_string(), "teammates:read");
}
