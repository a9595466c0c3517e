//! The user exports of identity providers, recognised by their header.

use crate::people::Status;
use crate::people::field::Field;
use csv::StringRecord;

/// Where the columns of an export are.
pub(super) struct Export {
    provider: Provider,
    email: Vec<usize>,
    first_name: usize,
    last_name: usize,
    status: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Provider {
    Okta,
    Entra,
}

/// A column's name without what exports vary: case, spaces, `user.` and `profile.` before it.
fn plain(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase();
    let name = name.rsplit('.').next().unwrap_or_default();
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}

impl Export {
    /// The export that a header is of, if it is of one that we know.
    pub(super) fn recognise(header: &StringRecord) -> Option<Self> {
        let names: Vec<String> = header.iter().map(plain).collect();
        let find = |wanted: &[&str]| names.iter().position(|name| wanted.contains(&name.as_str()));
        if let (Some(principal), Some(enabled)) = (find(&["userprincipalname"]), find(&["accountenabled"])) {
            return Some(Self {
                provider: Provider::Entra,
                email: find(&["mail", "email"]).into_iter().chain([principal]).collect(),
                first_name: find(&["givenname", "firstname"])?,
                last_name: find(&["surname", "lastname"])?,
                status: enabled,
            });
        }
        // Our own names have underscores in the header; Okta's have none.
        let has_own = header.iter().any(|name| matches!(name.trim(), "first_name" | "last_name"));
        if has_own {
            return None;
        }
        let login = find(&["login", "username"])?;
        Some(Self {
            provider: Provider::Okta,
            email: find(&["email", "primaryemail"]).into_iter().chain([login]).collect(),
            first_name: find(&["firstname"])?,
            last_name: find(&["lastname"])?,
            status: find(&["status", "userstatus"])?,
        })
    }

    /// The cells that people files have too, each with the number of its column.
    pub(super) fn cells(&self, record: &StringRecord) -> Result<Vec<(Field, usize, String)>, String> {
        let cell = |index: usize| record.get(index).unwrap_or_default().trim();
        let email = self.email.iter().copied().find(|index| cell(*index).contains('@'));
        let email = email.ok_or("has no address, neither as e-mail nor as log-in name")?;
        Ok([(Field::Email, email), (Field::FirstName, self.first_name), (Field::LastName, self.last_name)]
            .map(|(field, index)| (field, index + 1, cell(index).to_owned()))
            .into())
    }

    /// Whether the provider lets the person in. Somebody suspended, or not yet activated, is left as it is, since a
    /// deactivation here cannot be undone.
    pub(super) fn status(&self, record: &StringRecord) -> Status {
        let status = record.get(self.status).unwrap_or_default().trim().to_ascii_lowercase();
        match (self.provider, status.as_str()) {
            (
                Provider::Okta,
                "active" | "recovery" | "password_expired" | "password expired" | "password reset"
                | "locked_out" | "locked out",
            )
            | (Provider::Entra, "true" | "yes" | "enabled") => Status::Active,
            (Provider::Okta, "deprovisioned" | "deactivated")
            | (Provider::Entra, "false" | "no" | "disabled") => Status::Departed,
            _ => Status::Unclear,
        }
    }
}
