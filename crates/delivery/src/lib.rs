//! Followers that tell the world what happened. So far: invitation mail, written into an outbox folder.

mod html;
mod invitation;
mod mail;
mod outbox;

pub use html::escape_html;
pub use invitation::{INVITATION_FOLLOWER, InvitationFollower, InvitationSender, Looked};
pub use mail::{InvitationMail, MailError};
pub use outbox::Outbox;
