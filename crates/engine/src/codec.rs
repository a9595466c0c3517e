//! Between the directory's events and the journal's: the one place where the two vocabularies meet.

use crate::engine::ReadError;
use crate::outside::Randomness;
use tenure_directory::{
    Actor, CompanyId, Encoded, Event, Recorded, RegistryEvent, Timestamp, Undecodable, Version,
};
use tenure_journal as journal;
use tenure_journal::{NewEvent, NewPersonal, StoredEvent};

pub(crate) fn stream_of(company: CompanyId) -> journal::Stream {
    journal::Stream(company.number())
}

pub(crate) fn journal_version(version: Version) -> journal::Version {
    journal::Version(version.number())
}

pub(crate) fn directory_version(version: journal::Version) -> Version {
    Version::new(version.0)
}

pub(crate) fn to_journal(
    encoded: Encoded,
    subjects: Vec<String>,
    time: Timestamp,
    actor: Actor,
    randomness: &dyn Randomness,
) -> NewEvent {
    let Encoded { name, body, personal } = encoded;
    let personal = personal.map(|data| NewPersonal { salt: randomness.bytes(), data });
    NewEvent { time_ms: time.as_ms(), actor: actor.to_string(), name, body, personal, subjects }
}

fn recorded<E>(
    stored: &StoredEvent,
    decode: impl FnOnce(&str, &str, Option<&str>) -> Result<E, Undecodable>,
) -> Result<Recorded<E>, ReadError> {
    let undecodable = |error: &dyn std::fmt::Display| {
        ReadError::Undecodable(format!("stream {}, version {}: {error}", stored.stream, stored.version))
    };
    let event =
        decode(&stored.name, &stored.body, stored.personal.as_deref()).map_err(|e| undecodable(&e))?;
    let actor = stored.actor.parse().map_err(|e| undecodable(&e))?;
    Ok(Recorded {
        version: directory_version(stored.version),
        time: Timestamp::from_ms(stored.time_ms),
        actor,
        event,
    })
}

/// Reads a stored event of a company.
pub(crate) fn company_event(stored: &StoredEvent) -> Result<Recorded, ReadError> {
    recorded(stored, Event::decode)
}

/// Reads a stored event of the registry.
pub(crate) fn registry_event(stored: &StoredEvent) -> Result<Recorded<RegistryEvent>, ReadError> {
    recorded(stored, RegistryEvent::decode)
}
