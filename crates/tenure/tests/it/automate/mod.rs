//! The commands under *Automate*, against the real server, well-behaved and not.

mod approvals;
mod doctor;
mod drift;
mod guards;
mod interrupted;
mod listing;
mod scenarios;
mod tokens;
mod trust;

use crate::process::{Api, Output, RunningServer, Tenure};
use serde_json::{Value, json};
use std::process::Command;

/// A company with Ada (an administrator), Ben in Support, and Cyd; there are the teams Support and Sales. The server keeps
/// a record of what arrives.
pub(crate) struct Stage {
    pub(crate) tenure: Tenure,
    pub(crate) server: RunningServer,
    pub(crate) token: String,
}

impl Stage {
    /// With a server that does what it should.
    pub(crate) fn set() -> Self {
        Self::misbehaving("")
    }

    /// With a server that misbehaves as ordered.
    pub(crate) fn misbehaving(orders: &str) -> Self {
        let tenure = Tenure::with_company();
        tenure.ok(&["team", "create", "Support"]);
        tenure.ok(&["team", "create", "Sales"]);
        let (server, token) = (tenure.serve(&[]), tenure.token());
        let api = server.api(&token);
        block_on(async {
            for (email, first, is_admin) in [
                ("ada@acme.example", "Ada", true),
                ("ben@acme.example", "Ben", false),
                ("cyd@acme.example", "Cyd", false),
            ] {
                let person = json!({ "email": email, "first_name": first, "is_admin": is_admin });
                api.post("/teammates", person).await.expect(201);
            }
            let ben = json!({ "teammate_ids": ["alt:email:ben@acme.example"] });
            api.post("/teams/tim_1/teammates", ben).await.expect(204);
        });
        server.terminate();
        Self::serve(tenure, token, orders)
    }

    fn serve(tenure: Tenure, token: String, orders: &str) -> Self {
        // The plain keys of TOML must come before its tables.
        tenure.write("faults.toml", &format!("record = \"record.jsonl\"\n{orders}"));
        let server = tenure.serve(&["--faults", "faults.toml"]);
        Self { tenure, server, token }
    }

    /// Puts an open conversation of somebody into the company; its id.
    pub(crate) fn conversation(&self, of: &str) -> String {
        let api = self.api();
        block_on(async {
            let inbox =
                api.post("/inboxes", json!({ "name": format!("Orders of {of}") })).await.expect(201).json();
            let inbox = inbox["id"].as_str().unwrap().to_owned();
            let channel = json!({ "type": "custom", "name": "Form" });
            let made = api.post(&format!("/inboxes/{inbox}/channels"), channel).await.expect(204);
            let channel = made.headers["location"].to_str().unwrap().rsplit('/').next().unwrap().to_owned();
            let message = json!({ "sender": { "handle": "dee@shop.example" }, "body": "Where is it?" });
            let sent =
                api.post(&format!("/channels/{channel}/incoming_messages"), message).await.expect(202).json();
            let uid = sent["message_uid"].as_str().unwrap();
            let shown = api.get(&format!("/messages/alt:uid:{uid}")).await.expect(200).json();
            let conversation = shown["_links"]["related"]["conversation"].as_str().unwrap();
            let conversation = conversation.rsplit('/').next().unwrap().to_owned();
            let assignee = json!({ "assignee_id": format!("alt:email:{of}") });
            let path = format!("/conversations/{conversation}/assignee");
            let answer = api.try_send(reqwest::Method::PUT, &path, Some(assignee));
            answer.await.unwrap().expect(204);
            conversation
        })
    }

    /// A command with the server's URL and the token in its environment.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.tenure.bare(args);
        command.env("TENURE_URL", self.server.url()).env("TENURE_TOKEN", &self.token);
        command.env("TENURE_PLANNER", "planner@acme.example");
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.tenure.start(&mut self.command(args)).wait()
    }

    /// Runs a command that must end with a code.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32, args: &[&str]) -> Output {
        let output = self.run(args);
        assert_eq!(output.code, code, "{args:?}\n{output}");
        output
    }

    /// What a command that must succeed prints as JSON.
    #[track_caller]
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let output = self.expect(0, &[args, &["--output", "json"][..]].concat());
        serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}\n{output}"))
    }

    pub(crate) fn api(&self) -> Api {
        self.server.api(&self.token)
    }

    /// A teammate, by its address.
    pub(crate) fn teammate(&self, email: &str) -> Value {
        // By another server's word, where this one misbehaves.
        let api = self.api();
        block_on(async { api.get(&format!("/teammates/alt:email:{email}")).await.json() })
    }

    /// The writes that arrived, as `METHOD path`.
    pub(crate) fn writes(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.tenure.path("record.jsonl")).unwrap_or_default();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let writes =
            lines.filter(|line| !matches!(line["method"].as_str(), Some("GET" | "HEAD" | "OPTIONS")));
        writes
            .map(|line| format!("{} {}", line["method"].as_str().unwrap(), line["path"].as_str().unwrap()))
            .collect()
    }

    /// How often something happened to whom, by the audit: `teammate.created`, `teammate.blocked`.
    pub(crate) fn events(&self, words: &str) -> Vec<String> {
        let audit = self.tenure.ok(&["audit"]).stdout;
        audit.lines().filter(|line| line.contains(words)).map(str::to_owned).collect()
    }
}

/// A picture without what differs from run to run.
pub(crate) fn picture(output: &Output) -> String {
    let shown = output.to_string();
    let words = shown.split_inclusive(|character: char| character.is_whitespace() || character == ')');
    let plain = words.map(|word| {
        let bare = word.trim_end_matches([')', '\n', ' ']);
        let rest = &word[bare.len()..];
        let is_run = bare.len() == 28 && bare.as_bytes()[8] == b'T' && bare.contains("Z-");
        match bare {
            _ if bare.starts_with("sha256:") => format!("[DIGEST]{rest}"),
            _ if is_run => format!("[RUN]{rest}"),
            _ => word.to_owned(),
        }
    });
    plain.collect()
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
