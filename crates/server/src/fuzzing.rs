//! What the fuzzers feed (`fuzz/`), and what the tests feed with the corpora that they left: one function for each parser
//! of outside input. Each holds what comes out of the parser to what must be true of it, and panics where it is not.

use crate::http::head_scan::HeadScan;
use crate::http::idempotency::key_of;
use crate::http::json::Json;
use crate::http::limits::Limits;
use crate::http::page_key::PageKey;
use crate::http::problem::Problem;
use crate::last_used::LastUsed;
use crate::operator::Operator;
use crate::operator::socket::carry_out;
use crate::outside::{SystemClock, SystemRandomness};
use crate::rest::error::body_of;
use crate::rest::page_token::Cursor;
use crate::rest::teammates::{create_command, update_command};
use crate::scim::{Kind, Person, Sight, resource_type};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use std::cell::RefCell;
use std::sync::Arc;
use tenure_delivery::webhook::egress::EgressRules;
use tenure_directory::email::EmailAddress;
use tenure_directory::occasion::Occasion;
use tenure_directory::secret::SecretText;
use tenure_directory::{Actor, Command, Company, CompanyId, Event, Recorded, RegistryCommand, Timestamp};
use tenure_engine::Engine;
use tenure_journal::MemoryJournal;
use tenure_scim::{Filter, PatchPath, PatchRequest, Resource, Test, patch};

/// How many inputs an operator's node takes before it is made anew.
const INPUTS_OF_A_NODE: u32 = 500;

/// A body of `POST /teammates` and of `PATCH /teammates/{id}`: what is taken is decided, and what is decided survives being
/// written and read; what is refused has an error for people.
pub fn body(bytes: &[u8]) {
    let limits = Limits::default();
    let Ok(json) = Json::parse(bytes, limits.json_depth) else { return };
    let canonical = serde_json::to_vec(&json.canonical()).expect("a JSON value has a JSON form");
    let again = Json::parse(&canonical, limits.json_depth).expect("the canonical spelling reads back");
    assert_eq!(again.canonical(), json.canonical());
    let company = sample();
    let teammate = company.teammates.values().next().expect("the sample has a teammate").clone();
    match create_command(json.clone(), &company) {
        Ok(command) => decided(&company, Command::CreateTeammate(command)),
        Err(problem) => refused(&problem),
    }
    match update_command(json, "http://tenure.test", &company, &teammate) {
        Ok(command) => decided(&company, Command::UpdateTeammate(command)),
        Err(problem) => refused(&problem),
    }
}

/// The bytes of a connection: however they are cut, the same heads are refused.
pub fn head(bytes: &[u8]) {
    let whole = HeadScan::default().look(bytes);
    let mut scan = HeadScan::default();
    let bytewise = bytes.iter().try_for_each(|byte| scan.look(std::slice::from_ref(byte)));
    assert_eq!(whole, bytewise);
}

/// A page token: only what was sealed opens, and only for whom it was sealed.
pub fn page_token(bytes: &[u8]) {
    let (key, company) = (PageKey::new([7; 32]), CompanyId::new(1));
    let text = String::from_utf8_lossy(bytes);
    if let Some(cursor) = Cursor::open(&key, company, "/teammates", &text) {
        assert_eq!(cursor.seal(&key, company, "/teammates"), text, "a token that nobody made was opened");
    }
    let mut number = [0; 8];
    for (place, byte) in number.iter_mut().zip(bytes) {
        *place = *byte;
    }
    let cursor = Cursor { after: u64::from_be_bytes(number), limit: bytes.first().copied().unwrap_or(1) };
    let sealed = cursor.seal(&key, company, &text);
    assert_eq!(Cursor::open(&key, company, &text, &sealed), Some(cursor));
    assert_eq!(Cursor::open(&key, CompanyId::new(2), &text, &sealed), None);
}

/// A SCIM filter or path: what is read is printed so that it reads the same again, and can be put to any resource.
pub fn scim_filter(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let company = sample();
    let users = resource_type(&company, Kind::User);
    if let Ok(filter) = Filter::parse(&text) {
        // Printed with all its parentheses and digits it can be beyond a limit.
        if let Ok(again) = Filter::parse(&filter.to_string()) {
            assert_eq!(again, filter);
        }
        if let Ok(test) = Test::of(&filter, &users) {
            let teammate = company.teammates.values().next().expect("the sample has a teammate");
            let sight =
                Sight { base: "http://tenure.test/scim/v2", company: &company, now: Timestamp::from_ms(0) };
            let user = sight.user(teammate);
            let negated = Filter::Not(Box::new(filter));
            let negated = Test::of(&negated, &users).expect("what can be asked can be denied");
            assert_ne!(test.holds(&user), negated.holds(&user));
        }
    }
    if let Ok(path) = PatchPath::parse(&text)
        && let Ok(again) = PatchPath::parse(&path.to_string())
    {
        assert_eq!(again, path);
    }
}

/// A SCIM PATCH of a user and of a group: all of it applies or nothing does, nothing unassigned is left, and what comes of it
/// is decided.
pub fn scim_patch(bytes: &[u8]) {
    let Ok(json) = Json::parse(bytes, Limits::default().json_depth) else { return };
    let Ok(request) = PatchRequest::parse(&json.into_value()) else { return };
    let company = sample();
    let teammate = company.teammates.values().next().expect("the sample has a teammate");
    let sight = Sight { base: "http://tenure.test/scim/v2", company: &company, now: Timestamp::from_ms(0) };
    let users = resource_type(&company, Kind::User);
    let before = sight.user(teammate);
    let mut after = before.clone();
    if patch::apply(&users, &mut after, &request.operations).is_ok() {
        assert!(after.values().all(is_assigned), "something unassigned was left behind");
        if let Ok(person) = Person::read(&company, after) {
            decided(&company, Command::UpdateTeammate(person.update(teammate)));
        }
    } else {
        assert_eq!(after, before, "a refused PATCH changed something");
    }
    let groups = resource_type(&company, Kind::Group);
    if let Ok((_, others)) = patch::edits_of(&groups, "members", &request.operations) {
        let mut group = Resource::from_iter([("displayName".to_owned(), "Support".into())]);
        if patch::apply(&groups, &mut group, &others).is_ok() {
            assert!(!group.contains_key("members"), "an edit of members stayed among the other operations");
        }
    }
}

fn is_assigned(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Null => false,
        serde_json::Value::Array(values) => !values.is_empty() && values.iter().all(is_assigned),
        serde_json::Value::Object(parts) => !parts.is_empty() && parts.values().all(is_assigned),
        serde_json::Value::String(text) => !text.is_empty(),
        serde_json::Value::Bool(_) | serde_json::Value::Number(_) => true,
    }
}

/// The text of a token: what is read tells nothing of itself.
pub fn token(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(secret) = SecretText::parse(&text) {
        assert!(text.starts_with(secret.kind().prefix()));
        assert!(!format!("{secret:?}").contains(text.as_ref()));
    }
}

/// An address: what is taken is kept as it is, reads back, and shares its key with its other spellings.
pub fn email(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(address) = EmailAddress::parse(&text) else { return };
    assert_eq!(address.as_str(), text);
    let (local, domain) = text.split_once('@').expect("an address has an @");
    // An accent that follows its letter makes one character of the two, and only ASCII letters have another case here.
    let local = if local.is_ascii() { local.to_ascii_uppercase() } else { local.to_owned() };
    for other in [format!("{local}@{domain}"), format!("{local}@{}", domain.to_ascii_uppercase())] {
        let other = EmailAddress::parse(&other).expect("another spelling is an address too");
        assert_eq!(other.key(), address.key());
    }
    let body = serde_json::to_vec(&serde_json::json!({ "email": text })).expect("a text has a JSON form");
    self::body(&body);
}

/// The value of `Idempotency-Key`: the quoted and the bare spelling are one key.
pub fn idempotency_key(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    match key_of(&with_key(value)) {
        Err(problem) => refused(&problem),
        Ok(key) => {
            let key = key.expect("a header that is there is a key or a fault");
            let quoted = HeaderValue::from_str(&format!("\"{key}\"")).expect("a key fits a header");
            assert_eq!(key_of(&with_key(quoted)).expect("a quoted key is a key"), Some(key));
        }
    }
}

/// A line on the operator socket: it is carried out or refused with words, whatever it is.
pub fn operator(bytes: &[u8]) {
    NODE.with_borrow_mut(|node| {
        if node.inputs >= INPUTS_OF_A_NODE {
            *node = OperatorNode::new();
        }
        node.inputs += 1;
        let mut line = bytes.to_vec();
        line.push(b'\n');
        if let Err(error) = node.runtime.block_on(carry_out(&node.operator, &line)) {
            assert!(!error.message.is_empty());
        }
    });
}

fn with_key(value: HeaderValue) -> HeaderMap {
    HeaderMap::from_iter([(HeaderName::from_static("idempotency-key"), value)])
}

fn refused(problem: &Problem) {
    assert!(problem.status.is_client_error(), "{problem:?}");
    assert!(!problem.message.is_empty());
    serde_json::from_slice::<serde_json::Value>(&body_of(problem)).expect("an error is JSON");
}

fn decided(company: &Company, command: Command) {
    let occasion = Occasion { now: Timestamp::from_ms(1_800_000_000_000), actor: Actor::Operator };
    let Ok(events) = company.decide(&command, &occasion) else { return };
    for event in events {
        let encoded = event.encode();
        let read = Event::decode(encoded.name, &encoded.body, encoded.personal.as_deref());
        assert_eq!(read.expect("a written event is read"), event);
        let recorded =
            Recorded { version: company.version.next(), time: occasion.now, actor: occasion.actor, event };
        let after = company.clone().evolve(&recorded);
        assert_eq!(
            Company::from_bytes(&after.to_bytes()).expect("a state reads back").to_bytes(),
            after.to_bytes()
        );
    }
}

/// A company with one administrator.
fn sample() -> Company {
    let occasion = Occasion { now: Timestamp::from_ms(1_700_000_000_000), actor: Actor::Operator };
    let command = create_command(
        Json::parse(br#"{"email":"ana@example.com","is_admin":true}"#, 2).expect("the text is JSON"),
        &Company::unborn(CompanyId::new(1)),
    );
    let command = Command::CreateTeammate(command.expect("the body is valid"));
    let company = Company::unborn(CompanyId::new(1));
    let events = company.decide(&command, &occasion).expect("nobody is there yet");
    events.into_iter().fold(company, |company, event| {
        let version = company.version.next();
        company.evolve(&Recorded { version, time: occasion.now, actor: occasion.actor, event })
    })
}

/// A node in memory with one company, and the operator of it.
struct OperatorNode {
    runtime: tokio::runtime::Runtime,
    operator: Operator,
    inputs: u32,
}

impl OperatorNode {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime without threads can be made");
        let operator = runtime.block_on(async {
            let journal = Arc::new(MemoryJournal::new());
            let opened = Engine::open(journal, Arc::new(SystemClock), Arc::new(SystemRandomness), 8).await;
            let (engine, writer) = opened.expect("an empty journal opens");
            tokio::spawn(writer.run());
            let name = tenure_directory::text::CompanyName::parse("Acme").expect("the name is valid");
            let command = RegistryCommand::CreateCompany { name, slug: None };
            engine.ask_registry(command, Actor::Operator).await.expect("the first company can be made");
            let last_used = LastUsed::open(std::path::PathBuf::new());
            Operator::new(engine, last_used, None, EgressRules::strict())
        });
        Self { runtime, operator, inputs: 0 }
    }
}

thread_local! {
    static NODE: RefCell<OperatorNode> = RefCell::new(OperatorNode::new());
}
