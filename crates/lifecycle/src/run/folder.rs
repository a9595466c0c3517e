//! The folder of all runs, and of each one.

use crate::apply::{Progress, Report};
use crate::plan::{NotAPlan, Plan};
use crate::run::ledger::{Entry, FileLedger, Ledger as _, LedgerError};
use serde::{Deserialize, Serialize};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Where runs are kept: a folder for each, and the locks.
#[derive(Debug, Clone)]
pub struct Runs {
    root: PathBuf,
}

/// One run.
#[derive(Debug)]
pub struct Run {
    /// Its id, which sorts by time.
    pub id: String,
    folder: PathBuf,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Its id.
    pub id: String,
    /// The server.
    pub url: String,
    /// The company.
    pub company: String,
    /// The plan's digest.
    pub digest: String,
    /// How many actions the plan has.
    pub actions: usize,
    /// How many of them are over.
    pub ended: usize,
    /// Whether it came to its end.
    pub is_finished: bool,
    /// Why it cannot be read, where it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Why runs cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunsError {
    /// A file or folder cannot be used.
    #[error("{path} cannot be used: {error}")]
    Io {
        /// What.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// There is no such run.
    #[error("there is no run `{0}`; `tenure runs list` shows them")]
    Unknown(String),
    /// Its plan cannot be used.
    #[error("the plan of run {run} cannot be used: {why}")]
    Plan {
        /// The run.
        run: String,
        /// What is wrong with it.
        why: NotAPlan,
    },
    /// Its ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// A private folder, made if it is not there.
fn make(path: &Path) -> Result<(), RunsError> {
    use std::os::unix::fs::DirBuilderExt as _;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| RunsError::Io { path: path.to_owned(), error })
}

/// Writes a private file whole or not at all, durably.
fn write_whole(path: &Path, text: &str) -> Result<(), RunsError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let failed = |error| RunsError::Io { path: path.to_owned(), error };
    let beside = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    let file = options.create(true).write(true).truncate(true).mode(0o600).open(&beside);
    let mut file = file.map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&beside, path).map_err(failed)?;
    let parent = path.parent().map(std::fs::File::open).transpose().map_err(failed)?;
    parent.map_or(Ok(()), |parent| parent.sync_all()).map_err(failed)
}

impl Runs {
    /// The runs under a folder, which is made when it is first written to.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// An id for a run of a plan that no other has. `now` is what it begins with, such as `20261126T184455123Z`.
    pub fn new_id(&self, now: &str, plan: &Plan) -> String {
        let digest = plan.digest.trim_start_matches("sha256:");
        let stem = format!("{now}-{}", digest.get(..8).unwrap_or(digest));
        let mut id = stem.clone();
        let mut again = 2;
        while self.root.join("runs").join(&id).exists() {
            id = format!("{stem}-{again}");
            again += 1;
        }
        id
    }

    /// Begins a run: its plan is on disk when this returns.
    pub fn begin(&self, id: String, plan: &Plan) -> Result<Run, RunsError> {
        let runs = self.root.join("runs");
        let folder = runs.join(&id);
        make(&folder)?;
        write_whole(&folder.join("plan.json"), &plan.to_text())?;
        let synced = std::fs::File::open(&runs).and_then(|runs| runs.sync_all());
        synced.map_err(|error| RunsError::Io { path: runs, error })?;
        Ok(Run { id, folder })
    }

    /// Whether a run was begun, and has not come to its end.
    pub fn is_open(&self, id: &str) -> bool {
        let run = self.run(id.to_owned());
        // One whose ledger is damaged is not known to be finished.
        run.folder.join("plan.json").is_file()
            && run.progress().map_or(true, |progress| !progress.is_finished())
    }

    /// Gives a run up that was cut off: it will not be gone on with.
    pub fn abandon(&self, id: &str) -> Result<(), RunsError> {
        let run = self.run(id.to_owned());
        let (mut ledger, _) = match run.ledger() {
            Ok(opened) => opened,
            // Nothing can go on with a damaged one anyway.
            Err(RunsError::Ledger(LedgerError::Damaged { .. })) => return Ok(()),
            Err(error) => return Err(error),
        };
        ledger.write(&Entry::Abandoned).map_err(|error| RunsError::Io { path: run.folder, error })
    }

    /// A run by its id, or by the beginning of it that no other has.
    pub fn find(&self, id: &str) -> Result<Run, RunsError> {
        let fitting: Vec<_> = self.ids()?.into_iter().filter(|known| known.starts_with(id)).collect();
        match fitting.as_slice() {
            [only] => Ok(self.run(only.clone())),
            several if several.iter().any(|known| known == id) => Ok(self.run(id.to_owned())),
            _ => Err(RunsError::Unknown(id.chars().filter(|c| !c.is_control()).collect())),
        }
    }

    /// The last run that did not come to its end, if there is one. One that cannot be read is passed over; a list shows it.
    pub fn last_unfinished(&self) -> Result<Option<Run>, RunsError> {
        let runs = self.ids()?.into_iter().rev().map(|id| self.run(id));
        let is_cut_off =
            |run: &Run| run.plan().is_ok() && run.progress().is_ok_and(|progress| !progress.is_finished());
        Ok(runs.into_iter().find(is_cut_off))
    }

    /// All runs, the newest first.
    pub fn list(&self) -> Result<Vec<RunSummary>, RunsError> {
        Ok(self.ids()?.into_iter().rev().map(|id| self.run(id).summary()).collect())
    }

    /// How many rows the same sources had in the last finished plan for a target.
    pub fn rows_before(
        &self,
        url: &str,
        company_id: &str,
        sources: &[&str],
    ) -> Result<Option<usize>, RunsError> {
        for id in self.ids()?.into_iter().rev() {
            let run = self.run(id);
            // A plan that cannot be read any more says nothing about rows.
            let Ok(plan) = run.plan() else { continue };
            let is_same = plan.body.target.url == url && plan.body.target.company_id == company_id;
            let has_same =
                plan.body.sources.iter().map(|source| source.name.as_str()).eq(sources.iter().copied());
            let is_finished = || run.progress().is_ok_and(|progress| progress.is_finished());
            if is_same && has_same && !sources.is_empty() && is_finished() {
                return Ok(Some(plan.body.sources.iter().map(|source| source.rows).sum()));
            }
        }
        Ok(None)
    }

    /// The path of a target's lock; its folder is made.
    pub fn lock_path(&self, url: &str, company_id: &str) -> Result<PathBuf, RunsError> {
        let folder = self.root.join("locks");
        make(&folder)?;
        let plain = |text: &str| -> String {
            text.chars()
                .map(|character| if character.is_ascii_alphanumeric() { character } else { '-' })
                .collect()
        };
        Ok(folder.join(format!("{}-{}.lock", plain(url), plain(company_id))))
    }

    fn run(&self, id: String) -> Run {
        let folder = self.root.join("runs").join(&id);
        Run { id, folder }
    }

    fn ids(&self) -> Result<Vec<String>, RunsError> {
        let folder = self.root.join("runs");
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            Err(error) => return Err(RunsError::Io { path: folder, error }),
        };
        // One whose plan is not there was cut off before it could send anything.
        let whole = entries.filter_map(Result::ok).filter(|entry| entry.path().join("plan.json").is_file());
        let mut ids: Vec<_> = whole.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        ids.sort();
        Ok(ids)
    }
}

impl Run {
    /// Its plan.
    pub fn plan(&self) -> Result<Plan, RunsError> {
        let path = self.folder.join("plan.json");
        let text = std::fs::read_to_string(&path).map_err(|error| RunsError::Io { path, error })?;
        Plan::parse(&text).map_err(|why| RunsError::Plan { run: self.id.clone(), why })
    }

    /// Its ledger, to go on writing, and what it holds.
    pub fn ledger(&self) -> Result<(FileLedger, Vec<Entry>), RunsError> {
        Ok(FileLedger::open(&self.folder.join("ledger.jsonl"))?)
    }

    /// What its ledger holds.
    pub fn entries(&self) -> Result<Vec<Entry>, RunsError> {
        let path = self.folder.join("ledger.jsonl");
        if path.exists() { Ok(FileLedger::read(&path)?) } else { Ok(vec![]) }
    }

    /// Keeps the report beside the ledger.
    pub fn keep_report(&self, report: &Report) -> Result<(), RunsError> {
        let text = serde_json::to_string_pretty(report).expect("a report has a JSON form");
        write_whole(&self.folder.join("report.json"), &format!("{text}\n"))
    }

    /// Its report, if it came so far.
    pub fn report(&self) -> Result<Option<Report>, RunsError> {
        let path = self.folder.join("report.json");
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(serde_json::from_str(&text).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(RunsError::Io { path, error }),
        }
    }

    /// How far it has come.
    pub fn progress(&self) -> Result<Progress, RunsError> {
        Ok(Progress::replay(&self.entries()?))
    }

    /// What a list tells of it.
    pub fn summary(&self) -> RunSummary {
        let unreadable = |error: RunsError| RunSummary {
            id: self.id.clone(),
            url: String::new(),
            company: String::new(),
            digest: String::new(),
            actions: 0,
            ended: 0,
            is_finished: false,
            problem: Some(error.to_string()),
        };
        let read = self.plan().and_then(|plan| Ok((plan, self.progress()?)));
        let (plan, progress) = match read {
            Ok(read) => read,
            Err(error) => return unreadable(error),
        };
        RunSummary {
            id: self.id.clone(),
            url: plan.body.target.url,
            company: plan.body.target.company,
            digest: plan.digest,
            actions: plan.body.actions.len(),
            ended: progress.ended(),
            is_finished: progress.is_finished(),
            problem: None,
        }
    }
}
