//! Bugs put into the code on purpose, one by one, in a copy of the sources: each must be caught by the tests or by the
//! harness that is named beside it. What they replace must be there exactly once, so that a bug that no longer fits is
//! noticed and not taken for one that is caught.

use super::{Extent, Setting, Verdict};
use crate::build::{built_by, cargo};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// A bug, and the tests that must notice it.
pub(super) struct Bug {
    name: &'static str,
    file: &'static str,
    sound: &'static str,
    broken: &'static str,
    /// The package, its test target, and a filter.
    caught_by: [&'static str; 3],
}

impl Bug {
    /// The journal commits without a sync; only a power cut shows it.
    pub(super) const SYNC_NORMAL: Bug = Bug {
        name: "synchronous=NORMAL",
        file: "crates/journal/src/sqlite/mod.rs",
        sound: r#""synchronous", "full""#,
        broken: r#""synchronous", "normal""#,
        caught_by: ["", "", ""],
    };

    /// The text of the file with the bug in it.
    fn place_in(&self, text: &str) -> Result<String, String> {
        if text.matches(self.sound).count() == 1 {
            return Ok(text.replace(self.sound, self.broken));
        }
        Err(format!("{}: `{}` is not there exactly once in {}", self.name, self.sound, self.file))
    }
}

const ENGINE: [&str; 3] = ["tenure-engine", "it", "simulation"];
const JOURNAL: [&str; 3] = ["tenure-journal", "it", ""];
const DIRECTORY: [&str; 3] = ["tenure-directory", "it", ""];

const BUGS: [Bug; 16] = [
    Bug {
        name: "publish before the commit",
        file: "crates/engine/src/writer.rs",
        sound: "match self.inner.journal.append(&batch).await {",
        broken: "draft.publish(); draft = Draft::new(&self.inner); match self.inner.journal.append(&batch).await {",
        caught_by: ENGINE,
    },
    Bug {
        name: "take a failed sync for success",
        file: "crates/engine/src/writer.rs",
        sound: "Err(AppendError::OutcomeUnknown { reason }) => return self.fail(submissions, reason),",
        broken: "Err(AppendError::OutcomeUnknown { reason: _ }) => { draft.publish(); return answer(submissions); }",
        caught_by: ENGINE,
    },
    Bug {
        name: "publish what a full disk refused",
        file: "crates/engine/src/writer.rs",
        sound: "return refuse(submissions, &WriteError::NotWritten(reason));",
        broken: "draft.publish(); return refuse(submissions, &WriteError::NotWritten(reason));",
        caught_by: ENGINE,
    },
    Bug {
        name: "let history run backwards",
        file: "crates/engine/src/writer.rs",
        sound: "let now = now.max(company.last_event_at);",
        broken: "",
        caught_by: ENGINE,
    },
    Bug {
        name: "decide again without reading what another node wrote",
        file: "crates/engine/src/writer.rs",
        sound: "self.inner.companies.catch_up(*stream).await.map_err(|error| error.to_string())?;",
        broken: "let _ = stream;",
        caught_by: ENGINE,
    },
    Bug {
        name: "take an old snapshot for the whole history",
        file: "crates/engine/src/companies.rs",
        sound: "let start = read_snapshot(journal, id).await?.unwrap_or_else(|| Company::unborn(id));",
        broken: "let start = match read_snapshot(journal, id).await? { Some(old) => return Ok(old), None => Company::unborn(id) };",
        caught_by: ENGINE,
    },
    Bug {
        name: "send what ends access down the common lane",
        file: "crates/engine/src/engine.rs",
        sound: "Urgency::EndsAccess => &self.inner.urgent,",
        broken: "Urgency::EndsAccess => &self.inner.normal,",
        caught_by: ENGINE,
    },
    Bug {
        name: "let a follower skip an event",
        file: "crates/engine/src/follow.rs",
        sound: "let (count, to) = (outputs.len(), last.position);",
        broken: "let (count, to) = (outputs.len(), tenure_journal::Position(last.position.0 + 1));",
        caught_by: ENGINE,
    },
    Bug {
        name: "forget the company when looking up a reply",
        file: "crates/journal/src/sqlite/read.rs",
        sound: "WHERE company = ? AND token = ? AND key = ?",
        broken: "WHERE ? IS NOT NULL AND token = ? AND key = ?",
        caught_by: JOURNAL,
    },
    Bug {
        name: "leave the body out of the chain",
        file: "crates/journal/src/chain.rs",
        sound: "[self.actor, self.name, self.body]",
        broken: "[self.actor, self.name, \"\"]",
        caught_by: JOURNAL,
    },
    Bug {
        name: "move a checkpoint that another node has moved",
        file: "crates/journal/src/sqlite/append.rs",
        sound: "return Ok(Advanced::Overtaken);",
        broken: "",
        caught_by: JOURNAL,
    },
    Bug {
        name: "compare a prefix of a secret's digest",
        file: "crates/directory/src/secret.rs",
        sound: "self.0.ct_eq(&other.0)",
        broken: "self.0[..16].ct_eq(&other.0[..16])",
        caught_by: DIRECTORY,
    },
    Bug {
        name: "compare addresses with regard to case",
        file: "crates/directory/src/email.rs",
        sound: "return Self(text.to_ascii_lowercase().into());",
        broken: "return Self(text.into());",
        caught_by: DIRECTORY,
    },
    Bug {
        name: "let the last administrator go",
        file: "crates/directory/src/teammate.rs",
        sound: "company.active_admins == 1",
        broken: "company.active_admins == 0",
        caught_by: DIRECTORY,
    },
    Bug {
        name: "skip one item between two pages",
        file: "crates/server/src/rest/teammates.rs",
        sound: "company.teammates.range(TeammateId::new(page.after + 1)..)",
        broken: "company.teammates.range(TeammateId::new(page.after + 1 + u64::from(page.after > 0))..)",
        caught_by: ["tenure-server", "it", "lists"],
    },
    Bug {
        name: "give a repeated key the answer to another body",
        file: "crates/server/src/rest/keyed.rs",
        sound: "if stored.fingerprint != fingerprint {",
        broken: "if false {",
        caught_by: ["tenure-server", "it", "idempotency"],
    },
];

pub(super) fn run(setting: &Setting<'_>) -> Result<Verdict, String> {
    let every = if setting.extent == Extent::Long { 1 } else { BUGS.len() / 4 };
    let source = copy_sources()?;
    let (mut caught, mut sound) = (Vec::new(), BTreeSet::new());
    for bug in &BUGS {
        bug.place_in(&read(&workspace().join(bug.file))?)?;
    }
    for bug in BUGS.iter().step_by(every) {
        eprintln!("seeded: {}", bug.name);
        let package = bug.caught_by[0];
        if sound.insert(bug.caught_by) && !passes(&source, bug.caught_by, Until::Run)? {
            return Err(format!("the tests of {package} fail without any bug, so they show nothing"));
        }
        let _placed = Placed::into(&source, bug)?;
        if !passes(&source, bug.caught_by, Until::Built)? {
            return Err(format!("`{}` does not build, so it shows nothing", bug.name));
        }
        if passes(&source, bug.caught_by, Until::Run)? {
            return Err(format!("no test of {package} caught: {}", bug.name));
        }
        caught.push(bug.name);
    }
    Ok(Verdict::Survived {
        injected: format!("{} of {} bugs put in and caught: {}", caught.len(), BUGS.len(), caught.join("; ")),
        control: format!("without them the same tests pass: {} suites", sound.len()),
    })
}

/// How far the tests are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Built,
    Run,
}

/// Whether the tests of a suite build, or pass.
fn passes(source: &Path, [package, target, filter]: [&str; 3], until: Until) -> Result<bool, String> {
    let how = if until == Until::Built { ["--no-run", "--quiet"] } else { ["--", filter] };
    let mut command = cargo();
    command
        .current_dir(source)
        .args(["test", "--offline", "--package", package])
        .args(["--test", target])
        .args(how);
    command.env("CARGO_TARGET_DIR", workspace().join("target")).env("RUST_BACKTRACE", "0");
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.map(|status| status.success()).map_err(|error| error.to_string())
}

/// Builds the binary with a bug, in a target folder of its own, so that it never stands where the sound one does.
pub(super) fn binary_with(bug: &Bug) -> Result<PathBuf, String> {
    let source = copy_sources()?;
    let _placed = Placed::into(&source, bug)?;
    eprintln!("building the binary with {}", bug.name);
    let mut build = cargo();
    build.current_dir(&source).args(["build", "--offline"]);
    build.env("CARGO_TARGET_DIR", workspace().join("target/seeded/target"));
    built_by(&mut build).map_err(|error| format!("with {}: {error}", bug.name))
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// A bug in the copy; the sound text is put back with this value.
struct Placed {
    path: PathBuf,
    sound: String,
}

impl Placed {
    fn into(source: &Path, bug: &Bug) -> Result<Self, String> {
        let path = source.join(bug.file);
        let sound = read(&path)?;
        std::fs::write(&path, bug.place_in(&sound)?).map_err(|error| error.to_string())?;
        Ok(Self { path, sound })
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        // The copy is made anew before it is used again.
        let _ = std::fs::write(&self.path, &self.sound);
    }
}

/// Copies what the workspace is built and tested from. Only what differs is written, so that a second build is short.
fn copy_sources() -> Result<PathBuf, String> {
    let (from, to) = (workspace(), workspace().join("target/seeded/source"));
    for name in ["crates", "xtask", "docs", "fuzz/corpus"] {
        copy_folder(&from.join(name), &to.join(name))?;
    }
    for name in ["Cargo.toml", "Cargo.lock", "clippy.toml", "rust-toolchain.toml", "README.md"] {
        copy_file(&from.join(name), &to.join(name))?;
    }
    to.canonicalize().map_err(|error| error.to_string())
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), String> {
    std::fs::create_dir_all(to).map_err(|error| error.to_string())?;
    for entry in std::fs::read_dir(to).map_err(|error| error.to_string())? {
        let there = entry.map_err(|error| error.to_string())?;
        if !from.join(there.file_name()).exists() {
            let path = there.path();
            let removed =
                if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
            removed.map_err(|error| error.to_string())?;
        }
    }
    for entry in std::fs::read_dir(from).map_err(|error| error.to_string())? {
        let entry = entry.map_err(|error| error.to_string())?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() { copy_folder(&from, &to)? } else { copy_file(&from, &to)? }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<(), String> {
    let bytes = std::fs::read(from).map_err(|error| format!("{}: {error}", from.display()))?;
    if std::fs::read(to).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    std::fs::write(to, bytes).map_err(|error| format!("{}: {error}", to.display()))
}
