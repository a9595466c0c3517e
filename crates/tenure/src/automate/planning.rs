//! From people files and a server to a plan that the guards have looked at.

use crate::automate::connection::{Connected, scim_source};
use crate::automate::progress::spinner;
use crate::automate::{state, time};
use crate::cli::{Connection, Planning};
use crate::failure::Failure;
use crate::print;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tenure_lifecycle::directory::Directory;
use tenure_lifecycle::guard::{Guard, SourceCheck};
use tenure_lifecycle::people::{self, Input, People, PeopleProblem};
use tenure_lifecycle::planner::{self, PlanInput, Planned};
use tenure_lifecycle::settings::{HandoverMode, Settings};

/// The settings file that is taken where none is named.
const SETTINGS_FILE: &str = "tenure.toml";

/// The settings, and the folder that paths in them start from.
pub(crate) struct Rules {
    pub(crate) settings: Settings,
    pub(crate) folder: PathBuf,
}

impl Rules {
    /// The settings of the working folder, or where `TENURE_CONFIG` says.
    pub(crate) fn here() -> Result<Self, Failure> {
        let config = std::env::var_os("TENURE_CONFIG").filter(|path| !path.is_empty());
        Self::read_from(config.map(PathBuf::from).as_deref())
    }

    /// Reads the settings; the defaults, where no file is named and none is there.
    pub(crate) fn read(planning: &Planning) -> Result<Self, Failure> {
        Self::read_from(planning.config.as_deref())
    }

    fn read_from(config: Option<&Path>) -> Result<Self, Failure> {
        let path = config.unwrap_or(Path::new(SETTINGS_FILE)).to_owned();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && config.is_none() => {
                return Ok(Self { settings: Settings::default(), folder });
            }
            Err(error) => return Err(Failure::new(format!("cannot read {}: {error}", path.display()))),
        };
        let settings = Settings::parse(&text).map_err(|why| {
            Failure::new(format!("{}: {why}", path.display()))
                .with_hint("docs/settings.md lists what the file may hold")
        })?;
        Ok(Self { settings, folder })
    }
}

/// Who plans.
fn planner(planning: &Planning) -> String {
    planning.planner.clone().filter(|name| !name.trim().is_empty()).unwrap_or_else(system_user)
}

/// Who runs this, as the system names them.
pub(crate) fn system_user() -> String {
    let named = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| {
        let uid = rustix::process::getuid().as_raw().to_string();
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let lines = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let mine = lines
            .filter(|fields| fields.get(2) == Some(&uid.as_str()))
            .find_map(|fields| fields.first().copied());
        mine.map_or_else(|| format!("uid {uid}"), str::to_owned)
    })
}

/// What is wrong with people files, all of it.
pub(crate) fn wrong(problems: &[PeopleProblem]) -> Failure {
    const SHOWN: usize = 100;
    let mut lines: Vec<_> =
        problems.iter().take(SHOWN).map(|problem| print::safe(&problem.to_string())).collect();
    if problems.len() > SHOWN {
        lines.push(format!("and {} more", problems.len() - SHOWN));
    }
    let heading = match problems.len() {
        1 => String::new(),
        several => format!("{several} things are wrong with the people files\n  "),
    };
    Failure::new(format!("{heading}{}", lines.join("\n  ")))
}

/// Reads people files, and other SCIM servers.
pub(crate) async fn people(
    files: &[String],
    settings: &Settings,
    connection: &Connection,
) -> Result<People, Failure> {
    let (remote, local): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.starts_with("scim+"));
    match (remote.as_slice(), local.as_slice()) {
        ([], files) => {
            let inputs: Result<Vec<_>, _> = files.iter().map(|file| Input::read(Path::new(file))).collect();
            Ok(people::read_with_problems(&inputs.map_err(Failure::new)?, settings))
        }
        ([one], []) => {
            let url = one.trim_start_matches("scim+");
            let users = scim_source(url, connection)?.users().await.map_err(Failure::new)?;
            people::from_scim(one, &users, settings).map_err(|problems| wrong(&problems))
        }
        _ => Err(Failure::usage("a SCIM source stands alone; give either one scim+https://… or files")),
    }
}

/// Reads what the server has.
pub(crate) async fn directory(connected: &Connected) -> Result<Directory, Failure> {
    let spinner = spinner("reading teammates and teams");
    let read = connected.live.directory().await;
    spinner.finish_and_clear();
    read.map_err(Failure::new)
}

/// Everything that a plan comes from, and the plan.
pub(crate) struct Prepared {
    pub(crate) planned: Planned,
    pub(crate) directory: Directory,
    pub(crate) rules: Rules,
}

/// Makes the plan. Nothing is sent but reads.
pub(crate) async fn prepare(
    connected: &Connected,
    people: &People,
    rules: Rules,
    planning: &Planning,
    connection: &Connection,
) -> Result<Prepared, Failure> {
    let today: Date = time::day(planning.on.as_deref())?;
    let overrides = planning.overrides.iter().map(|name| Guard::parse(name).map_err(Failure::usage));
    let overrides: BTreeSet<Guard> = overrides.collect::<Result<_, _>>()?;
    let directory = match directory(connected).await {
        // What is wrong with the files can be told without the server.
        Err(_) if !people.problems.is_empty() => return Err(wrong(&people.problems)),
        read => read?,
    };
    let settings = &rules.settings;
    let leavers = planner::leavers(people, &directory, settings, today);
    // Too many to be let go are not worth a request each.
    let is_too_many = leavers.len() > settings.guards.max_deactivations.at_most(directory.active())
        && !overrides.contains(&Guard::MaxDeactivations);
    let open = if is_too_many
        || !people.problems.is_empty()
        || settings.handover.conversations == HandoverMode::Leave
    {
        BTreeMap::new()
    } else {
        connected.live.count_open_conversations(&leavers).await.map_err(Failure::new)?
    };
    let target = &directory.target;
    let sources: Vec<_> = people.sources.iter().map(|source| source.name.as_str()).collect();
    let rows_before = state::runs(connection)?.rows_before(&target.url, &target.company_id, &sources);
    let rows_before = rows_before.map_err(Failure::new)?;
    let planned = planner::plan(&PlanInput {
        people,
        directory: &directory,
        settings,
        today,
        planned_by: &planner(planning),
        overrides: &overrides,
        open_conversations: &open,
        check: SourceCheck { sources: &people.sources, rows_before, now: SystemTime::now() },
    });
    let planned = planned.map_err(|problems| wrong(&problems))?;
    Ok(Prepared { planned, directory, rules })
}

/// How many requests reading everything takes.
pub(crate) fn reads(directory: &Directory) -> u32 {
    let pages = directory.teammates.len().div_ceil(100) + 4;
    let teams: usize = directory.teams.iter().map(|team| team.members.len().div_ceil(100).max(1)).sum();
    u32::try_from(pages + teams).unwrap_or(u32::MAX)
}
