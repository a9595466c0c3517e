//! Applies against a server that loses, delays and refuses answers, killed at random moments and resumed: in the end all is
//! as the plan says, with no second invitation, no second deactivation, and nobody touched whom the plan does not name.

use super::{Setting, Verdict, folder, runtime};
use crate::server::{Process, Site};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tenure_testkit::workload::Random;

/// Who is there before: the first is an administrator and the successor, the last two are in no people file.
const BEFORE: usize = 8;
/// Who joins.
const JOINERS: usize = 3;
/// The longest that an apply lives before it is killed, in milliseconds.
const LIFE_MS: u64 = 250;
/// How often an apply is killed before it is let be.
const KILLS: usize = 8;
/// How long all tries of one plan may take.
const PATIENCE: Duration = Duration::from_mins(3);

pub(super) fn run(setting: &Setting<'_>) -> Result<Verdict, String> {
    let rounds = setting.extent.rounds(8, 1_000);
    let mut kills = 0;
    for round in 0..rounds {
        let seed = setting.seed.wrapping_add(round);
        kills += check(setting.binary, seed).map_err(|error| format!("seed {seed}: {error}"))?;
    }
    control(setting.binary, setting.seed)?;
    Ok(Verdict::Survived {
        injected: format!(
            "{rounds} plans, {kills} kills: 0 second invitations or deactivations, 0 actions forgotten"
        ),
        control: "an invitation sent twice, and a member taken out again: both found".to_owned(),
    })
}

/// A company, a people file for it, and where the automation keeps its state.
struct Stage {
    site: Site,
    home: PathBuf,
    seed: u64,
}

fn orders(seed: u64, record: &Path) -> String {
    format!(
        "seed = {seed}\nrecord = '{}'\nunknown-fields = true\nclock-ahead-seconds = 5400\n\
         [[fault]]\nwhat = \"lose-answer\"\nshare = 0.12\nmethods = [\"POST\", \"PATCH\", \"PUT\", \"DELETE\"]\n\
         [[fault]]\nwhat = \"reset\"\nshare = 0.04\n\
         [[fault]]\nwhat = \"fail\"\nstatus = 503\nshare = 0.04\n\
         [[fault]]\nwhat = \"fail-after\"\nstatus = 500\nshare = 0.04\nmethods = [\"POST\", \"PATCH\", \"PUT\", \"DELETE\"]\n\
         [[fault]]\nwhat = \"too-many\"\nshare = 0.005\n\
         [[fault]]\nwhat = \"delay\"\nms = 30\nshare = 0.1\n",
        record.display()
    )
}

impl Stage {
    fn set(binary: &Path, folder: &Path, seed: u64) -> Result<Self, String> {
        let home = folder.join("home");
        std::fs::create_dir_all(&home).map_err(|error| error.to_string())?;
        let site = Site::found(binary, &folder.join("data"))?;
        site.run(&["team", "create", "Sales"])?;
        let server = site.serve(&[])?;
        let api = server.api(&site.token)?;
        runtime()?.block_on(async {
            for number in 0..BEFORE {
                let person = json!({ "email": email(number), "first_name": "Old", "is_admin": number == 0 });
                api.post("/teammates", person).await.expect(201);
            }
            let ids: Vec<_> = (1..BEFORE).map(|number| format!("alt:email:{}", email(number))).collect();
            api.post("/teams/tim_1/teammates", json!({ "teammate_ids": ids })).await.expect(204);
        });
        server.terminate()?;
        Ok(Self { site, home, seed })
    }

    /// The server, misbehaving.
    fn serve(&self) -> Result<Process, String> {
        let (path, record) = (self.home.join("faults.toml"), self.home.join("record.jsonl"));
        std::fs::write(&path, orders(self.seed, &record)).map_err(|error| error.to_string())?;
        self.site.serve(&["--faults", path.to_str().ok_or("the path is no text")?])
    }

    fn command(&self, url: &str, args: &[&str]) -> Command {
        let mut command = Command::new(&self.site.binary);
        command.args(args).current_dir(&self.home).env("HOME", &self.home);
        command.env("TENURE_STATE", self.home.join("state")).env("TENURE_URL", url);
        command.env("TENURE_TOKEN", &self.site.token).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::null());
        command
    }

    /// Whom the people file names, what becomes of them, and in which teams they are to be.
    fn wishes(&self) -> Vec<(String, bool, &'static str)> {
        let mut random = Random::new(self.seed);
        let mut wishes = Vec::new();
        for number in 0..BEFORE - 2 + JOINERS {
            let is_new = number >= BEFORE - 2;
            let email = if is_new { format!("new{number}@acme.example") } else { email(number) };
            let leaves = !is_new && number > 0 && random.below(3) == 0;
            let teams =
                ["Support", "Sales", "Support;Sales", "-"][usize::try_from(random.below(4)).unwrap_or(0)];
            wishes.push((email, leaves, if leaves { "" } else { teams }));
        }
        wishes
    }

    fn write_people(&self) -> Result<(), String> {
        let mut rows = String::from("email,first_name,teams,status,successor\n");
        for (email, leaves, teams) in self.wishes() {
            let status = if leaves { "departed" } else { "active" };
            writeln!(rows, "{email},Kim,{teams},{status},{}", self::email(0))
                .map_err(|error| error.to_string())?;
        }
        let settings = "[guards]\nmax_deactivations = \"100%\"\n";
        let written = std::fs::write(self.home.join("people.csv"), rows);
        let written = written.and_then(|()| std::fs::write(self.home.join("tenure.toml"), settings));
        written.map_err(|error| error.to_string())
    }
}

fn email(number: usize) -> String {
    format!("p{number}@acme.example")
}

/// Applies a plan through kills. How many there were.
fn check(binary: &Path, seed: u64) -> Result<usize, String> {
    let folder = folder()?;
    let stage = Stage::set(binary, folder.path(), seed)?;
    stage.write_people()?;
    let server = stage.serve()?;
    let kills = apply_through(&stage, server.url()?)?;
    server.terminate()?;
    judge(&stage)?;
    Ok(kills)
}

fn apply_through(stage: &Stage, url: &str) -> Result<usize, String> {
    let until = Instant::now() + PATIENCE;
    // Planning reads alone; a read that fails for good is tried again.
    while !stage.home.join("plan.json").exists() {
        let plan = stage.command(url, &["plan", "-f", "people.csv", "--out", "plan.json"]).status();
        plan.map_err(|error| error.to_string())?;
        if Instant::now() > until {
            return Err("no plan came to be".to_owned());
        }
    }
    let mut random = Random::new(stage.seed ^ 0xa11);
    let mut kills = 0;
    loop {
        let args: &[&str] =
            if has_run(stage) { &["runs", "resume", "--yes"] } else { &["apply", "plan.json", "--yes"] };
        let mut child = stage.command(url, args).spawn().map_err(|error| error.to_string())?;
        if kills < KILLS {
            std::thread::sleep(Duration::from_millis(random.below(LIFE_MS)));
            if kill(&mut child)? {
                kills += 1;
                continue;
            }
        }
        let status = child.wait().map_err(|error| error.to_string())?;
        if status.success() {
            return Ok(kills);
        }
        if Instant::now() > until {
            return Err(format!("it does not come to its end: {status}"));
        }
    }
}

/// Kills a process; whether it was still alive.
fn kill(child: &mut Child) -> Result<bool, String> {
    if child.try_wait().map_err(|error| error.to_string())?.is_some() {
        return Ok(false);
    }
    child.kill().and_then(|()| child.wait()).map_err(|error| error.to_string())?;
    Ok(true)
}

fn has_run(stage: &Stage) -> bool {
    let runs = std::fs::read_dir(stage.home.join("state/runs"));
    runs.is_ok_and(|runs| runs.filter_map(Result::ok).any(|run| run.path().join("plan.json").exists()))
}

/// Compares the journal with the people file, and counts what must have happened once.
fn judge(stage: &Stage) -> Result<(), String> {
    let export: Value =
        serde_json::from_str(&stage.site.run(&["company", "export"])?).map_err(|error| error.to_string())?;
    let of = |name: &str| export[name].as_array().cloned().unwrap_or_default();
    let mates: BTreeMap<String, Value> =
        of("teammates").into_iter().map(|mate| (text(&mate["email"]), mate)).collect();
    let mut teams: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for team in of("teams") {
        for id in team["teammate_ids"].as_array().into_iter().flatten() {
            teams.entry(text(id)).or_default().push(text(&team["name"]));
        }
    }
    let audit = stage.site.run(&["audit"])?;
    let happened = |id: &str, what: &str| {
        let about = format!("teammate {id} ");
        let is_it = |line: &&str| format!("{line} ").contains(&about) && line.contains(what);
        audit.lines().filter(is_it).count()
    };
    let wishes = stage.wishes();
    for (email, leaves, wanted) in &wishes {
        let mate = mates.get(email).ok_or_else(|| format!("{email} was not invited"))?;
        let id = text(&mate["id"]);
        if mate["is_blocked"] != *leaves {
            return Err(format!("{email}: is_blocked is {}", mate["is_blocked"]));
        }
        if happened(&id, "was created") != 1 || happened(&id, "an invitation was sent") > 1 {
            return Err(format!("{email} was invited more than once"));
        }
        if happened(&id, "was blocked") != usize::from(*leaves) {
            return Err(format!("{email} was deactivated {} times", happened(&id, "was blocked")));
        }
        if !leaves && mate["first_name"] != "Kim" {
            return Err(format!("{email} was not renamed"));
        }
        let mut has = teams.get(&id).cloned().unwrap_or_default();
        has.sort();
        let mut wanted: Vec<_> = wanted.split(';').filter(|team| !team.is_empty() && *team != "-").collect();
        wanted.sort_unstable();
        if has != wanted {
            return Err(format!("{email} is in {has:?} instead of {wanted:?}"));
        }
    }
    let unnamed = mates.iter().filter(|(email, _)| !wishes.iter().any(|(named, ..)| named == *email));
    for (email, mate) in unnamed {
        if mate["first_name"] != "Old" || mate["is_blocked"] != false {
            return Err(format!("{email} was touched and is not named"));
        }
    }
    if mates.len() != BEFORE + JOINERS {
        return Err(format!("there are {} teammates", mates.len()));
    }
    Ok(())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Does by hand what must never happen, and looks whether it is seen.
fn control(binary: &Path, seed: u64) -> Result<(), String> {
    let folder = folder()?;
    let stage = Stage::set(binary, folder.path(), seed)?;
    stage.write_people()?;
    let server = stage.serve()?;
    apply_through(&stage, server.url()?)?;
    server.terminate()?;
    judge(&stage)?;
    let server = stage.site.serve(&[])?;
    let api = server.api(&stage.site.token)?;
    let newcomer = format!("alt:email:new{}@acme.example", BEFORE - 2);
    let resend = format!("/teammates/{newcomer}/invitation/resend");
    runtime()?.block_on(async {
        api.post(&resend, json!({})).await;
        // The mail is written soon after, and its event after that.
        tokio::time::sleep(Duration::from_secs(1)).await;
    });
    let twice = judge(&stage);
    runtime()?.block_on(async {
        let body = json!({ "teammate_ids": [newcomer] });
        for team in ["tim_1", "tim_2"] {
            let path = format!("/teams/{team}/teammates");
            let sent = api.try_send(reqwest::Method::DELETE, &path, Some(body.clone())).await;
            sent.map_err(|error| error.to_string())?;
        }
        Ok::<_, String>(())
    })?;
    server.terminate()?;
    match (twice, judge(&stage)) {
        (Err(told), Err(_)) if told.contains("invited more than once") => Ok(()),
        (twice, after) => Err(format!("the harness does not see: {twice:?}, {after:?}")),
    }
}
