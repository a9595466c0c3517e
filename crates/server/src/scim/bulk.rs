//! Bulk (RFC 7644, section 3.7): many writes in one request and one durable commit. Each stands for itself: one that fails
//! leaves the others.

use crate::http::conditional::TagCondition;
use crate::scim::address::{Kind, Target};
use crate::scim::error::{ScimError, ScimResult};
use crate::scim::requests::{Ask, log_unknown};
use crate::scim::writes::{Asked, Manner, Write, Written, carry_out as write};
use hyper::StatusCode;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tenure_directory::Urgency;
use tenure_directory::text::repeated;
use tenure_engine::Turn;
use tenure_scim::{BULK_RESPONSE, BulkMethod, BulkOperation, BulkRequest, Change, Fault, Operation, core};

/// The most operations of one bulk.
pub(crate) const MAX_OPERATIONS: usize = 1000;
const REFERENCE: &str = "bulkId:";

/// Carries out a bulk; the bytes of its answer.
pub(crate) async fn carry_out(ask: &Ask<'_>, sent: &Value) -> ScimResult<Vec<u8>> {
    let request = BulkRequest::parse(sent)?;
    if request.operations.len() > MAX_OPERATIONS {
        let detail = format!(
            "a bulk takes at most {MAX_OPERATIONS} operations, and this one has {}; send several",
            request.operations.len()
        );
        return Err(ScimError::new(StatusCode::PAYLOAD_TOO_LARGE, "scim.too_many_operations", detail));
    }
    let (base, now) = (ask.base.clone(), ask.app.engine.now());
    let run = move |turn: &mut Turn<'_>| Progress::new(&request).run(turn, &base, now);
    let engine = &ask.app.engine;
    let results = engine.take_turn(ask.caller.company.id, ask.actor(), Urgency::Normal, run).await?;
    let mut operations = Vec::with_capacity(results.len());
    for Done { method, bulk_id, location, outcome } in results {
        if let Ok(written) = &outcome {
            log_unknown(written);
        }
        operations.push(shown(method, bulk_id, location, outcome));
    }
    let answer = json!({"schemas": [BULK_RESPONSE], "Operations": operations});
    Ok(answer.to_string().into_bytes())
}

fn shown(
    method: Option<BulkMethod>,
    bulk_id: Option<String>,
    location: Option<String>,
    outcome: ScimResult<Written>,
) -> Value {
    let mut shown = serde_json::Map::new();
    if let Some(method) = method {
        shown.insert("method".to_owned(), method.as_str().into());
    }
    if let Some(bulk_id) = bulk_id {
        shown.insert("bulkId".to_owned(), bulk_id.into());
    }
    match outcome {
        Ok(written) => {
            shown.insert("location".to_owned(), written.location.into());
            if let Some(tag) = written.tag {
                shown.insert("version".to_owned(), tag.to_string().into());
            }
            shown.insert("status".to_owned(), written.status.as_u16().to_string().into());
        }
        Err(error) => {
            shown.extend(location.map(|location| ("location".to_owned(), location.into())));
            shown.insert("status".to_owned(), error.status().as_u16().to_string().into());
            shown.insert("response".to_owned(), error.to_json());
        }
    }
    Value::Object(shown)
}

/// What came of an operation.
struct Done {
    method: Option<BulkMethod>,
    bulk_id: Option<String>,
    /// What it was about, where that was there before.
    location: Option<String>,
    outcome: ScimResult<Written>,
}

/// How far a bulk has come. An operation waits until all that it refers to is made; those that wait for each other in a
/// circle are made without what closes it, which is filled in at the end (RFC 7644, section 3.7.1).
struct Progress<'r> {
    request: &'r BulkRequest,
    /// What the bulk itself makes.
    to_be_made: BTreeSet<&'r str>,
    /// Which operations wait for a name, and for how many names each waits.
    waiting_for: BTreeMap<&'r str, Vec<usize>>,
    waits: Vec<usize>,
    /// The ids of what was made, by what the bulk calls it.
    made: BTreeMap<&'r str, String>,
    done: BTreeMap<usize, Done>,
    /// Whose manager is to be filled in: the operation, the id, and what the bulk calls the manager.
    unfinished: Vec<(usize, String, String)>,
    errors: u64,
}

impl<'r> Progress<'r> {
    fn new(request: &'r BulkRequest) -> Self {
        let operations = || request.operations.iter().map(|operation| operation.as_ref().ok());
        let posts = operations().flatten().filter(|operation| operation.method == BulkMethod::Post);
        let to_be_made: BTreeSet<&str> = posts.filter_map(|operation| operation.bulk_id.as_deref()).collect();
        let (mut waiting_for, mut waits) = (BTreeMap::<&str, Vec<usize>>::new(), Vec::new());
        for (at, operation) in operations().enumerate() {
            let names: BTreeSet<&str> = operation.map(references).into_iter().flatten().collect();
            let names: Vec<_> = names.intersection(&to_be_made).copied().collect();
            waits.push(names.len());
            for name in names {
                waiting_for.entry(name).or_default().push(at);
            }
        }
        let (made, done) = (BTreeMap::new(), BTreeMap::new());
        Self { request, to_be_made, waiting_for, waits, made, done, unfinished: vec![], errors: 0 }
    }

    fn run(mut self, turn: &mut Turn<'_>, base: &str, now: tenure_directory::Timestamp) -> Vec<Done> {
        let everything = Asked::default();
        let mut waiting: Vec<usize> = (0..self.request.operations.len()).collect();
        while !waiting.is_empty() && !self.is_given_up() {
            let before = waiting.len();
            waiting.retain(|at| {
                if self.is_given_up() || self.waits[*at] > 0 {
                    return true;
                }
                self.carry_out(*at, turn, base, now, &everything, false);
                false
            });
            if waiting.len() == before && !self.is_given_up() {
                // Nothing is ready: there is a circle. The first that can be made without what closes it opens it.
                let opening = waiting.iter().position(|at| self.opens_a_circle(*at)).unwrap_or(0);
                let at = waiting.remove(opening);
                self.carry_out(at, turn, base, now, &everything, true);
            }
        }
        self.finish(turn, base, now, &everything);
        self.done.into_values().collect()
    }

    /// It is known what a name stands for, or that it never will stand for anything.
    fn settle(&mut self, name: &str) {
        for at in self.waiting_for.remove(name).unwrap_or_default() {
            self.waits[at] -= 1;
        }
    }

    fn is_given_up(&self) -> bool {
        self.request.fail_on_errors.is_some_and(|most| most > 0 && self.errors >= most)
    }

    fn operation(&self, at: usize) -> Option<&'r BulkOperation> {
        self.request.operations.get(at).and_then(|operation| operation.as_ref().ok())
    }

    /// Whether an operation only waits for who is to be the manager.
    fn opens_a_circle(&self, at: usize) -> bool {
        let Some(operation) = self.operation(at) else { return false };
        let waits_for_manager =
            manager_of(&operation.data).is_some_and(|manager| self.waiting_for.contains_key(manager));
        operation.method == BulkMethod::Post && self.waits[at] == 1 && waits_for_manager
    }

    fn carry_out(
        &mut self,
        at: usize,
        turn: &mut Turn<'_>,
        base: &str,
        now: tenure_directory::Timestamp,
        asked: &Asked,
        opens_a_circle: bool,
    ) {
        let operation = match &self.request.operations[at] {
            Ok(operation) => operation,
            Err((bulk_id, fault)) => {
                self.note(at, None, bulk_id.clone(), None, Err(fault.clone().into()));
                return;
            }
        };
        let mut data = operation.data.clone();
        let mut manager = None;
        if opens_a_circle && self.opens_a_circle(at) {
            manager = manager_of(&data).map(str::to_owned);
            remove_manager(&mut data);
        }
        let outcome = self.written(operation, data, turn, base, now, asked);
        if let (Some(name), BulkMethod::Post) = (operation.bulk_id.as_deref(), operation.method) {
            if let Ok(written) = &outcome {
                let id = written.location.rsplit('/').next().unwrap_or_default().to_owned();
                self.unfinished.extend(manager.map(|manager| (at, id.clone(), manager)));
                self.made.insert(name, id);
            }
            self.settle(name);
        }
        let target = self.target(operation).ok();
        let location = target.and_then(|(kind, id)| Some(format!("{base}{}/{}", kind.endpoint(), id?)));
        self.note(at, Some(operation.method), operation.bulk_id.clone(), location, outcome);
    }

    fn note(
        &mut self,
        at: usize,
        method: Option<BulkMethod>,
        bulk_id: Option<String>,
        location: Option<String>,
        outcome: ScimResult<Written>,
    ) {
        self.errors += u64::from(outcome.is_err());
        self.done.insert(at, Done { method, bulk_id, location, outcome });
    }

    fn written(
        &self,
        operation: &BulkOperation,
        mut data: Value,
        turn: &mut Turn<'_>,
        base: &str,
        now: tenure_directory::Timestamp,
        asked: &Asked,
    ) -> ScimResult<Written> {
        let is_named_twice = operation.method == BulkMethod::Post
            && operation.bulk_id.as_deref().is_some_and(|name| self.made.contains_key(name));
        if is_named_twice {
            return Err(
                Fault::value("another POST in this bulk has the same `bulkId`; give each its own").into()
            );
        }
        self.resolve(&mut data)?;
        let (kind, id) = self.target(operation)?;
        let condition = operation.version.as_deref().map_or(Ok(TagCondition::None), TagCondition::parse)?;
        let what = match (operation.method, id) {
            (BulkMethod::Post, None) => Write::Create(kind, data),
            (BulkMethod::Put, Some(id)) => Write::Replace(kind, id, data),
            (BulkMethod::Patch, Some(id)) => Write::patch(kind, id, &data)?,
            (BulkMethod::Delete, Some(id)) => Write::Delete(kind, id),
            (BulkMethod::Post, Some(_)) => {
                return Err(ScimError::new(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "request.method_not_allowed",
                    "a POST goes to /Users or /Groups",
                ));
            }
            (method, None) => {
                let detail = format!("a {} goes to one resource, such as /Users/{{id}}", method.as_str());
                return Err(ScimError::new(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "request.method_not_allowed",
                    detail,
                ));
            }
        };
        write(turn, &what, Manner { base, now, condition: &condition, asked })
    }

    fn target(&self, operation: &BulkOperation) -> ScimResult<(Kind, Option<String>)> {
        let segments: Vec<&str> = operation.path.split('/').filter(|segment| !segment.is_empty()).collect();
        match Target::of(&segments) {
            Target::All(kind) => Ok((kind, None)),
            Target::One(kind, id) => match id.strip_prefix(REFERENCE) {
                Some(name) => Ok((kind, Some(self.id_of(name)?.to_owned()))),
                None => Ok((kind, Some(id))),
            },
            _ => {
                let detail = "the `path` of an operation is /Users, /Groups, or one of their resources";
                Err(Fault::value(detail).into())
            }
        }
    }

    /// What a name of the bulk stands for.
    fn id_of(&self, name: &str) -> ScimResult<&str> {
        if let Some(id) = self.made.get(name) {
            return Ok(id);
        }
        let is_known = self.to_be_made.contains(name);
        let name = repeated(&name.chars().take(80).collect::<String>());
        if is_known {
            let detail = format!("bulkId:{name} was not made, so what refers to it cannot be either");
            return Err(ScimError::new(StatusCode::CONFLICT, "scim.unresolved_bulk_id", detail));
        }
        let detail = format!("bulkId:{name} is of no POST in this bulk");
        Err(Fault::value(detail).into())
    }

    /// Puts ids in the places of names.
    fn resolve(&self, data: &mut Value) -> ScimResult<()> {
        match data {
            Value::String(text) => {
                if let Some(name) = text.strip_prefix(REFERENCE) {
                    *text = self.id_of(name)?.to_owned();
                }
                Ok(())
            }
            Value::Array(values) => values.iter_mut().try_for_each(|value| self.resolve(value)),
            Value::Object(object) => object.values_mut().try_for_each(|value| self.resolve(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        }
    }

    /// Fills in what closes the circles.
    fn finish(&mut self, turn: &mut Turn<'_>, base: &str, now: tenure_directory::Timestamp, asked: &Asked) {
        for (at, id, manager) in std::mem::take(&mut self.unfinished) {
            let finished = self.id_of(&manager).map(str::to_owned).and_then(|manager| {
                let operation = Operation {
                    change: Change::Replace,
                    path: Some(format!("{}:manager", core::ENTERPRISE_USER)),
                    value: json!({"value": manager}),
                };
                let what = Write::Patch(Kind::User, id, vec![operation]);
                write(turn, &what, Manner { base, now, condition: &TagCondition::None, asked })
            });
            // The user is made. One whose manager could not be is without a manager, and the log tells it.
            let Some(Done { outcome: Ok(made), .. }) = self.done.get_mut(&at) else { continue };
            match finished {
                Ok(finished) => made.tag = finished.tag,
                Err(_) => made.unknown.push(format!("{}:manager", core::ENTERPRISE_USER)),
            }
        }
    }
}

/// The names that an operation refers to.
fn references(operation: &BulkOperation) -> impl Iterator<Item = &str> {
    let mut found = Vec::new();
    collect(&operation.data, &mut found);
    let of_path = operation.path.rsplit('/').find(|segment| !segment.is_empty());
    found.extend(of_path.and_then(|segment| segment.strip_prefix(REFERENCE)));
    found.into_iter()
}

fn collect<'v>(data: &'v Value, found: &mut Vec<&'v str>) {
    match data {
        Value::String(text) => found.extend(text.strip_prefix(REFERENCE)),
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Object(object) => object.values().for_each(|value| collect(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What a bulk calls the manager of a user in it.
fn manager_of(data: &Value) -> Option<&str> {
    data.get(core::ENTERPRISE_USER)?.get("manager")?.get("value")?.as_str()?.strip_prefix(REFERENCE)
}

fn remove_manager(data: &mut Value) {
    if let Some(Value::Object(enterprise)) = data.get_mut(core::ENTERPRISE_USER) {
        enterprise.remove("manager");
    }
}
