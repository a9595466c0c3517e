//! Webhooks in simulated time: the schedule, the order, endpoints apart from each other, disabling and recovery, crashes.

use crate::world::{ACME, Behaviour, Received, World};
use std::collections::BTreeMap;
use std::time::Duration;
use tenure_delivery::webhook::schedule::{NO_SUCCESS_MS, WAITS_MS};
use tenure_directory::webhook::{DisabledReason, Enablement, Validation, ValidationPolicy};
use tenure_directory::{Command, Timestamp};
use tenure_journal::{Again, DeliveryStatus};

const HOST: &str = "hooks.example";
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

fn ids(received: &[Received]) -> Vec<&str> {
    received.iter().map(|one| one.id.as_str()).collect()
}

fn times_apart(received: &[Received]) -> Vec<i64> {
    received.windows(2).map(|pair| pair[1].at_ms - pair[0].at_ms).collect()
}

fn about(received: &[Received], subject: &str) -> Vec<String> {
    let of_subject = received.iter().filter(|one| one.about() == subject);
    of_subject.map(|one| one.json()["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn an_event_reaches_every_endpoint_that_wants_it_at_once_and_no_other() {
    let world = World::new().await;
    world.webhook("all.example").await;
    world.webhook_with("teams.example", |wish| wish.events = vec!["team.*".parse().unwrap()]).await;
    world.webhook_with("off.example", |wish| wish.is_enabled = false).await;
    world.pass(SECOND).await;
    let before = world.now_ms();
    world.teammate("ana").await;
    world.pass(SECOND).await;
    let received = world.net.received("all.example");
    assert_eq!(received.len(), 1, "{received:?}");
    assert!(received[0].at_ms - before < 100);
    assert_eq!(received[0].json()["sequence"], 1);
    assert!(received[0].id.starts_with("cmp_1-whk_1-evt_"), "{}", received[0].id);
    assert!(world.net.received("teams.example").is_empty() && world.net.received("off.example").is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_tried_again_on_schedule_with_the_same_bytes_until_the_endpoint_is_disabled() {
    let world = World::new().await;
    world.net.set(HOST, Behaviour::Answers(500));
    let webhook = world.webhook(HOST).await;
    world.teammate("ana").await;
    world.pass(4 * DAY).await;
    let received = world.net.received(HOST);
    assert_eq!(received.len(), WAITS_MS.len() + 1);
    for (apart, scheduled) in times_apart(&received).into_iter().zip(WAITS_MS) {
        assert!((apart - scheduled).abs() <= scheduled / 10 + 100, "{apart} instead of {scheduled}");
    }
    assert!(received.iter().all(|one| (&one.id, &one.body) == (&received[0].id, &received[0].body)));
    let found = world.found(webhook).await;
    let Enablement::Disabled { reason, first_failure, last_answers, .. } = &found.enablement else {
        panic!("{:?}", found.enablement)
    };
    assert_eq!(*reason, DisabledReason::AttemptsExhausted);
    let first_failure = first_failure.unwrap().as_ms();
    // That of the event, so that a recovery from then on finds it.
    assert!(first_failure <= received[0].at_ms && first_failure > received[0].at_ms - 1000);
    assert_eq!(last_answers.iter().map(|answer| &**answer).collect::<Vec<_>>(), ["status 500"; 5]);
    assert_eq!(world.statuses(webhook).await, [DeliveryStatus::Failed]);
    world.teammate("bo").await;
    world.pass(DAY).await;
    assert_eq!(world.net.received(HOST).len(), received.len(), "nothing is sent any more");
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_answers_410_is_disabled_at_once() {
    let world = World::new().await;
    world.net.set(HOST, Behaviour::Answers(410));
    let webhook = world.webhook(HOST).await;
    world.teammate("ana").await;
    world.pass(SECOND).await;
    let found = world.found(webhook).await;
    assert!(matches!(found.enablement, Enablement::Disabled { reason: DisabledReason::Gone, .. }));
    assert_eq!(world.net.received(HOST).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_takes_nothing_for_five_days_is_disabled() {
    let world = World::new().await;
    // So that the schedule alone would go on for longer.
    world.net.set(HOST, Behaviour::AsksToWait(503, 86_400_000));
    let webhook = world.webhook(HOST).await;
    world.teammate("ana").await;
    world.pass(4 * DAY).await;
    assert!(world.found(webhook).await.is_enabled());
    world.pass(2 * DAY).await;
    let found = world.found(webhook).await;
    let Enablement::Disabled { reason, first_failure, at, .. } = &found.enablement else {
        panic!("it is enabled")
    };
    assert_eq!(*reason, DisabledReason::NoSuccess);
    assert!(at.as_ms() - first_failure.unwrap().as_ms() >= NO_SUCCESS_MS);
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_heeded_and_overload_given_a_minute() {
    for (behaviour, least, most) in [
        (Behaviour::AsksToWait(429, 600_000), 600_000, 600_100),
        (Behaviour::AsksToWait(503, 600_000), 600_000, 600_100),
        (Behaviour::AsksToWait(503, 1), 4_400, 5_600),
        (Behaviour::Answers(429), 60_000, 60_100),
        (Behaviour::Answers(502), 60_000, 60_100),
        (Behaviour::Hangs, 75_000, 75_100),
        (Behaviour::IsGone, 4_400, 5_600),
    ] {
        let world = World::new().await;
        world.net.set(HOST, behaviour);
        world.webhook(HOST).await;
        world.teammate("ana").await;
        world.pass(Duration::from_mins(11)).await;
        let apart = times_apart(&world.net.received(HOST))[0];
        assert!((least..=most).contains(&apart), "{behaviour:?}: {apart}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_delivery_holds_back_what_is_about_the_same_and_nothing_else() {
    let world = World::new().await;
    let webhook = world.webhook(HOST).await;
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    world.pass(SECOND).await;
    world.net.set(HOST, Behaviour::Dislikes("tea_2"));
    for name in ["one", "two", "three"] {
        world.rename(ana, name).await;
        world.rename(bo, name).await;
    }
    world.pass(SECOND).await;
    let received = world.net.received(HOST);
    assert_eq!(about(&received, "tea_2"), ["ana", "one"]);
    assert_eq!(about(&received, "tea_3"), ["bo", "one", "two", "three"]);
    world.net.set(HOST, Behaviour::Answers(204));
    world.pass(Duration::from_mins(10)).await;
    assert_eq!(about(&world.net.received(HOST), "tea_2"), ["ana", "one", "one", "two", "three"]);
    assert_eq!(world.health(webhook).await.pending, 0);
}

#[tokio::test(start_paused = true)]
async fn bad_endpoints_do_not_delay_a_healthy_one() {
    let world = World::new().await;
    let bad = [
        ("hangs.example", Behaviour::Hangs),
        ("errs.example", Behaviour::Answers(500)),
        ("gone.example", Behaviour::IsGone),
        ("streams.example", Behaviour::Streams),
    ];
    for (host, behaviour) in bad {
        world.net.set(host, behaviour);
        world.webhook(host).await;
    }
    world.webhook(HOST).await;
    world.pass(SECOND).await;
    let mut sent_at = BTreeMap::new();
    for number in 0..200 {
        let teammate = world.teammate(&format!("p{number}")).await;
        sent_at.insert(teammate.to_string(), world.now_ms());
        world.pass(Duration::from_millis(50)).await;
    }
    world.pass(SECOND).await;
    let received = world.net.received(HOST);
    assert_eq!(received.len(), 200);
    for one in &received {
        let delay = one.at_ms - sent_at[&one.about()];
        assert!(delay < 100, "{} came after {delay} ms", one.about());
    }
}

#[tokio::test(start_paused = true)]
async fn what_failed_is_recovered_and_what_was_never_sent_is_sent_once() {
    let world = World::new().await;
    world.net.set(HOST, Behaviour::Answers(410));
    let webhook = world.webhook(HOST).await;
    world.pass(SECOND).await;
    let since = world.now_ms();
    world.teammate("ana").await;
    world.pass(SECOND).await;
    world.teammate("bo").await;
    world.pass(SECOND).await;
    world.net.set(HOST, Behaviour::Answers(200));
    world.set_enabled(webhook, true).await;
    world.teammate("chi").await;
    world.pass(SECOND).await;
    let (company, found) = (world.company().await, world.found(webhook).await);
    let again = Again::FailedSince { time_ms: since };
    assert_eq!(world.webhooks.send_again(&company, &found, again).await.unwrap(), 1);
    let since = Timestamp::from_ms(since);
    assert_eq!(world.webhooks.send_missing(&company, &found, since).await.unwrap(), 1);
    assert_eq!(world.webhooks.send_missing(&company, &found, since).await.unwrap(), 0);
    world.pass(SECOND).await;
    let received = world.net.received(HOST);
    let names: Vec<_> = received.iter().map(|one| one.json()["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["ana", "chi", "ana", "bo"]);
    assert_eq!(received[0].id, received[2].id);
    assert_eq!(world.health(webhook).await.failing_since_ms, None);
}

#[tokio::test(start_paused = true)]
async fn a_replay_sends_the_bytes_of_then() {
    let world = World::new().await;
    let webhook = world.webhook(HOST).await;
    let ana = world.teammate("ana").await;
    world.pass(SECOND).await;
    world.rename(ana, "anna").await;
    world.pass(SECOND).await;
    let (company, found) = (world.company().await, world.found(webhook).await);
    world.webhooks.send_again(&company, &found, Again::One { sequence: 1 }).await.unwrap();
    world.pass(SECOND).await;
    let received = world.net.received(HOST);
    assert_eq!(received.len(), 3);
    assert_eq!((&received[2].id, &received[2].body), (&received[0].id, &received[0].body));
    let (_, attempts) = world.webhooks.delivery(&company, &found, 1).await.unwrap().unwrap();
    assert_eq!(attempts.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_is_validated_and_one_that_must_be_is_sent_nothing_before() {
    let world = World::new().await;
    world.net.set("lax.example", Behaviour::Answers(404));
    world.net.set("strict.example", Behaviour::Answers(404));
    let good = world.webhook(HOST).await;
    let lax = world.webhook("lax.example").await;
    let strict = world.webhook_with("strict.example", |wish| wish.policy = ValidationPolicy::Required).await;
    world.pass(SECOND).await;
    assert!(matches!(world.found(good).await.validation, Validation::Validated { .. }));
    for webhook in [lax, strict] {
        let Validation::Failed { reason, .. } = &world.found(webhook).await.validation else {
            panic!("it is validated")
        };
        assert_eq!(&**reason, "it answered 404 instead of 200 with the challenge");
    }
    world.teammate("ana").await;
    world.pass(SECOND).await;
    assert_eq!(world.net.received("lax.example").len(), 1);
    assert!(world.net.received("strict.example").is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_happens_while_an_endpoint_is_being_validated_is_sent_once_it_is() {
    let world = World::new().await;
    world.net.set(HOST, Behaviour::Hangs);
    world.webhook_with(HOST, |wish| wish.policy = ValidationPolicy::Required).await;
    world.teammate("ana").await;
    world.pass(SECOND).await;
    assert!(world.net.received(HOST).is_empty());
    let of = tenure_directory::webhook::SettleValidation {
        webhook: tenure_directory::WebhookId::new(1),
        url: world.found(1).await.url.clone(),
        fault: None,
    };
    world.net.set(HOST, Behaviour::Answers(200));
    world.tell(Command::SettleValidation(of)).await;
    world.pass(2 * Duration::from_mins(1)).await;
    assert_eq!(world.net.received(HOST).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_moment_loses_nothing_and_keeps_the_order_and_the_ids() {
    for seed in 0..60_u64 {
        let mut world = World::new().await;
        let webhook = world.webhook(HOST).await;
        let behaviours =
            [Behaviour::Answers(200), Behaviour::Hangs, Behaviour::Answers(500), Behaviour::IsGone];
        let people = [world.teammate("a").await, world.teammate("b").await];
        for round in 0..12_u64 {
            let mixed = (seed * 31 + round).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
            world.net.set(HOST, behaviours[usize::try_from(mixed % 4).unwrap()]);
            world.rename(people[usize::try_from(mixed % 2).unwrap()], &format!("n{round}")).await;
            world.pass(Duration::from_micros(mixed % 20_000)).await;
            if mixed.is_multiple_of(3) {
                world = world.crash().await;
            }
        }
        world.net.set(HOST, Behaviour::Answers(200));
        world.pass(Duration::from_mins(10)).await;
        let received = world.net.received(HOST);
        let statuses = world.statuses(webhook).await;
        assert!(
            statuses.iter().all(|status| *status == DeliveryStatus::Delivered),
            "seed {seed}: {statuses:?}"
        );
        let enqueued = world.deliveries(webhook).await;
        let events: Vec<u64> = enqueued.iter().map(|delivery| delivery.event.0).collect();
        let told = world.engine.history(ACME, tenure_directory::Version::new(3), 1000).await.unwrap();
        let told: Vec<u64> = told
            .iter()
            .filter(|recorded| recorded.event.word().is_some())
            .map(|recorded| recorded.version.number())
            .collect();
        assert_eq!(events, told, "seed {seed}: every event is enqueued once");
        for delivery in &enqueued {
            let id = format!("cmp_1-whk_1-{}", tenure_directory::EventId::new(delivery.event.0));
            assert!(ids(&received).contains(&id.as_str()), "seed {seed}: {id} never came");
        }
        in_order(&received, seed);
    }
}

/// Within a subject, none comes for the first time after one that is later.
fn in_order(received: &[Received], seed: u64) {
    let mut latest: BTreeMap<String, u64> = BTreeMap::new();
    let mut known = std::collections::BTreeSet::new();
    for one in received {
        let sequence = one.json()["sequence"].as_u64().unwrap();
        let latest = latest.entry(one.about()).or_default();
        assert!(sequence >= *latest || known.contains(&sequence), "seed {seed}: {sequence} after {latest}");
        *latest = sequence.max(*latest);
        known.insert(sequence);
    }
}
