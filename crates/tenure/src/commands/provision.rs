//! `tenure provision` and `tenure offboard`: plans for one person, made and done at once.

use crate::automate::connection::connect;
use crate::automate::planning::{self, Rules, prepare};
use crate::automate::{applying, approvals, asking, run_async, time};
use crate::cli::{Global, OffboardArgs, Output, ProvisionArgs};
use crate::commands::apply::{carry_out, hold_unless_dry, question};
use crate::failure::Failure;
use crate::print;
use std::time::Duration;
use tenure_lifecycle::address::{EmailKey, nearest};
use tenure_lifecycle::people::{People, Person, Place, Status, Wish};

fn person(email: &str, status: Status) -> Result<Person, Failure> {
    let key = EmailKey::parse(email)
        .map_err(|error| Failure::usage(format!("`{}` {error}", email.escape_debug())))?;
    Ok(Person {
        email: email.to_owned(),
        key,
        place: Place { source: 0, line: 0, column: 0 },
        first_name: Wish::Leave,
        last_name: Wish::Leave,
        username: Wish::Leave,
        is_admin: Wish::Leave,
        teams: Wish::Leave,
        keeps_other_teams: true,
        custom_fields: vec![],
        status,
        starts: None,
        ends: None,
        successor: None,
    })
}

fn wish(given: Option<String>) -> Wish<String> {
    given.map_or(Wish::Leave, Wish::Set)
}

pub(crate) fn provision(global: &Global, args: ProvisionArgs) -> Result<(), Failure> {
    let ProvisionArgs { email, first, last, username, team, admin, writing, planning, connection } = args;
    let place = Place { source: 0, line: 0, column: 0 };
    let person = Person {
        first_name: wish(first),
        last_name: wish(last),
        username: wish(username),
        is_admin: if admin { Wish::Set(true) } else { Wish::Leave },
        teams: if team.is_empty() { Wish::Leave } else { Wish::Set((team, place)) },
        ..person(&email, Status::Active)?
    };
    let people = People { persons: vec![person], ..People::default() };
    run_async(async {
        let rules = Rules::read(&planning)?;
        let connected = connect(&connection)?;
        let hold = hold_unless_dry(&connected, &connection, &writing).await?;
        let prepared = prepare(&connected, &people, rules, &planning, &connection).await?;
        carry_out(global, &connected, hold, prepared, &writing, &connection).await
    })
}

pub(crate) fn offboard(global: &Global, args: OffboardArgs) -> Result<(), Failure> {
    let OffboardArgs { email, successor, wait_until, mut writing, planning, connection } = args;
    let until = wait_until.as_deref().map(time::parse).transpose()?;
    let person = Person { successor, ..person(&email, Status::Departed)? };
    let key = person.key.clone();
    let people = People { persons: vec![person], ..People::default() };
    run_async(async {
        let rules = Rules::read(&planning)?;
        let connected = connect(&connection)?;
        let waits = until.is_some() && !writing.dry_run;
        // While it waits, others may go before it.
        let hold = if waits { None } else { hold_unless_dry(&connected, &connection, &writing).await? };
        let prepared = prepare(&connected, &people, rules, &planning, &connection).await?;
        let lookup = prepared.directory.lookup();
        let mate = lookup.teammate(&key);
        if mate.is_none() && prepared.planned.plan.body.actions.is_empty() {
            let known = prepared.directory.teammates.iter().map(|mate| mate.email.as_str());
            let meant = nearest(&email, known).map(|meant| format!("; did you mean {}?", print::safe(meant)));
            return Err(Failure::new(format!(
                "nobody has the address {}{}",
                print::safe(&email),
                meant.unwrap_or_default()
            )));
        }
        if let Some(mate) = mate.filter(|mate| mate.is_blocked && global.output == Output::Human) {
            print::note(&format!(
                "note: {} ({}) is deactivated already: is_blocked=true",
                print::safe(&mate.email),
                mate.id
            ));
        }
        let Some(until) = until.filter(|_| waits) else {
            return carry_out(global, &connected, hold, prepared, &writing, &connection).await;
        };
        // Asked and looked at now, and planned again when the time has come.
        applying::refuse(&prepared.planned.violations)?;
        approvals::require(
            &prepared.planned.plan,
            &prepared.rules.settings.approve,
            &[],
            &prepared.rules.folder,
        )?;
        asking::may_go_on(
            &writing,
            &format!("At {}: {}", time::iso(until), question(&prepared.planned.plan)),
        )?;
        writing.yes = true;
        wait(until).await;
        let hold = hold_unless_dry(&connected, &connection, &writing).await?;
        let rules =
            Rules { settings: prepared.rules.settings.clone(), folder: prepared.rules.folder.clone() };
        let prepared = planning::prepare(&connected, &people, rules, &planning, &connection).await?;
        carry_out(global, &connected, hold, prepared, &writing, &connection).await
    })
}

/// Waits until a time by the clock, which may be set meanwhile.
async fn wait(until: jiff::Timestamp) {
    print::note(&format!("waiting until {}", time::iso(until)));
    loop {
        let left = until.as_millisecond() - time::now().as_millisecond();
        let Ok(left @ 1..) = u64::try_from(left) else { return };
        tokio::time::sleep(Duration::from_millis(left).min(Duration::from_secs(30))).await;
    }
}
