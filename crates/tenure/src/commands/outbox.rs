//! `tenure outbox`.

use crate::cli::{Global, Outbox, Output};
use crate::failure::Failure;
use crate::operate::{ask, data_path, require_journal};
use crate::print;
use std::io;
use tenure_server::OUTBOX;
use tenure_server::operator::{OperatorRequest, OutboxRequest};

pub(crate) fn run(global: &Global, command: Outbox) -> Result<(), Failure> {
    let request = match command {
        Outbox::List { company } => OutboxRequest::List { company },
        // A file's name has no slash, and every key has.
        Outbox::Show { name } if !name.contains('/') => return show_file(global, &name),
        Outbox::Show { name } => OutboxRequest::Show { key: name },
        Outbox::Release { which, teammates, all } => {
            let teammates = (!all).then_some(teammates);
            OutboxRequest::Release { company: which.company, teammates }
        }
    };
    let reply = ask(global, &OperatorRequest::Outbox(request))?;
    print::reply(global.output, &reply, None)
}

fn show_file(global: &Global, given: &str) -> Result<(), Failure> {
    let data = data_path(global)?;
    require_journal(&data)?;
    let (folder, name) = (data.join(OUTBOX), given.strip_suffix(".eml").unwrap_or(given));
    // So that it leads to nothing but a mail in that folder.
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let read = if name.bytes().all(is_name) {
        std::fs::read(folder.join(format!("{name}.eml")))
    } else {
        Err(io::ErrorKind::NotFound.into())
    };
    let mail = read.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            Failure::new(format!("there is no mail `{}` in {}", given.escape_debug(), folder.display()))
                .with_hint("`tenure outbox list` shows what waits; what a mail server took is not kept here")
        }
        _ => Failure::new(format!("cannot read {name}.eml in {}: {error}", folder.display())),
    })?;
    let mail = String::from_utf8_lossy(&mail);
    match global.output {
        Output::Json => print::json(&serde_json::json!({ "name": name, "mail": mail })),
        Output::Human | Output::Plain => print::result(&mail),
    }
    Ok(())
}
