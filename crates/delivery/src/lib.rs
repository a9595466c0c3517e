//! Followers that tell the world what happened. So far: invitation mail, written into an outbox folder.

mod invitation;
mod mail;
mod outbox;

pub use invitation::{INVITATION_FOLLOWER, InvitationFollower, InvitationSender, Looked};
pub use mail::{InvitationMail, MailError};
pub use outbox::Outbox;
