//! `tenure profile`.

use crate::automate::connection::{given_scim_token, given_token};
use crate::automate::profiles::{Profile, Profiles};
use crate::cli::{Connection, Global, Output, ProfileCommand};
use crate::failure::Failure;
use crate::print;
use std::io::{IsTerminal as _, Read as _};
use tenure_client::{ServerUrl, Token};

pub(crate) fn run(global: &Global, command: ProfileCommand) -> Result<(), Failure> {
    let mut profiles = Profiles::open()?;
    let output = global.output;
    match command {
        ProfileCommand::Add { name, connection } => add(&mut profiles, &name, &connection, output),
        ProfileCommand::List => {
            list(&profiles, output);
            Ok(())
        }
        ProfileCommand::Use { name } => {
            profiles.choose(&name)?;
            say(&name, "used", &format!("profile {name} is used from now on\n"), output);
            Ok(())
        }
        ProfileCommand::Remove { name } => {
            profiles.remove(&name)?;
            say(&name, "removed", &format!("profile {name} and its token were removed\n"), output);
            Ok(())
        }
    }
}

/// Tells what was done, in words or as an object.
fn say(name: &str, done: &str, words: &str, output: Output) {
    if output == Output::Json {
        print::json(&serde_json::json!({ "name": name, "done": done }));
    } else {
        print::result(words);
    }
}

fn add(profiles: &mut Profiles, name: &str, connection: &Connection, output: Output) -> Result<(), Failure> {
    let Some(url) = &connection.url else {
        return Err(Failure::usage("a profile needs the URL of its server: give --url"));
    };
    let url = ServerUrl::parse(url).map_err(Failure::usage)?.to_string();
    let scim_url =
        connection.scim_url.as_deref().map(ServerUrl::parse).transpose().map_err(Failure::usage)?;
    let token = match given_token(connection)? {
        Some(token) => token,
        None => asked()?,
    };
    let scim_token = given_scim_token(connection)?;
    let profile = Profile { url: url.clone(), scim_url: scim_url.map(|url| url.to_string()) };
    let place = profiles.add(name, profile, &token, scim_token.as_ref())?;
    let words = format!("profile {name} was added, for {url}; its token is {}\n", place.name());
    say(name, "added", &words, output);
    Ok(())
}

/// The token, typed where nobody sees it, or piped in.
fn asked() -> Result<Token, Failure> {
    let text = if std::io::stdin().is_terminal() {
        inquire::Password::new("Token:")
            .without_confirmation()
            .prompt()
            .map_err(|_| Failure::interrupted())?
    } else {
        let mut text = String::new();
        let read = std::io::stdin().take(64 * 1024).read_to_string(&mut text);
        read.map_err(|error| Failure::new(format!("cannot read the token from stdin: {error}")))?;
        text
    };
    Token::parse(&text).map_err(|error| {
        Failure::usage(format!("which token? {error}"))
            .with_hint("set TENURE_TOKEN, give --token-file, or pipe it in")
    })
}

fn list(profiles: &Profiles, output: Output) {
    let (all, chosen) = profiles.list();
    if output == Output::Json {
        let all: Vec<_> = all
            .map(|(name, profile)| {
                serde_json::json!({ "name": name, "url": profile.url, "scim_url": profile.scim_url,
                "is_default": chosen == Some(name.as_str()) })
            })
            .collect();
        print::json(&all);
        return;
    }
    let rows: Vec<_> = all
        .map(|(name, profile)| {
            let mark = if chosen == Some(name.as_str()) { "yes" } else { "" };
            vec![
                name.clone(),
                profile.url.clone(),
                profile.scim_url.clone().unwrap_or_default(),
                mark.to_owned(),
            ]
        })
        .collect();
    let none = "There is no profile yet. Make one: tenure profile add NAME --url URL";
    print::result(&print::rows(&["name", "url", "scim_url", "used"], &rows, none));
}
