//! Another SCIM server as the source of people.

use crate::digest::sha256_hex;
use crate::people::field::Field;
use crate::people::{Given, People, PeopleProblem, Place, Reading, Source, Status};
use crate::settings::Settings;
use serde_json::Value;
use std::time::SystemTime;
use tenure_client::ScimUser;

/// The Users of a SCIM server as rows. Who is not active there has departed.
pub fn from_scim(name: &str, users: &[ScimUser], settings: &Settings) -> Result<People, Vec<PeopleProblem>> {
    let mut reading = Reading { people: People::default(), problems: vec![], settings };
    let digest = sha256_hex(&serde_json::to_vec(users).unwrap_or_default());
    let modified = Some(SystemTime::now());
    reading.people.sources.push(Source {
        name: name.to_owned(),
        sha256: digest,
        rows: users.len(),
        modified,
        is_changed: false,
    });
    for (line, user) in (1..).zip(users) {
        let place = Place { source: 0, line, column: 0 };
        let names = user.name.clone().unwrap_or_default();
        let text = |text: Option<String>| Given::Value(text.map_or(Value::Null, Value::String));
        let cells = [
            (&Field::Email, place, Given::Text(user.email())),
            (&Field::FirstName, place, text(names.given_name)),
            (&Field::LastName, place, text(names.family_name)),
        ];
        let before = reading.people.persons.len();
        reading.row(place, cells);
        if let Some(person) = reading.people.persons.get_mut(before) {
            person.status = if user.active { Status::Active } else { Status::Departed };
        }
    }
    if reading.problems.is_empty() { Ok(reading.people) } else { Err(reading.problems) }
}
