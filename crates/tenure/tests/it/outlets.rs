//! Where output goes may be full, closed, or read by nobody. None of that is a reason to stop serving.

use crate::process::Tenure;
use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A device on which every write fails, as on a full disk.
fn full() -> Stdio {
    Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap())
}

/// A server whose log goes there, and where it listens. Ended with this value.
struct Serving {
    child: Child,
    address: String,
}

impl Serving {
    fn with_log(tenure: &Tenure, log: Stdio) -> Self {
        let mut command = tenure.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().rsplit("http://").next().unwrap().to_owned();
        Self { child, address }
    }

    /// Whether requests are answered, many of them.
    fn answers(&self, requests: usize) -> bool {
        let mut socket = TcpStream::connect(&self.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let ask = format!("GET /teammates HTTP/1.1\r\nHost: t\r\nX-Request-Id: {}\r\n\r\n", "r".repeat(120));
        for _ in 0..requests {
            socket.write_all(ask.as_bytes()).unwrap();
        }
        let last = "GET /healthz HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
        socket.write_all(last.as_bytes()).unwrap();
        let mut said = String::new();
        socket.read_to_string(&mut said).is_ok() && said.ends_with("ok\n")
    }

    /// The exit code after a SIGTERM.
    fn terminate(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_log_on_a_full_disk_stops_nothing() {
    let tenure = Tenure::with_company();
    let serving = Serving::with_log(&tenure, full());
    assert!(serving.answers(10));
    assert_eq!(serving.terminate(), Some(0));
}

#[test]
fn a_log_that_nobody_reads_any_more_stops_nothing() {
    let tenure = Tenure::with_company();
    let mut serving = Serving::with_log(&tenure, Stdio::piped());
    drop(serving.child.stderr.take());
    assert!(serving.answers(10));
    assert_eq!(serving.terminate(), Some(0));
}

#[test]
fn a_log_whose_reader_is_stuck_stops_nothing() {
    let tenure = Tenure::with_company();
    // The pipe is open and never read: it takes 64 KiB, and then no more.
    let serving = Serving::with_log(&tenure, Stdio::piped());
    assert!(serving.answers(1000));
    assert!(serving.answers(1));
    assert_eq!(serving.terminate(), Some(0));
}

#[test]
fn an_empty_folder_is_served_although_nobody_can_be_told() {
    let serving = Serving::with_log(&Tenure::new(), full());
    assert!(serving.answers(1));
    assert_eq!(serving.terminate(), Some(0));
}

#[test]
fn a_message_that_cannot_be_printed_changes_no_exit_code() {
    let tenure = Tenure::with_company();
    let status = tenure.command(&["team", "delete", "tim_9"]).stdout(Stdio::null()).stderr(full()).status();
    assert_eq!(status.unwrap().code(), Some(1));
}

#[test]
fn a_token_whose_text_is_lost_is_no_success() {
    let tenure = Tenure::with_company();
    let mut command = tenure.command(&["token", "create", "--output", "plain"]);
    let output = command.stdout(full()).stderr(Stdio::piped()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("tok_1") && told.contains("tenure token revoke"), "{told}");
}

#[test]
fn a_server_that_cannot_say_that_it_is_ready_does_not_run() {
    let tenure = Tenure::with_company();
    let mut command = tenure.command(&["serve", "--listen", "127.0.0.1:0"]);
    let status = command.stdin(Stdio::null()).stdout(full()).stderr(Stdio::null()).status();
    assert_eq!(status.unwrap().code(), Some(1));
}

#[test]
fn a_result_that_is_not_read_to_its_end_is_no_failure() {
    let tenure = Tenure::with_company();
    let mut command = tenure.command(&["audit"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
