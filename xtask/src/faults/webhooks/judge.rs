//! What must be true of the deliveries that came, whatever was killed on their way: each event came, in order about each
//! teammate, always under one id with the same bytes, and signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};

/// A delivery as it came.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    id: String,
    timestamp: String,
    signature: String,
    body: String,
    json: Value,
}

impl Arrival {
    /// From a request's headers, by name in lower case, and its body.
    pub(super) fn new(headers: &BTreeMap<String, String>, body: String) -> Self {
        let header = |name: &str| headers.get(name).cloned().unwrap_or_default();
        Self {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signature: header("webhook-signature"),
            json: serde_json::from_str(&body).unwrap_or_default(),
            body,
        }
    }

    /// Its place among the deliveries to the endpoint.
    pub(super) fn sequence(&self) -> i64 {
        self.json["sequence"].as_i64().unwrap_or_default()
    }

    /// Whether it tells that a teammate has a name.
    pub(super) fn tells(&self, teammate: &str, name: u64) -> bool {
        Told::read(&self.json).is_some_and(|told| told.teammate == teammate && told.name == name)
    }

    /// What must stand in `webhook-signature`.
    fn signature_by(&self, key: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
        mac.update(format!("{}.{}.", self.id, self.timestamp).as_bytes());
        mac.update(self.body.as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// What is told of an event, as far as it is judged. A teammate's names are numbers that rise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    event: String,
    teammate: String,
    name: u64,
}

impl Told {
    /// From an event about a teammate, as it is listed or delivered.
    pub(super) fn read(event: &Value) -> Option<Self> {
        let teammate = &event["target"]["data"];
        Some(Self {
            event: event["id"].as_str()?.to_owned(),
            teammate: teammate["id"].as_str()?.to_owned(),
            name: teammate["first_name"].as_str()?.parse().ok()?,
        })
    }
}

/// What was judged, and found right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Judged {
    /// Events, each of which came.
    pub(super) events: usize,
    /// Events that came more than once.
    pub(super) again: usize,
    /// Deliveries.
    pub(super) arrivals: usize,
}

/// Holds all deliveries that came, in their order, to the events that are listed. The error is the first thing that is wrong.
pub(super) fn judge(secret: &str, listed: &[Told], arrivals: &[Arrival]) -> Result<Judged, String> {
    let key = secret.strip_prefix("whsec_").and_then(|key| STANDARD.decode(key).ok());
    let key = key.ok_or("the secret is none")?;
    let mut bytes: BTreeMap<&str, &str> = BTreeMap::new();
    let mut again: BTreeSet<&str> = BTreeSet::new();
    let mut latest: BTreeMap<String, (i64, u64)> = BTreeMap::new();
    let mut came: BTreeMap<String, Told> = BTreeMap::new();
    for arrival in arrivals {
        let (id, body) = (arrival.id.as_str(), arrival.body.as_str());
        if arrival.signature != arrival.signature_by(&key) {
            return Err(format!("{id} came with a wrong signature"));
        }
        if let Some(before) = bytes.insert(id, body) {
            if before != body {
                return Err(format!("{id} came with other bytes: first {before}, then {body}"));
            }
            again.insert(id);
            continue;
        }
        let told = Told::read(&arrival.json).ok_or_else(|| format!("this tells of no teammate: {body}"))?;
        let place = (arrival.sequence(), told.name);
        let before = latest.insert(told.teammate.clone(), place).unwrap_or_default();
        if came.insert(told.event.clone(), told.clone()).is_some() {
            return Err(format!("{} came under two ids, one of them {id}", told.event));
        }
        if before.0 >= place.0 || before.1 >= place.1 {
            return Err(format!("{told:?} is out of order: sequence and name {place:?} after {before:?}"));
        }
    }
    for event in listed {
        let told = came.remove(&event.event).ok_or_else(|| format!("{event:?} never arrived"))?;
        if told != *event {
            return Err(format!("{event:?} was delivered as {told:?}"));
        }
    }
    if let Some(told) = came.values().next() {
        return Err(format!("{told:?} was delivered and is not listed"));
    }
    Ok(Judged { events: listed.len(), again: again.len(), arrivals: arrivals.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The bytes 0 to 31.
    const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn event(number: u64, teammate: &str) -> Value {
        json!({
            "sequence": number,
            "id": format!("evt_{number}"),
            "target": { "data": { "id": teammate, "first_name": number.to_string() } },
        })
    }

    fn unsigned(id: &str, body: &str) -> Arrival {
        let headers = [("webhook-id", id), ("webhook-timestamp", "1790000000")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Arrival::new(&BTreeMap::from(headers), body.to_owned())
    }

    fn arrival_of(id: &str, event: &Value) -> Arrival {
        let mut arrival = unsigned(id, &event.to_string());
        arrival.signature = arrival.signature_by(&STANDARD.decode(&SECRET[6..]).unwrap());
        arrival
    }

    fn arrival(number: u64, teammate: &str) -> Arrival {
        arrival_of(&format!("whk_1-evt_{number}"), &event(number, teammate))
    }

    fn listed() -> Vec<Told> {
        let events = [event(3, "tea_1"), event(2, "tea_2"), event(1, "tea_1")];
        events.iter().filter_map(Told::read).collect()
    }

    fn fault(arrivals: &[Arrival]) -> String {
        judge(SECRET, &listed(), arrivals).unwrap_err()
    }

    #[test]
    fn deliveries_that_came_twice_and_out_of_order_of_others_are_right() {
        let [one, two, three] = [arrival(1, "tea_1"), arrival(2, "tea_2"), arrival(3, "tea_1")];
        let arrivals = [one.clone(), three, one, two];
        let judged = judge(SECRET, &listed(), &arrivals);
        assert_eq!(judged, Ok(Judged { events: 3, again: 1, arrivals: 4 }));
    }

    #[test]
    fn the_judge_sees_an_event_that_never_came_and_one_that_nobody_knows() {
        assert!(fault(&[arrival(1, "tea_1"), arrival(2, "tea_2")]).contains("never arrived"));
        let all = [arrival(1, "tea_1"), arrival(2, "tea_2"), arrival(3, "tea_1"), arrival(4, "tea_1")];
        assert!(fault(&all).contains("is not listed"));
    }

    #[test]
    fn the_judge_sees_what_is_out_of_order() {
        let swapped = [arrival(3, "tea_1"), arrival(2, "tea_2"), arrival(1, "tea_1")];
        assert!(fault(&swapped).contains("out of order"));
    }

    #[test]
    fn the_judge_sees_other_bytes_under_one_id_and_one_event_under_two() {
        let other = arrival_of("whk_1-evt_1", &event(2, "tea_2"));
        assert!(fault(&[arrival(1, "tea_1"), other]).contains("other bytes"));
        let other = arrival_of("whk_1-evt_9", &event(1, "tea_1"));
        assert!(fault(&[arrival(1, "tea_1"), other]).contains("two ids"));
    }

    #[test]
    fn the_judge_sees_a_wrong_signature() {
        let mut forged = arrival(1, "tea_1");
        forged.timestamp = "1790000001".to_owned();
        assert!(fault(&[forged]).contains("wrong signature"));
    }

    #[test]
    fn the_signature_is_the_known_one() {
        // As Python's `hmac` makes it.
        let body = r#"{"type":"teammate.updated","id":"evt_2f","target":{"data":{"first_name":"Zoë"}}}"#;
        let key: Vec<u8> = (0..32).collect();
        let signature = unsigned("whk_1_evt_2f", body).signature_by(&key);
        assert_eq!(signature, "v1,PstSSm3WWj7oIyT2NIQDDhdNG5M9S0O5viqSsLuDJxE=");
    }
}
