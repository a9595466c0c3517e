//! Followers that tell the world what happened: webhooks, and mail to a mail server or into an outbox folder.

mod html;
mod invitation;
mod mail;
mod mail_route;
mod outbox;
mod smtp;
mod under_way;
pub mod webhook;

pub use html::escape_html;
pub use invitation::{DueInvitation, INVITATION_FOLLOWER, InvitationFollower, InvitationSender, Looked};
pub use mail::{Finished, InvitationMail, MailError, NotASender, Sender, WebhookDisabledMail};
pub use mail_route::MailRoute;
pub use outbox::Outbox;
pub use smtp::{
    Credentials, Encryption, Password, SmtpError, SmtpPost, SmtpSetupFault, SmtpUrl, SmtpUrlFault,
};
