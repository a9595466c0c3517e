//! What changed between two looks at the teammates: the alternative to webhooks, by polling.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use tenure_client::{Teammate, TeammateId};

/// What is kept of a look, to go on from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// The teammates, by id.
    pub teammates: BTreeMap<TeammateId, Teammate>,
}

/// Something that happened between two looks, in the words of the API's events.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// `teammate.created`, `teammate.updated`, `teammate.deleted` (it was blocked), `teammate.gone`.
    pub name: &'static str,
    /// Whom it is about.
    pub teammate_id: TeammateId,
    /// The address, as it is now.
    pub email: String,
    /// What changed, by field: before and after.
    pub changes: BTreeMap<String, (Value, Value)>,
}

impl Look {
    /// A look at some teammates.
    pub fn at(teammates: Vec<Teammate>) -> Self {
        Self { teammates: teammates.into_iter().map(|mate| (mate.id.clone(), mate)).collect() }
    }

    /// What happened until a later look.
    pub fn until(&self, later: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (id, now) in &later.teammates {
            match self.teammates.get(id) {
                None => changes.push(change("teammate.created", now, BTreeMap::new())),
                Some(before) if before != now => {
                    let fields = fields(before, now);
                    let name = if now.is_blocked && !before.is_blocked {
                        "teammate.deleted"
                    } else {
                        "teammate.updated"
                    };
                    changes.push(change(name, now, fields));
                }
                Some(_) => {}
            }
        }
        let gone = self.teammates.iter().filter(|(id, _)| !later.teammates.contains_key(*id));
        changes.extend(gone.map(|(_, mate)| change("teammate.gone", mate, BTreeMap::new())));
        changes
    }
}

fn change(name: &'static str, mate: &Teammate, changes: BTreeMap<String, (Value, Value)>) -> Change {
    Change { name, teammate_id: mate.id.clone(), email: mate.email.clone(), changes }
}

fn fields(before: &Teammate, now: &Teammate) -> BTreeMap<String, (Value, Value)> {
    let as_map = |mate: &Teammate| match serde_json::to_value(mate) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (before, now) = (as_map(before), as_map(now));
    let names: std::collections::BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let of =
        |fields: &serde_json::Map<String, Value>, name: &str| fields.get(name).cloned().unwrap_or_default();
    let differ = names.into_iter().filter(|name| before.get(*name) != now.get(*name));
    differ.map(|name| (name.clone(), (of(&before, name), of(&now, name)))).collect()
}
