//! The real binary as a process, started as it is or under `strace`, that injects faults into its system calls.

use rustix::process::{Pid, Signal, kill_process};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tenure_server::resident_memory;
use tenure_testkit::Api;
use tenure_testkit::workload::Workload;

/// How long a server may take to be ready or to end.
const PATIENCE: Duration = Duration::from_mins(1);
/// How many lines of what it wrote are kept.
const SAID: usize = 40;
/// How often to look whether it has.
const PAUSE: Duration = Duration::from_millis(2);

/// A data folder with a company, the team `tim_1`, and a token without a limit.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) binary: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) token: String,
}

impl Site {
    /// Furnishes a folder that is new or empty.
    pub(crate) fn found(binary: &Path, data: &Path) -> Result<Self, String> {
        let mut site = Self { binary: binary.to_owned(), data: data.to_owned(), token: String::new() };
        site.run(&["company", "create", "Acme"])?;
        site.run(&["team", "create", "Support"])?;
        site.token = site.create_token("acme", "unlimited")?;
        Ok(site)
    }

    /// A new token of a company, with so many requests a minute.
    pub(crate) fn create_token(&self, company: &str, limit: &str) -> Result<String, String> {
        let create = ["token", "create", "--company", company, "--rate-limit", limit, "--output", "plain"];
        Ok(self.run(&create)?.trim_end().to_owned())
    }

    /// Starts the server once more, compares everything with what the writers know, stops it in good order, and verifies
    /// the journal.
    pub(crate) async fn check(&self, workload: &mut Workload) -> Result<(), String> {
        let server = self.serve(&[])?;
        workload.check_everything(&server.api(&self.token)?).await?;
        server.terminate()?;
        self.run(&["verify"]).map(drop)
    }

    /// Runs a command on the folder to its end; what it printed.
    pub(crate) fn run(&self, args: &[&str]) -> Result<String, String> {
        let output = Command::new(&self.binary).arg("--data").arg(&self.data).args(args).output();
        let output = output.map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(format!("tenure {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr)))
    }

    /// Starts the server and waits until it is ready.
    pub(crate) fn serve(&self, args: &[&str]) -> Result<Process, String> {
        let process = Process::start(self.command(&[], args))?;
        if process.url.is_none() {
            return Err(format!("the server does not start: {}", process.end()?.said));
        }
        Ok(process)
    }

    /// Starts the server under `strace` with these arguments of it. It may end before it is ready.
    pub(crate) fn serve_injected(&self, strace: &[String]) -> Result<Process, String> {
        let mut prefix: Vec<OsString> = ["strace", "-f", "-qq", "-o"].map(OsString::from).to_vec();
        prefix.push(self.trace().into_os_string());
        prefix.extend(strace.iter().map(OsString::from));
        Process::start(self.command(&prefix, &[]))
    }

    /// Where `strace` writes what it saw, when the server was last started under it.
    pub(crate) fn trace(&self) -> PathBuf {
        self.data.with_extension("trace")
    }

    fn command(&self, prefix: &[OsString], args: &[&str]) -> Command {
        let mut command = match prefix.split_first() {
            Some((program, rest)) => {
                let mut command = Command::new(program);
                command.args(rest).arg(&self.binary);
                command
            }
            None => Command::new(&self.binary),
        };
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&self.data).args(args);
        command
    }
}

/// A server of ours. It is killed with this value.
pub(crate) struct Process {
    child: Child,
    url: Option<String>,
    stderr: Option<std::thread::JoinHandle<String>>,
}

/// How a server ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// The last of what it wrote to stderr, less the lines of requests.
    pub(crate) said: String,
}

impl Ended {
    /// Fails, unless `kill -9` ended it.
    pub(crate) fn killed(&self) -> Result<(), String> {
        if self.status.signal() == Some(9) {
            return Ok(());
        }
        Err(format!("it ended before it was killed: {}, {}", self.status, self.said))
    }
}

impl Process {
    fn start(mut command: Command) -> Result<Self, String> {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
        let stdout = child.stdout.take().ok_or("the server has no stdout")?;
        let stderr = child.stderr.take().ok_or("the server has no stderr")?;
        let (told, ready) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some(url) = line.strip_prefix("tenure: ready at ") {
                    // Whoever waited may have given up.
                    let _ = told.send(url.to_owned());
                }
            }
        });
        let stderr = std::thread::spawn(move || {
            let lines = BufReader::new(stderr).lines().map_while(Result::ok);
            let kept = lines.filter(|line| !line.contains("request method="));
            let mut last: VecDeque<String> = VecDeque::new();
            for line in kept {
                last.push_back(line);
                if last.len() > SAID {
                    last.pop_front();
                }
            }
            last.make_contiguous().join("\n")
        });
        let url = ready.recv_timeout(PATIENCE).ok();
        Ok(Self { child, url, stderr: Some(stderr) })
    }

    /// Where it said that it is ready.
    pub(crate) fn url(&self) -> Result<&str, String> {
        self.url.as_deref().ok_or_else(|| "the server is not ready".to_owned())
    }

    /// A client of it.
    pub(crate) fn api(&self, token: &str) -> Result<Api, String> {
        Ok(Api::new(self.url()?, token))
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> Result<SocketAddr, String> {
        let address = self.url()?.trim_start_matches("http://");
        address.parse().map_err(|_| format!("`{address}` is no address"))
    }

    /// The process of the server itself, which `strace` may stand before.
    pub(crate) fn id(&self) -> u32 {
        let id = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let first = children.ok().and_then(|text| text.split_whitespace().next()?.parse().ok());
        first.unwrap_or(id)
    }

    /// The memory that it has in use, in bytes.
    pub(crate) fn memory(&self) -> Option<u64> {
        resident_memory(self.id())
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.id()).ok().and_then(Pid::from_raw);
        if let Some(id) = id {
            // One that has ended already needs no signal.
            let _ = kill_process(id, signal);
        }
    }

    /// Stops it where it is. System calls that are under way end first, and nothing is done after them.
    pub(crate) fn pause(&self) {
        self.signal(Signal::STOP);
        // The signal is delivered to each thread in turn.
        let status = format!("/proc/{}/status", self.id());
        let is_stopped = || std::fs::read_to_string(&status).is_ok_and(|text| text.contains("State:\tT"));
        let until = Instant::now() + PATIENCE;
        while !is_stopped() && Instant::now() < until {
            std::thread::sleep(PAUSE);
        }
    }

    /// Kills it without a warning.
    pub(crate) fn kill_9(mut self) -> Result<Ended, String> {
        // The number of one that has ended may be another's by now.
        if !self.has_ended() {
            self.signal(Signal::KILL);
        }
        self.end()
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn terminate(self) -> Result<Ended, String> {
        self.signal(Signal::TERM);
        self.end()
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Result<Ended, String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().map_err(|error| error.to_string())? {
                let said = self.stderr.take().and_then(|stderr| stderr.join().ok()).unwrap_or_default();
                return Ok(Ended { status, said });
            }
            if Instant::now() > deadline {
                return Err("the server does not end".to_owned());
            }
            std::thread::sleep(PAUSE);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that was waited for is left alone by these.
        if !self.has_ended() {
            self.signal(Signal::KILL);
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
