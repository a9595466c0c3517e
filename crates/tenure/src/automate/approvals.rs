//! Approvals of a plan: files beside it, each a statement and the signature over it.

use crate::automate::time;
use crate::failure::Failure;
use crate::print;
use std::path::{Path, PathBuf};
use tenure_lifecycle::Plan;
use tenure_lifecycle::approval::{self, Approval, Approvers};
use tenure_lifecycle::settings::Approve;

/// The files of an approval: `plan.json.KEY.approval` and `plan.json.KEY.approval.sig`.
pub(crate) fn paths(plan: &Path, key: &str) -> (PathBuf, PathBuf) {
    let name = plan.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let statement = plan.with_file_name(format!("{name}.{key}.approval"));
    let signature = plan.with_file_name(format!("{name}.{key}.approval.sig"));
    (statement, signature)
}

/// All approvals beside a plan.
pub(crate) fn read(plan: &Path) -> Result<Vec<Approval>, Failure> {
    let folder = plan.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let stem = format!("{}.", plan.file_name().unwrap_or_default().to_string_lossy());
    let failed =
        |path: &Path, error: std::io::Error| Failure::new(format!("cannot read {}: {error}", path.display()));
    let entries = std::fs::read_dir(folder).map_err(|error| failed(folder, error))?;
    let names = entries.filter_map(Result::ok).filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<_> =
        names.filter(|name| name.starts_with(&stem) && name.ends_with(".approval")).collect();
    names.sort();
    let mut approvals = Vec::new();
    for name in names {
        let (statement, signature) = (folder.join(&name), folder.join(format!("{name}.sig")));
        if !signature.exists() {
            print::note(&format!(
                "note: {} has no signature beside it and does not count",
                statement.display()
            ));
            continue;
        }
        approvals.push(Approval {
            statement: std::fs::read_to_string(&statement).map_err(|error| failed(&statement, error))?,
            signature: std::fs::read_to_string(&signature).map_err(|error| failed(&signature, error))?,
        });
    }
    Ok(approvals)
}

/// Fails unless enough have approved what needs it. Who approved.
pub(crate) fn require(
    plan: &Plan,
    approve: &Approve,
    approvals: &[Approval],
    folder: &Path,
) -> Result<Vec<String>, Failure> {
    let needed = plan.needs_approval(approve);
    if needed.is_empty() {
        return Ok(vec![]);
    }
    let path = folder.join(&approve.approvers);
    let text = std::fs::read_to_string(&path).map_err(|error| {
        Failure::refused(format!(
            "this plan needs approval, and {} cannot be read: {error}; nothing was sent",
            path.display()
        ))
    })?;
    let approvers = Approvers::parse(&text)
        .map_err(|why| Failure::refused(format!("{}: {why}; nothing was sent", path.display())))?;
    let verdict = approval::judge(&plan.body, &plan.digest, approvals, &approvers, approve, time::now());
    if verdict.approved_by.len() >= approve.threshold {
        return Ok(verdict.approved_by);
    }
    let kinds: Vec<_> = needed.into_iter().collect();
    let mut message = format!(
        "this plan needs approval, for {}: {} of {} have approved; nothing was sent",
        kinds.join(", "),
        verdict.approved_by.len(),
        approve.threshold
    );
    for why in &verdict.refused {
        message.push_str("\n  ");
        message.push_str(&print::safe(why));
    }
    Err(Failure::refused(message)
        .with_hint("write the plan with `tenure plan --out plan.json`, and let somebody run `tenure approve plan.json --key FILE`"))
}
