//! How mail that waits is printed for people.

use super::{pairs, table};
use tenure_server::operator::{ReleasedInvitation, WaitingInvitation, WaitingMail};

pub(super) fn table_of(waiting: &[WaitingInvitation]) -> String {
    let row = |waiting: &WaitingInvitation| {
        let WaitingInvitation {
            key,
            company_id: _,
            company,
            teammate_id,
            email,
            state,
            since,
            attempts,
            next_try_at,
        } = waiting;
        vec![
            key.clone(),
            company.clone(),
            teammate_id.clone(),
            email.clone(),
            state.clone(),
            since.clone(),
            attempts.to_string(),
            next_try_at.clone().unwrap_or_default(),
        ]
    };
    let headers = ["KEY", "COMPANY", "TEAMMATE", "ADDRESS", "STATE", "SINCE", "ATTEMPTS", "NEXT TRY"];
    table(&headers, waiting.iter().map(row), "No invitation waits.")
}

/// A mail that waits: what would be sent, and why it is not.
pub(super) fn mail(mail: &WaitingMail) -> String {
    let WaitingMail { invitation, to, subject, why } = mail;
    let WaitingInvitation { key, company, state, since, attempts, .. } = invitation;
    let lines = [
        ("company", company.clone()),
        ("to", to.clone()),
        ("subject", subject.clone()),
        ("state", state.clone()),
        ("since", since.clone()),
        ("attempts", attempts.to_string()),
        ("why", why.clone()),
    ];
    format!("invitation {key}\n{}The link is made when the mail is sent.\n", pairs(&lines))
}

pub(super) fn released(released: &[ReleasedInvitation]) -> String {
    if released.is_empty() {
        return "No invitation is held.\n".to_owned();
    }
    let line = |released: &ReleasedInvitation| {
        let ReleasedInvitation { company_id: _, teammate_id, email } = released;
        format!("the invitation of teammate {teammate_id} <{email}> was released\n")
    };
    released.iter().map(line).collect()
}
