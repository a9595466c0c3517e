//! `tenure audit`.

use crate::cli::{Audit, Global, Output};
use crate::failure::Failure;
use crate::operate::Asking;
use crate::print;
use std::time::Duration;
use tenure_server::operator::{AuditWish, CompanyRequest, OperatorReply, OperatorRequest};

/// How often to look for what is new.
const INTERVAL: Duration = Duration::from_millis(500);

pub(crate) fn run(global: &Global, audit: Audit) -> Result<(), Failure> {
    let Audit { which, since, teammate, follow } = audit;
    let mut wish = AuditWish { since, teammate, after: 0 };
    let mut all = Vec::new();
    let mut asking = Asking::open(global)?;
    loop {
        let ask_for = CompanyRequest::Audit(wish.clone());
        let request = OperatorRequest::Company { company: which.company.clone(), ask: ask_for };
        let OperatorReply::Audit(page) = asking.ask(&request)? else {
            return Err(Failure::new("the server answered something else; use a tenure of the same version"));
        };
        wish.after = page.up_to;
        match (global.output, follow) {
            // While following there is no end to wait for, so each entry is a line of its own.
            (Output::Json, true) => page.entries.iter().for_each(print::json),
            (Output::Json, false) => all.extend(page.entries),
            (Output::Human | Output::Plain, _) => {
                let lines: String = page.entries.iter().map(print::audit_line).collect();
                print::result(&lines);
            }
        }
        if page.has_more {
            continue;
        }
        if !follow {
            break;
        }
        asking.let_go();
        asking.wait(INTERVAL)?;
    }
    asking.let_go();
    if global.output == Output::Json {
        print::json(&all);
    }
    Ok(())
}
