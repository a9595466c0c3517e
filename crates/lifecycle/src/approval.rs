//! Approvals: others agree to a plan's digest with an SSH key, in the format of `ssh-keygen -Y sign`.
//!
//! What is signed is a statement of three lines: the format, the plan's digest, and when it was approved. Whoever has
//! `ssh-keygen` can make one and check one by hand, under the namespace [`NAMESPACE`].

use crate::address::fits;
use crate::plan::PlanBody;
use crate::settings::Approve;
use jiff::Timestamp;
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey, SshSig};
use std::collections::BTreeMap;
use std::fmt;

/// The namespace of the signatures: a signature for anything else is no approval.
pub const NAMESPACE: &str = "tenure-plan";
const FORMAT: &str = "tenure-approval/1";
/// How far an approver's clock may be ahead of ours.
const CLOCK_TOLERANCE_SECONDS: i64 = 300;

/// A statement and the signature over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The statement, as it was signed.
    pub statement: String,
    /// The signature, in PEM (`-----BEGIN SSH SIGNATURE-----`).
    pub signature: String,
}

/// Why a plan cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The key cannot be read.
    #[error("this is no private key that can be read: {0}; give one in OpenSSH's format")]
    Key(String),
    /// The key is of a kind that is not taken.
    #[error("keys of the kind {0} are not taken; use an ed25519 or ECDSA key (ssh-keygen -t ed25519)")]
    Kind(String),
    /// The key needs its passphrase.
    #[error("the key is encrypted and needs its passphrase")]
    Passphrase,
    /// The passphrase is another.
    #[error("the passphrase does not fit the key")]
    WrongPassphrase,
    /// The library refused.
    #[error("the plan could not be signed: {0}")]
    Signing(String),
}

/// A private key from its file's text.
pub fn read_key(text: &str, passphrase: Option<&str>) -> Result<PrivateKey, SignError> {
    let key = PrivateKey::from_openssh(text).map_err(|error| SignError::Key(error.to_string()))?;
    match key.algorithm() {
        Algorithm::Ed25519 | Algorithm::Ecdsa { .. } => {}
        other => return Err(SignError::Kind(other.to_string())),
    }
    if !key.is_encrypted() {
        return Ok(key);
    }
    let passphrase = passphrase.ok_or(SignError::Passphrase)?;
    key.decrypt(passphrase).map_err(|_| SignError::WrongPassphrase)
}

/// Signs a plan's digest at a time.
pub fn sign(digest: &str, key: &PrivateKey, now: Timestamp) -> Result<Approval, SignError> {
    let at = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let statement = format!("{FORMAT}\nplan {digest}\napproved-at {at}\n");
    let signed = key.sign(NAMESPACE, HashAlg::Sha512, statement.as_bytes());
    let pem = signed.and_then(|signature| signature.to_pem(LineEnding::LF));
    let signature = pem.map_err(|error| SignError::Signing(error.to_string()))?;
    Ok(Approval { statement, signature })
}

/// A short name of a key, for file names: the start of its SHA-256 fingerprint.
pub fn key_name(key: &PublicKey) -> String {
    let print = key.fingerprint(HashAlg::Sha256).to_string();
    let print = print.trim_start_matches("SHA256:");
    print.chars().filter(char::is_ascii_alphanumeric).take(8).collect()
}

/// One line of a file of approvers (`allowed_signers` of ssh-keygen(1)).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Approver {
    principals: Vec<String>,
    key: PublicKey,
    namespaces: Option<Vec<String>>,
    valid_after: Option<Timestamp>,
    valid_before: Option<Timestamp>,
}

/// Who may approve.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approvers(Vec<Approver>);

/// A line of a file of approvers that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotApprovers {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for NotApprovers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for NotApprovers {}

impl Approvers {
    /// Reads the file's text.
    pub fn parse(text: &str) -> Result<Self, NotApprovers> {
        let lines = (1..).zip(text.lines()).map(|(number, line)| (number, line.trim()));
        let meant = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let parsed = meant.map(|(line, text)| approver(text).map_err(|why| NotApprovers { line, why }));
        parsed.collect::<Result<_, _>>().map(Self)
    }
}

/// Splits off the first word; white space within quotes does not count.
fn word(text: &str) -> (&str, &str) {
    let mut is_quoted = false;
    let end = text.find(|character: char| {
        is_quoted ^= character == '"';
        character.is_whitespace() && !is_quoted
    });
    let end = end.unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

fn approver(line: &str) -> Result<Approver, String> {
    let (principals, rest) = word(line);
    let principals = unquoted(principals).split(',').map(str::trim).filter(|name| !name.is_empty());
    let principals: Vec<_> = principals.map(str::to_owned).collect();
    let is_key = |text: &str| ["ssh-", "ecdsa-", "sk-"].iter().any(|start| text.starts_with(start));
    let (mut options, mut key) = ("", rest);
    if !is_key(rest) {
        (options, key) = word(rest);
    }
    let key = PublicKey::from_openssh(key).map_err(|error| format!("its key cannot be read: {error}"))?;
    let mut approver = Approver { principals, key, namespaces: None, valid_after: None, valid_before: None };
    let mut rest = options;
    while !rest.is_empty() {
        let mut is_quoted = false;
        let end = rest.find(|character: char| {
            is_quoted ^= character == '"';
            character == ',' && !is_quoted
        });
        let option = &rest[..end.unwrap_or(rest.len())];
        rest = end.map_or("", |end| &rest[end + 1..]);
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let value = unquoted(value);
        match name.to_ascii_lowercase().as_str() {
            "namespaces" => approver.namespaces = Some(value.split(',').map(str::to_owned).collect()),
            "valid-after" => approver.valid_after = Some(time(value)?),
            "valid-before" => approver.valid_before = Some(time(value)?),
            other => return Err(format!("the option `{}` is not understood", other.escape_debug())),
        }
    }
    if approver.principals.is_empty() {
        return Err("it names nobody".to_owned());
    }
    Ok(approver)
}

/// `YYYYMMDD[HHMM[SS]][Z]`, taken as UTC.
fn time(text: &str) -> Result<Timestamp, String> {
    let digits = text.trim_end_matches(['Z', 'z']);
    let wrong = || format!("`{}` is no time; write it as 20260131 or 202601310900", text.escape_debug());
    if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let padded = format!("{digits:0<14}");
    let part = |from: usize, to: usize| &padded[from..to];
    let iso = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(8, 10),
        part(10, 12),
        part(12, 14)
    );
    iso.parse().map_err(|_| wrong())
}

/// What came of the approvals of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Who agreed, by name.
    pub approved_by: Vec<String>,
    /// Approvals that do not count, and why.
    pub refused: Vec<String>,
}

/// Judges approvals of a plan: signature, signer, time, and that the signer is not the planner. Each person counts once.
pub fn judge(
    plan: &PlanBody,
    digest: &str,
    approvals: &[Approval],
    approvers: &Approvers,
    approve: &Approve,
    now: Timestamp,
) -> Verdict {
    let mut verdict = Verdict::default();
    let mut counted: Vec<(Vec<String>, String)> = Vec::new();
    for approval in approvals {
        match judge_one(plan, digest, approval, approvers, approve, now) {
            Ok((principals, key)) => {
                let is_same = |(others, other): &(Vec<String>, String)| {
                    *other == key
                        || others
                            .iter()
                            .any(|name| principals.iter().any(|own| own.eq_ignore_ascii_case(name)))
                };
                if !counted.iter().any(is_same) {
                    verdict.approved_by.push(principals.join(","));
                    counted.push((principals, key));
                }
            }
            Err(why) => verdict.refused.push(why),
        }
    }
    verdict.approved_by.sort();
    verdict
}

fn judge_one(
    plan: &PlanBody,
    digest: &str,
    approval: &Approval,
    approvers: &Approvers,
    approve: &Approve,
    now: Timestamp,
) -> Result<(Vec<String>, String), String> {
    let signature = SshSig::from_pem(&approval.signature)
        .map_err(|error| format!("a signature cannot be read: {error}"))?;
    let key = PublicKey::from(signature.public_key().clone());
    let print = key.fingerprint(HashAlg::Sha256);
    let at = approved_at(&approval.statement, digest)?;
    let theirs: Vec<_> =
        approvers.0.iter().filter(|approver| approver.key.key_data() == key.key_data()).collect();
    if theirs.is_empty() {
        return Err(format!("the key {print} is of nobody who may approve"));
    }
    let by_planner = theirs
        .iter()
        .flat_map(|approver| &approver.principals)
        .any(|principal| is_planner(principal, &plan.planned_by));
    let allowed = theirs.into_iter().find(|approver| {
        let for_this =
            approver.namespaces.as_ref().is_none_or(|names| names.iter().any(|name| name == NAMESPACE));
        let is_valid = approver.valid_after.is_none_or(|after| after <= at)
            && approver.valid_before.is_none_or(|before| at < before);
        for_this && is_valid
    });
    let Some(approver) = allowed else {
        return Err(format!("the key {print} may not approve plans, or not at that time"));
    };
    let name = approver.principals.join(",");
    key.verify(NAMESPACE, approval.statement.as_bytes(), &signature)
        .map_err(|_| format!("the signature of {name} does not fit what was signed"))?;
    let age = now.as_second() - at.as_second();
    if age > approve.expires.seconds {
        return Err(format!(
            "the approval of {name} has expired: it is of {at}, and approvals hold for {}",
            approve.expires
        ));
    }
    if age < -CLOCK_TOLERANCE_SECONDS {
        return Err(format!("the approval of {name} is of {at}, which is still to come"));
    }
    if !approve.by_planner && by_planner {
        return Err(format!("{name} made this plan and cannot approve it"));
    }
    Ok((approver.principals.clone(), print.to_string()))
}

fn approved_at(statement: &str, digest: &str) -> Result<Timestamp, String> {
    let lines: BTreeMap<_, _> = statement.lines().skip(1).filter_map(|line| line.split_once(' ')).collect();
    if statement.lines().next() != Some(FORMAT) {
        return Err("a statement is of another format".to_owned());
    }
    match lines.get("plan") {
        Some(of) if *of == digest => {}
        Some(of) => return Err(format!("an approval is of another plan: {}", of.escape_debug())),
        None => return Err("a statement names no plan".to_owned()),
    }
    let at = lines.get("approved-at").and_then(|at| at.parse().ok());
    at.ok_or_else(|| "a statement has no time".to_owned())
}

/// Whether an approver is who planned: the same name, a pattern that it fits, or where one of them is a log-in name alone, the
/// same local part.
fn is_planner(principal: &str, planned_by: &str) -> bool {
    let local = |name: &str| name.split('@').next().unwrap_or_default().to_lowercase();
    let is_short = !principal.contains('@') || !planned_by.contains('@');
    fits(principal, planned_by) || (is_short && local(principal) == local(planned_by))
}
