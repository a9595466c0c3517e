//! `tenure approve`.

use crate::automate::{approvals, time};
use crate::cli::{ApproveArgs, Global, Output};
use crate::commands::apply::read_plan;
use crate::commands::plan::write;
use crate::failure::Failure;
use crate::print;
use std::io::IsTerminal as _;
use tenure_lifecycle::approval::{self, SignError};

/// The environment variable with the passphrase of the key.
const PASSPHRASE: &str = "TENURE_KEY_PASSPHRASE";

pub(crate) fn run(global: &Global, args: &ApproveArgs) -> Result<(), Failure> {
    let plan = read_plan(&args.plan)?;
    let shown = args.key.display();
    let text = std::fs::read_to_string(&args.key);
    let text = text.map_err(|error| Failure::new(format!("cannot read the key {shown}: {error}")))?;
    let given = std::env::var(PASSPHRASE).ok().filter(|given| !given.is_empty());
    let failed = |error: SignError| Failure::new(format!("{shown}: {error}"));
    let key = match approval::read_key(&text, given.as_deref()) {
        Err(SignError::Passphrase) => {
            if !std::io::stdin().is_terminal() {
                return Err(failed(SignError::Passphrase).with_hint("set TENURE_KEY_PASSPHRASE"));
            }
            let asked = inquire::Password::new("Passphrase of the key:").without_confirmation().prompt();
            let asked = asked.map_err(|_| Failure::interrupted())?;
            approval::read_key(&text, Some(&asked)).map_err(failed)?
        }
        read => read.map_err(failed)?,
    };
    let approval = approval::sign(&plan.digest, &key, time::now()).map_err(failed)?;
    let (statement, signature) = approvals::paths(&args.plan, &approval::key_name(key.public_key()));
    // The signature last: a statement without one does not count.
    write(&statement, &approval.statement)?;
    write(&signature, &approval.signature)?;
    if global.output == Output::Json {
        print::json(&serde_json::json!({
            "plan": args.plan, "digest": plan.digest, "statement": statement, "signature": signature,
        }));
        return Ok(());
    }
    let counts: Vec<_> = plan.counts().into_iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    print::result(&format!(
        "approved {} ({}), planned by {}\n  {}\n  {}\n",
        plan.digest,
        counts.join(", "),
        print::safe(&plan.body.planned_by),
        statement.display(),
        signature.display()
    ));
    Ok(())
}
