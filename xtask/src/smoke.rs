//! The main job, once, with the real binary: the README's quick start, then an orderly end and a verified journal.

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Runs it. The error says which step failed.
pub(crate) fn run() -> Result<String, String> {
    let binary = build()?;
    let data = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut server = Running::start(&binary, data.path())?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(quick_start(&server.url, &server.token))?;
    server.stop()?;
    let verified = Command::new(&binary).arg("verify").arg("--data").arg(data.path()).output();
    let verified = verified.map_err(|error| error.to_string())?;
    if !verified.status.success() {
        return Err(format!("the journal does not verify: {}", String::from_utf8_lossy(&verified.stderr)));
    }
    Ok("smoke: the quick start works, the server ends in good order, and its journal verifies".to_owned())
}

/// Builds the binary as people get it, and tells where it is.
fn build() -> Result<PathBuf, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let built = Command::new(cargo)
        .args(["build", "--package", "tenure", "--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| error.to_string())?;
    if !built.status.success() {
        return Err("the binary does not build".to_owned());
    }
    let messages = String::from_utf8_lossy(&built.stdout);
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let binary = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).next_back();
    binary.ok_or_else(|| "cargo did not say where the binary is".to_owned())
}

/// A server that this process started, and ends.
struct Running {
    child: Child,
    url: String,
    token: String,
}

impl Running {
    fn start(binary: &Path, data: &Path) -> Result<Self, String> {
        let mut child = Command::new(binary)
            .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("the server does not start: {error}"))?;
        let stdout = child.stdout.take().ok_or("the server has no stdout")?;
        let (mut token, mut url) = (None, None);
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(text) = line.split_whitespace().find(|word| word.starts_with("tnr_co_")) {
                token.get_or_insert_with(|| text.trim_matches('\'').to_owned());
            }
            if let Some(ready) = line.strip_prefix("tenure: ready at ") {
                url = Some(ready.to_owned());
                break;
            }
        }
        let (url, token) =
            url.zip(token).ok_or("the server did not say that it is ready, or showed no token")?;
        Ok(Self { child, url, token })
    }

    fn stop(&mut self) -> Result<(), String> {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        told.map_err(|error| error.to_string())?;
        let ended = self.child.wait().map_err(|error| error.to_string())?;
        if ended.success() { Ok(()) } else { Err(format!("the server ended with {ended}")) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already where all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Api<'a> {
    http: Client,
    url: &'a str,
    token: &'a str,
}

impl Api<'_> {
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        expected: StatusCode,
    ) -> Result<Value, String> {
        let what = format!("{method} {path}");
        let request = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(self.token);
        let request = body.iter().fold(request, reqwest::RequestBuilder::json);
        let response = request.send().await.map_err(|error| format!("{what}: {error}"))?;
        let status = response.status();
        let text = response.text().await.map_err(|error| format!("{what}: {error}"))?;
        if status != expected {
            return Err(format!("{what}: {status} instead of {expected}: {text}"));
        }
        if text.is_empty() {
            Ok(Value::Null)
        } else {
            serde_json::from_str(&text).map_err(|error| error.to_string())
        }
    }
}

/// Provision a teammate into a team; then deactivate somebody whose id is looked up by address over the pages.
async fn quick_start(url: &str, token: &str) -> Result<(), String> {
    let api =
        Api { http: Client::builder().no_proxy().build().map_err(|error| error.to_string())?, url, token };
    let email = "michael@example.com";
    let person = json!({ "email": email, "first_name": "Michael" });
    let created = api.send(Method::POST, "/teammates", Some(person), StatusCode::CREATED).await?;
    let id = created["id"].as_str().ok_or("the new teammate has no id")?.to_owned();
    let members = json!({ "teammate_ids": [id] });
    api.send(Method::POST, "/teams/tim_1/teammates", Some(members), StatusCode::NO_CONTENT).await?;
    let team = api.send(Method::GET, "/teams/tim_1", None, StatusCode::OK).await?;
    if !has(&team["members"], "id", &id) {
        return Err(format!("{id} is not in the team"));
    }
    let mut path = Some("/teammates?limit=10".to_owned());
    let mut found = None;
    while let Some(page) = path.take() {
        let list = api.send(Method::GET, &page, None, StatusCode::OK).await?;
        let items = list["_results"].as_array().cloned().unwrap_or_default();
        found = found.or_else(|| items.into_iter().find(|item| item["email"] == email));
        let next = list["_pagination"]["next"].as_str();
        path = next.and_then(|next| next.strip_prefix(url)).map(str::to_owned);
    }
    let found = found.ok_or("the new teammate is on no page")?;
    let path = format!("/teammates/{}", found["id"].as_str().unwrap_or_default());
    api.send(Method::DELETE, &path, None, StatusCode::NO_CONTENT).await?;
    let after = api.send(Method::GET, &path, None, StatusCode::OK).await?;
    if after["is_blocked"] == true { Ok(()) } else { Err(format!("{path} is not blocked: {after}")) }
}

fn has(list: &Value, key: &str, value: &str) -> bool {
    list.as_array().is_some_and(|items| items.iter().any(|item| item[key] == value))
}
