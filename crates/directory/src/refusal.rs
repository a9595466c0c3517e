//! The core's "no": which rule, which field, and what to do. It knows no HTTP; each face maps it in one place.

use crate::id::{CompanyId, TeamId, TeammateId, TokenId};
use crate::text::{FieldName, Slug, repeated};
use std::fmt;

/// One thing wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field's name on the wire, with dots inside objects.
    pub field: Box<str>,
    /// What is wrong and what would be right; reads after the field's name.
    pub message: Box<str>,
}

impl Fault {
    /// A fault of a field.
    pub fn new(field: impl Into<Box<str>>, message: impl Into<Box<str>>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.message)
    }
}

/// Which unique field somebody else holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenField {
    /// The e-mail address.
    Email,
    /// The username.
    Username,
    /// What the person signs in by.
    UserName,
    /// The id that an identity provider has for the person.
    ExternalId,
}

/// A value that must be unique and is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Which field.
    pub field: TakenField,
    /// Who has it.
    pub holder: TeammateId,
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (field, noun) = match self.field {
            TakenField::Email => ("email", "address"),
            TakenField::Username => ("username", "username"),
            TakenField::UserName => ("userName", "userName"),
            TakenField::ExternalId => ("externalId", "externalId"),
        };
        let holder = self.holder;
        write!(f, "{field} is taken: teammate {holder} has this {noun}; use another, or change {holder}")
    }
}

/// Why a command is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Fields with values that cannot be taken.
    Invalid(Vec<Fault>),
    /// Values that somebody else holds.
    Taken(Vec<Taken>),
    /// References to teammates that the company does not have, as they were given.
    UnknownTeammates {
        /// As given.
        given: Vec<Box<str>>,
    },
    /// A reference to a team that the company does not have.
    UnknownTeam {
        /// As given.
        given: Box<str>,
    },
    /// A custom field that the company does not have.
    UnknownCustomField {
        /// As given.
        given: Box<str>,
    },
    /// A token that the company does not have.
    UnknownToken {
        /// Its id.
        token: TokenId,
    },
    /// An inbox that the company does not have.
    UnknownInbox {
        /// As given.
        given: Box<str>,
    },
    /// A channel that the company does not have.
    UnknownChannel {
        /// As given.
        given: Box<str>,
    },
    /// A conversation that the company does not have.
    UnknownConversation {
        /// As given.
        given: Box<str>,
    },
    /// A message that the company does not have.
    UnknownMessage {
        /// As given.
        given: Box<str>,
    },
    /// A webhook that the company does not have.
    UnknownWebhook {
        /// As given.
        given: Box<str>,
    },
    /// Somebody to assign a conversation to whom the company does not have.
    UnknownAssignee {
        /// As given.
        given: Box<str>,
    },
    /// An author of a message whom the company does not have.
    UnknownAuthor {
        /// As given.
        given: Box<str>,
    },
    /// A conversation cannot be assigned to a blocked teammate.
    BlockedAssignee {
        /// Who.
        teammate: TeammateId,
    },
    /// A blocked teammate cannot write.
    BlockedAuthor {
        /// Who.
        teammate: TeammateId,
    },
    /// A company that is not there.
    UnknownCompany {
        /// As given.
        given: Box<str>,
    },
    /// Blocked teammates where only active ones can be.
    BlockedTeammates {
        /// Who.
        teammates: Vec<TeammateId>,
    },
    /// The teammate is blocked, and the command is for active ones.
    TeammateIsBlocked {
        /// Who.
        teammate: TeammateId,
    },
    /// The company would be left without an administrator.
    LastAdmin {
        /// Who.
        teammate: TeammateId,
    },
    /// The company does not let the API bring a blocked teammate back.
    ReactivationNeedsAPerson {
        /// Who.
        teammate: TeammateId,
    },
    /// Another team has the name.
    TeamNameTaken {
        /// Which.
        holder: TeamId,
    },
    /// Another team has the external id.
    TeamExternalIdTaken {
        /// Which.
        holder: TeamId,
    },
    /// Another custom field has the name.
    FieldNameTaken {
        /// The name.
        name: FieldName,
    },
    /// Another company has the slug.
    SlugTaken {
        /// The slug.
        slug: Slug,
        /// Which company.
        holder: CompanyId,
    },
    /// More of something than a company may have.
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// A SCIM token before single sign-on is set.
    SsoNotSet,
    /// The thing changed since the caller looked (`If-Match`).
    ChangedSince,
    /// A link that is of no open invitation.
    UnknownInvitation,
    /// A link whose time is over.
    InvitationExpired,
    /// A link that was followed before.
    InvitationUsed,
    /// The teammate has no invitation that waits to be released.
    InvitationNotHeld {
        /// Who.
        teammate: TeammateId,
    },
    /// The teammate has accepted, and needs no invitation.
    InvitationAccepted {
        /// Who.
        teammate: TeammateId,
    },
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Refusal::Invalid(vec![fault])
    }
}

impl Refusal {
    /// The stable code of the rule.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Invalid(_) => "request.invalid",
            Refusal::Taken(taken) => match taken.first().map(|taken| taken.field) {
                Some(TakenField::Email) | None => "teammate.email_taken",
                Some(TakenField::Username) => "teammate.username_taken",
                Some(TakenField::UserName) => "teammate.user_name_taken",
                Some(TakenField::ExternalId) => "teammate.external_id_taken",
            },
            Refusal::UnknownTeammates { .. } => "teammate.unknown",
            Refusal::UnknownTeam { .. } => "team.unknown",
            Refusal::UnknownCustomField { .. } => "custom_field.unknown",
            Refusal::UnknownToken { .. } => "token.unknown",
            Refusal::UnknownInbox { .. } => "inbox.unknown",
            Refusal::UnknownChannel { .. } => "channel.unknown",
            Refusal::UnknownConversation { .. } => "conversation.unknown",
            Refusal::UnknownMessage { .. } => "message.unknown",
            Refusal::UnknownWebhook { .. } => "webhook.unknown",
            Refusal::UnknownAssignee { .. } => "conversation.assignee_unknown",
            Refusal::UnknownAuthor { .. } => "message.author_unknown",
            Refusal::BlockedAssignee { .. } => "conversation.assignee_blocked",
            Refusal::BlockedAuthor { .. } => "message.author_blocked",
            Refusal::UnknownCompany { .. } => "company.unknown",
            Refusal::BlockedTeammates { .. } => "team.teammate_blocked",
            Refusal::TeammateIsBlocked { .. } => "teammate.blocked",
            Refusal::LastAdmin { .. } => "teammate.last_admin",
            Refusal::ReactivationNeedsAPerson { .. } => "teammate.reactivation_needs_a_person",
            Refusal::TeamNameTaken { .. } => "team.name_taken",
            Refusal::TeamExternalIdTaken { .. } => "team.external_id_taken",
            Refusal::FieldNameTaken { .. } => "custom_field.name_taken",
            Refusal::SlugTaken { .. } => "company.slug_taken",
            Refusal::TooMany { .. } => "company.limit_reached",
            Refusal::SsoNotSet => "token.sso_not_set",
            Refusal::ChangedSince => "request.changed_since",
            Refusal::UnknownInvitation => "invitation.unknown",
            Refusal::InvitationExpired => "invitation.expired",
            Refusal::InvitationUsed => "invitation.used",
            Refusal::InvitationNotHeld { .. } => "invitation.not_held",
            Refusal::InvitationAccepted { .. } => "invitation.accepted",
        }
    }

    /// One entry for each thing that is wrong, where there can be several.
    pub fn details(&self) -> Vec<String> {
        if let Refusal::Invalid(faults) = self {
            return told(faults);
        }
        if let Refusal::Taken(taken) = self {
            return taken.iter().map(ToString::to_string).collect();
        }
        if let Refusal::UnknownTeammates { given } = self {
            return match &given[..] {
                [] | [_] => vec![],
                several => {
                    several.iter().map(|given| format!("Unknown teammate ID {}", repeated(given))).collect()
                }
            };
        }
        let is_about_one_field = matches!(
            self,
            Refusal::UnknownAssignee { .. }
                | Refusal::UnknownAuthor { .. }
                | Refusal::BlockedAssignee { .. }
                | Refusal::BlockedAuthor { .. }
        );
        if is_about_one_field {
            return vec![self.to_string()];
        }
        if let Refusal::BlockedTeammates { teammates } = self {
            return vec![format!("teammate_ids names blocked teammates: {}", list(teammates))];
        }
        vec![]
    }
}

/// How many faults or names a message tells one by one; a body can hold a hundred thousand.
const TOLD: usize = 50;

/// The items in words, the first [`TOLD`] of them.
fn told<T: fmt::Display>(items: &[T]) -> Vec<String> {
    let mut told: Vec<_> = items.iter().take(TOLD).map(|item| repeated(&item.to_string())).collect();
    if items.len() > TOLD {
        told.push(format!("and {} more", items.len() - TOLD));
    }
    told
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    told(items).join(", ")
}

impl fmt::Display for Refusal {
    #[expect(clippy::too_many_lines, reason = "a table: one sentence for each refusal")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Invalid(faults) => write!(f, "{}", list(faults)),
            Refusal::Taken(taken) => write!(f, "{}", list(taken)),
            Refusal::UnknownTeammates { given } => unknown_teammates(f, given),
            Refusal::UnknownTeam { given } => write!(f, "Unknown team ID {}", repeated(given)),
            Refusal::UnknownCustomField { given } => {
                write!(f, "there is no custom field `{}`; see `tenure custom-field list`", repeated(given))
            }
            Refusal::UnknownToken { token } => {
                write!(f, "there is no token {token}; see `tenure token list`")
            }
            Refusal::UnknownInbox { given } => write!(f, "Unknown inbox ID {}", repeated(given)),
            Refusal::UnknownChannel { given } => write!(f, "Unknown channel ID {}", repeated(given)),
            Refusal::UnknownConversation { given } => {
                write!(f, "Unknown conversation ID {}", repeated(given))
            }
            Refusal::UnknownMessage { given } => write!(f, "Unknown message ID {}", repeated(given)),
            Refusal::UnknownWebhook { given } => write!(f, "Unknown webhook ID {}", repeated(given)),
            Refusal::UnknownAssignee { given } => {
                write!(f, "assignee_id names no teammate: {}", repeated(given))
            }
            Refusal::UnknownAuthor { given } => {
                write!(f, "author_id names no teammate: {}", repeated(given))
            }
            Refusal::BlockedAssignee { teammate } => {
                write!(f, "assignee_id names a blocked teammate: {teammate}; assign it to somebody who works")
            }
            Refusal::BlockedAuthor { teammate } => write!(f, "author_id names a blocked teammate: {teammate}"),
            Refusal::UnknownCompany { given } => {
                write!(f, "there is no company `{}`; see `tenure company list`", repeated(given))
            }
            Refusal::BlockedTeammates { teammates } => {
                let who = list(teammates);
                write!(f, "blocked teammates cannot be added to a team: {who}; leave them out or reactivate them")
            }
            Refusal::TeammateIsBlocked { teammate } => {
                write!(f, "teammate {teammate} is blocked; reactivate it first (tenure teammate reactivate)")
            }
            Refusal::LastAdmin { teammate } => write!(
                f,
                "teammate {teammate} is the last unblocked administrator; make another teammate an administrator first"
            ),
            Refusal::ReactivationNeedsAPerson { teammate } => write!(
                f,
                "teammate {teammate} is blocked and this company does not allow reactivation over the API; an operator \
                 can run `tenure teammate reactivate`, or set reactivation=api"
            ),
            Refusal::TeamNameTaken { holder } => write!(f, "team {holder} has this name; use another"),
            Refusal::TeamExternalIdTaken { holder } => {
                write!(f, "team {holder} has this externalId; use another")
            }
            Refusal::FieldNameTaken { name } => write!(f, "there is a custom field named `{name}` already"),
            Refusal::SlugTaken { slug, holder } => {
                write!(f, "company {holder} has the slug `{slug}`; give another with --slug")
            }
            Refusal::TooMany { what, limit } => write!(f, "there can be at most {limit} {what}"),
            Refusal::SsoNotSet => f.write_str(
                "a SCIM token needs single sign-on to be set first: `tenure sso set --company C --metadata FILE`",
            ),
            Refusal::ChangedSince => {
                f.write_str("it was changed since you read it; read it again and repeat with the new ETag")
            }
            Refusal::UnknownInvitation => {
                f.write_str("this link belongs to no open invitation; ask your administrator for a new one")
            }
            Refusal::InvitationExpired => {
                f.write_str("this invitation has expired; ask your administrator for a new one")
            }
            Refusal::InvitationUsed => f.write_str("this invitation was accepted already; you can sign in"),
            Refusal::InvitationNotHeld { teammate } => write!(
                f,
                "no invitation of teammate {teammate} is held, so there is nothing to release; see `tenure outbox list`"
            ),
            Refusal::InvitationAccepted { teammate } => {
                write!(f, "teammate {teammate} has accepted an invitation already and needs no other")
            }
        }
    }
}

fn unknown_teammates(f: &mut fmt::Formatter<'_>, given: &[Box<str>]) -> fmt::Result {
    let noun = if given.len() == 1 { "ID" } else { "IDs" };
    // All of them: there are at most as many as one command may name.
    let names: Vec<_> = given.iter().map(|given| repeated(given)).collect();
    write!(f, "Unknown teammate {noun} {}", names.join(", "))?;
    let bare_email = given.iter().any(|given| given.contains('@') && !given.starts_with("alt:email:"));
    if bare_email {
        f.write_str("; use the teammate's id (tea_…), or the alias alt:email:ADDRESS")?;
    }
    Ok(())
}

impl std::error::Error for Refusal {}
