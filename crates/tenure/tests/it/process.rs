//! The kit of these tests: the binary as a process, what it said as one picture, and a server that is ended whatever
//! happens.

use serde_json::Value;
use std::fmt;
use std::io::{BufRead as _, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;
pub(crate) use tenure_testkit::Api;

/// How long a process may take to say or do something before the test gives up.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often to look whether it has.
const PAUSE: Duration = Duration::from_millis(2);

/// The binary with a data folder of its own. Commands run in the folder around it, so that files in arguments need no
/// path.
pub(crate) struct Tenure {
    root: PathBuf,
    _folder: TempDir,
}

impl Tenure {
    /// With a data folder that is not there yet.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { root: folder.path().canonicalize().unwrap(), _folder: folder }
    }

    /// With a company named Acme.
    pub(crate) fn with_company() -> Self {
        let tenure = Self::new();
        tenure.ok(&["company", "create", "Acme"]);
        tenure
    }

    /// The path of something beside the data folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The data folder.
    pub(crate) fn data(&self) -> String {
        self.path("data").to_str().unwrap().to_owned()
    }

    /// Writes a file beside the data folder.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// The files in the data folder whose bytes hold a text.
    pub(crate) fn files_with(&self, text: &str) -> Vec<PathBuf> {
        let mut folders = vec![self.path("data")];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.is_file() && holds(&std::fs::read(&path).unwrap(), text) {
                    found.push(path);
                }
            }
        }
        found
    }

    /// A command in a clean environment that does not know the data folder.
    pub(crate) fn bare(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenure"));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", &self.root).env("NO_COLOR", "1").current_dir(&self.root);
        command.args(args).stdin(Stdio::null());
        command
    }

    /// A command on the data folder.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.bare(&["--data", &self.data()]);
        command.args(args);
        command
    }

    /// Starts a command.
    pub(crate) fn start(&self, command: &mut Command) -> Running {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = Heard::of(child.stdout.take().unwrap());
        let stderr = Heard::of(child.stderr.take().unwrap());
        Running { child, stdout, stderr, root: self.root.clone() }
    }

    /// Runs a command on the data folder to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.start(&mut self.command(args)).wait()
    }

    /// Runs a command that must succeed.
    #[track_caller]
    pub(crate) fn ok(&self, args: &[&str]) -> Output {
        let output = self.run(args);
        assert_eq!(output.code, 0, "{args:?}\n{output}");
        output
    }

    /// What a command that must succeed prints with `--output json`; nothing else may be on stdout, nothing on stderr.
    #[track_caller]
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let output = self.ok(&[args, &["--output", "json"][..]].concat());
        assert_eq!(output.stderr, "", "{args:?}");
        serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}\n{output}"))
    }

    /// A new company-level token with every scope and no limit; its text.
    pub(crate) fn token(&self) -> String {
        let create = ["token", "create", "--rate-limit", "unlimited", "--output", "plain"];
        self.ok(&create).stdout.trim_end().to_owned()
    }

    /// Starts a server on a free port and waits until it is ready.
    pub(crate) fn serve(&self, args: &[&str]) -> RunningServer {
        self.serve_with(self.command(&["serve", "--listen", "127.0.0.1:0"]).args(args))
    }

    /// Starts a server from a command and waits until it is ready.
    pub(crate) fn serve_with(&self, command: &mut Command) -> RunningServer {
        let mut process = self.start(command);
        let url = process.until(|stdout, _| {
            let ready = stdout.lines().find_map(|line| line.strip_prefix("tenure: ready at "));
            ready.map(str::to_owned)
        });
        RunningServer { process, url }
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// What a process writes into a pipe. It is read all the time, since a full pipe would stop the process.
struct Heard {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Heard {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::<Mutex<String>>::default();
        let heard = Arc::clone(&text);
        let reader = std::thread::spawn(move || {
            let (mut pipe, mut line) = (BufReader::new(pipe), Vec::new());
            while pipe.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                heard.lock().unwrap().push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        Self { text, reader: Some(reader) }
    }

    fn so_far(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    fn at_end(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.so_far()
    }
}

/// A process of ours. It is killed with this value.
pub(crate) struct Running {
    child: Child,
    stdout: Heard,
    stderr: Heard,
    root: PathBuf,
}

impl Running {
    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.id().to_string()]).status();
        assert!(sent.unwrap().success(), "kill -{name}");
    }

    /// Waits for something in what the process wrote to stdout and stderr.
    pub(crate) fn until<T>(&mut self, look: impl Fn(&str, &str) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let has_ended = self.child.try_wait().unwrap().is_some();
            if has_ended {
                self.stdout.at_end();
                self.stderr.at_end();
            }
            let (stdout, stderr) = (self.stdout.so_far(), self.stderr.so_far());
            if let Some(found) = look(&stdout, &stderr) {
                return found;
            }
            let can_come = !has_ended && Instant::now() < deadline;
            assert!(can_come, "this is all that came\n--- stdout\n{stdout}\n--- stderr\n{stderr}");
            std::thread::sleep(PAUSE);
        }
    }

    /// Kills the process without a warning, if it has not ended by itself.
    pub(crate) fn kill_and_wait(mut self) -> Output {
        // One that has ended already is no fault.
        let _ = self.child.kill();
        self.wait()
    }

    /// Waits for the process's end.
    pub(crate) fn wait(mut self) -> Output {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "the process does not end\n{}", self.stderr.so_far());
            std::thread::sleep(PAUSE);
        };
        Output {
            code: status.code().unwrap_or(-1),
            stdout: self.stdout.at_end(),
            stderr: self.stderr.at_end(),
            root: self.root.clone(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that was waited for is left alone by these.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that has said that it is ready.
pub(crate) struct RunningServer {
    /// The process.
    pub(crate) process: Running,
    url: String,
}

impl RunningServer {
    /// Where it said that it is ready.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// What it has printed to stdout.
    pub(crate) fn printed(&self) -> String {
        self.process.stdout.so_far()
    }

    /// A client with a token and connections of its own.
    pub(crate) fn api(&self, token: &str) -> Api {
        Api::new(&self.url, token)
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn terminate(self) -> Output {
        self.process.signal("TERM");
        self.process.wait()
    }

    /// Kills it without a warning.
    pub(crate) fn kill_9(mut self) -> Output {
        self.process.child.kill().unwrap();
        self.process.wait()
    }
}

/// A server with the demo company, and its company-level token.
pub(crate) struct Demo {
    pub(crate) server: RunningServer,
    pub(crate) token: String,
    pub(crate) tenure: Tenure,
}

impl Demo {
    /// Starts `serve --demo` on a new folder.
    pub(crate) fn start() -> Self {
        let tenure = Tenure::new();
        let server = tenure.serve(&["--demo"]);
        let token = token_in(&server.printed(), "tnr_co_");
        Self { server, token, tenure }
    }

    /// Stops the server; the folder stays.
    pub(crate) fn stop(self) -> Tenure {
        self.server.terminate();
        self.tenure
    }
}

/// Waits for something that comes to be by itself.
#[track_caller]
pub(crate) fn eventually<T>(look: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "it did not come to be");
        std::thread::sleep(PAUSE);
    }
}

/// The first token of a kind in a text.
pub(crate) fn token_in(text: &str, prefix: &str) -> String {
    text.split_whitespace().find(|word| word.starts_with(prefix)).unwrap().to_owned()
}

/// How a process ended and what it said. Its picture leaves out what differs from run to run.
pub(crate) struct Output {
    /// The exit code; -1 when a signal ended it.
    pub(crate) code: i32,
    /// Stdout as it was.
    pub(crate) stdout: String,
    /// Stderr as it was.
    pub(crate) stderr: String,
    root: PathBuf,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (data, root) = (self.root.join("data"), self.root.to_str().unwrap());
        let show = |text: &str| {
            without_chance(&text.replace(data.to_str().unwrap(), "[DATA]").replace(root, "[HOME]"))
        };
        let (code, stdout, stderr) = (self.code, show(&self.stdout), show(&self.stderr));
        write!(f, "exit: {code}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

fn without_chance(text: &str) -> String {
    let (mut shown, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(character) = rest.chars().next() {
        let (length, instead) = by_chance(rest).unwrap_or((character.len_utf8(), ""));
        shown.push_str(if instead.is_empty() { &rest[..length] } else { instead });
        rest = &rest[length..];
    }
    shown
}

/// The length of something at the beginning of a text that differs from run to run, and what to show instead.
fn by_chance(text: &str) -> Option<(usize, &'static str)> {
    let is_digit = |character: char| character.is_ascii_digit();
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let shapes = [
        (behind(text, "127.0.0.1:", is_digit), "[ADDR]"),
        (behind(text, "tnr_", is_word), "[TOKEN]"),
        (behind(text, "process ", is_digit), "process [PID]"),
        (behind(text, "…", is_word).filter(|length| *length == "…abcd".len()), "…[LAST4]"),
        (time(text), "[TIME]"),
    ];
    shapes.into_iter().find_map(|(length, instead)| Some((length?, instead)))
}

/// The length of a prefix and of the characters of a kind behind it; at least one.
fn behind(text: &str, prefix: &str, is_kind: fn(char) -> bool) -> Option<usize> {
    let rest = text.strip_prefix(prefix)?;
    let length = rest.find(|character: char| !is_kind(character)).unwrap_or(rest.len());
    (length > 0).then_some(prefix.len() + length)
}

/// The length of a time in ISO 8601.
fn time(text: &str) -> Option<usize> {
    const FORM: &str = "0000-00-00T00:00:00";
    let fits = |(form, byte): (u8, u8)| if form == b'0' { byte.is_ascii_digit() } else { byte == form };
    let is_time = text.len() >= FORM.len() && FORM.bytes().zip(text.bytes()).all(fits);
    is_time.then(|| {
        let rest = &text[FORM.len()..];
        let is_end = |character: char| !(character.is_ascii_digit() || matches!(character, '.' | 'Z'));
        FORM.len() + rest.find(is_end).unwrap_or(rest.len())
    })
}

/// The keys of a JSON object in alphabetical order.
pub(crate) fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}
