//! The desired state: who is to have an account, as people files say it.

mod csv_file;
mod exports;
mod field;
mod scim_source;
mod structured;

pub use field::Field;
pub use scim_source::from_scim;

use crate::address::EmailKey;
use crate::digest::sha256_hex;
use crate::settings::Settings;
use jiff::civil::Date;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::SystemTime;

/// Where something stands: in which source, on which line, and from which character or, in a CSV file, in which column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The number of the source, from 0.
    pub source: usize,
    /// The line, from 1; 0 where there is none.
    pub line: u64,
    /// The column, from 1; 0 where the whole line is meant.
    pub column: u64,
}

/// What a cell asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish<T> {
    /// Nothing: the cell is empty, or there is no such column.
    Leave,
    /// That there is no value.
    Clear,
    /// This value.
    Set(T),
}

impl<T> Wish<T> {
    /// The value, if one is asked for.
    pub const fn set(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Leave | Self::Clear => None,
        }
    }
}

/// Whether a person is to have an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// An account that works.
    Active,
    /// No account that works.
    Departed,
    /// Neither is asked for: the source does not know, as with a suspended person.
    Unclear,
}

/// One row of a people file.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// The address, as it was written.
    pub email: String,
    /// The address as a key.
    pub key: EmailKey,
    /// Where the row is.
    pub place: Place,
    /// The first name.
    pub first_name: Wish<String>,
    /// The last name.
    pub last_name: Wish<String>,
    /// The user name.
    pub username: Wish<String>,
    /// Whether it is an administrator.
    pub is_admin: Wish<bool>,
    /// Names or ids of all its teams, with where they are written.
    pub teams: Wish<(Vec<String>, Place)>,
    /// Whether it stays in teams that are not named: people files name all, a command line only those to join.
    pub keeps_other_teams: bool,
    /// Values of custom fields, by name.
    pub custom_fields: Vec<(String, Place, Wish<Value>)>,
    /// Whether it is to have an account.
    pub status: Status,
    /// The first day with an account.
    pub starts: Option<Date>,
    /// The last day with an account.
    pub ends: Option<Date>,
    /// The address of who takes over.
    pub successor: Option<String>,
}

/// What a person is to be on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// With an account that works.
    Present,
    /// Without one; with the reason.
    Absent(&'static str),
    /// As it is.
    Unclear,
}

impl Person {
    /// Whether the person is to have an account on a day; the first and the last day count.
    pub fn presence(&self, today: Date) -> Presence {
        match self.status {
            Status::Departed => Presence::Absent("status is departed"),
            Status::Unclear => Presence::Unclear,
            Status::Active if self.starts.is_some_and(|starts| today < starts) => {
                Presence::Absent("it starts later")
            }
            Status::Active if self.ends.is_some_and(|ends| today > ends) => {
                Presence::Absent("its last day is over")
            }
            Status::Active => Presence::Present,
        }
    }
}

/// A source of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name, as it was given.
    pub name: String,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// How many rows it has.
    pub rows: usize,
    /// When it was last written, where that is known.
    pub modified: Option<SystemTime>,
    /// Whether it is no longer what a plan was made from.
    pub is_changed: bool,
}

/// All rows of all sources.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct People {
    /// The sources.
    pub sources: Vec<Source>,
    /// The rows, in the order of the sources.
    pub persons: Vec<Person>,
    /// What is wrong with them. A plan is made only where nothing is; it tells these together with what it finds itself.
    pub problems: Vec<PeopleProblem>,
}

impl People {
    /// Where something stands, for people: `people.csv:12`.
    pub fn where_is(&self, place: Place) -> String {
        let name = self.sources.get(place.source).map_or("", |source| source.name.as_str());
        match (place.line, place.column) {
            (0, _) => name.to_owned(),
            (line, 0) => format!("{name}:{line}"),
            (line, column) => format!("{name}:{line}:{column}"),
        }
    }
}

/// Something wrong with a people file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeopleProblem {
    /// Where: `people.csv:12:3`.
    pub place: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl fmt::Display for PeopleProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// The SHA-256 of a file's bytes, as [`Source::sha256`] has it; none where it cannot be read.
pub fn sha256_of_file(path: &Path) -> Option<String> {
    std::fs::read(path).ok().map(|bytes| sha256_hex(&bytes))
}

/// A file to read.
#[derive(Debug, Clone)]
pub struct Input {
    /// Its name for people; its ending tells the format.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// When it was last written.
    pub modified: Option<SystemTime>,
}

/// People files larger than this are refused.
const FILE_AT_MOST: u64 = 1024 * 1024 * 1024;

impl Input {
    /// Reads a file; or what keeps it from being read.
    pub fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let facts = std::fs::metadata(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
        if facts.len() > FILE_AT_MOST {
            return Err(format!("{shown} is larger than 1 GiB; is it a people file?"));
        }
        let bytes = std::fs::read(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
        Ok(Self { name: shown.to_string(), bytes, modified: facts.modified().ok() })
    }
}

/// What a cell holds, as its format gives it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Given<'a> {
    Text(&'a str),
    Value(Value),
}

/// Reads people files; or everything that is wrong with them.
pub fn read(inputs: &[Input], settings: &Settings) -> Result<People, Vec<PeopleProblem>> {
    let mut people = read_with_problems(inputs, settings);
    if people.problems.is_empty() {
        return Ok(people);
    }
    people.problems.sort();
    Err(people.problems)
}

/// Reads people files with what is wrong with them, so that what only the directory can tell (a team that is not there) is
/// told together with it.
pub fn read_with_problems(inputs: &[Input], settings: &Settings) -> People {
    let mut reading = Reading { people: People::default(), problems: vec![], settings };
    for input in inputs {
        reading.read(input);
    }
    let Reading { people, problems, .. } = reading;
    People { problems, ..people }
}

struct Reading<'a> {
    people: People,
    problems: Vec<PeopleProblem>,
    settings: &'a Settings,
}

impl Reading<'_> {
    fn read(&mut self, input: &Input) {
        let source = self.people.sources.len();
        let sha256 = sha256_hex(&input.bytes);
        let (name, modified) = (input.name.clone(), input.modified);
        self.people.sources.push(Source { name, sha256, rows: 0, modified, is_changed: false });
        let before = self.people.persons.len();
        let whole = Place { source, line: 0, column: 0 };
        let text = match std::str::from_utf8(&input.bytes) {
            Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
            Err(error) => {
                let line = input.bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
                let place = Place { line: u64::try_from(line).unwrap_or_default(), ..whole };
                return self.problem(place, "these bytes are not UTF-8; save the file as UTF-8");
            }
        };
        let ending = input.name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        match ending.as_str() {
            "csv" | "tsv" | "txt" => self.csv(text, source),
            "yaml" | "yml" | "json" => self.yaml(text, source),
            "toml" => self.toml(text, source),
            _ => self
                .problem(whole, "cannot tell the format; the name must end in .csv, .yaml, .json or .toml"),
        }
        self.people.sources[source].rows = self.people.persons.len() - before;
    }

    fn problem(&mut self, place: Place, message: impl Into<String>) {
        let place = self.people.where_is(place);
        self.problems.push(PeopleProblem { place, message: message.into() });
    }

    /// The field that a column is for; none for a column that is not looked at.
    fn column(&mut self, name: &str, place: Place) -> Option<Field> {
        let mapped = self.settings.columns.get(name).map_or(name, String::as_str);
        match Field::parse(mapped) {
            Ok(field) => field,
            Err(message) => {
                self.problem(place, message);
                None
            }
        }
    }

    /// A row; what is wrong with it is noted, and the rest of it is read.
    fn row<'r>(&mut self, place: Place, cells: impl IntoIterator<Item = (&'r Field, Place, Given<'r>)>) {
        let mut person = Person {
            email: String::new(),
            key: EmailKey::lenient(""),
            place,
            first_name: Wish::Leave,
            last_name: Wish::Leave,
            username: Wish::Leave,
            is_admin: Wish::Leave,
            teams: Wish::Leave,
            keeps_other_teams: false,
            custom_fields: vec![],
            status: Status::Active,
            starts: None,
            ends: None,
            successor: None,
        };
        for (field, at, given) in cells {
            if let Err(message) = field.take(&mut person, given, at) {
                self.problem(at, format!("{}: {message}", field.name()));
            }
        }
        if person.email.is_empty() {
            self.problem(place, "email: is missing; every row needs it");
        }
        match EmailKey::parse(&person.email) {
            Ok(key) => person.key = key,
            Err(_) if person.email.is_empty() => {}
            Err(error) => self.problem(place, format!("email: `{}` {error}", person.email.escape_debug())),
        }
        if let (Some(starts), Some(ends)) = (person.starts, person.ends)
            && ends < starts
        {
            self.problem(place, format!("ends: {ends} is before {starts}, when it starts"));
        }
        self.keep_managed(&mut person);
        self.people.persons.push(person);
    }

    /// What is not managed is not wished for.
    fn keep_managed(&self, person: &mut Person) {
        if self.settings.manage.fields.is_none() {
            return;
        }
        let manages = |field: &str| self.settings.manages(field);
        if !manages("first_name") {
            person.first_name = Wish::Leave;
        }
        if !manages("last_name") {
            person.last_name = Wish::Leave;
        }
        if !manages("username") {
            person.username = Wish::Leave;
        }
        if !manages("is_admin") {
            person.is_admin = Wish::Leave;
        }
        if !manages("teams") {
            person.teams = Wish::Leave;
        }
        person.custom_fields.retain(|(name, _, _)| manages(&format!("custom_fields.{name}")));
    }
}

/// Rows by person: the first of each, and all others.
pub(crate) fn by_key(people: &People) -> (BTreeMap<&EmailKey, &Person>, Vec<(&Person, &Person)>) {
    let (mut first, mut again) = (BTreeMap::new(), Vec::new());
    for person in &people.persons {
        match first.get(&person.key) {
            None => {
                first.insert(&person.key, person);
            }
            Some(earlier) => again.push((*earlier, person)),
        }
    }
    (first, again)
}
