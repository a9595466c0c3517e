//! Where mail goes: into the outbox folder, or to a mail server.

use crate::mail::{Finished, Sender};
use crate::outbox::Outbox;
use crate::smtp::SmtpPost;
use lettre::Address;
use std::io;

/// How many mails are written into the outbox together, with one sync for all.
const FILES_AT_ONCE: usize = 50;
/// How many mails are handed to a mail server before what came of them is stored. A crash in between sends these again.
const MAILS_AT_ONCE: usize = 16;

/// Where mail goes.
#[derive(Debug)]
pub enum MailRoute {
    /// Into a folder, as files.
    Outbox(Outbox),
    /// To a mail server.
    Smtp(Box<SmtpPost>),
}

impl MailRoute {
    /// Who mail comes from, where that is set.
    pub fn sender(&self) -> Option<&Sender> {
        match self {
            Self::Outbox(_) => None,
            Self::Smtp(post) => post.sender(),
        }
    }

    /// How many mails are best delivered together, before [`MailRoute::sync`].
    pub fn at_once(&self) -> usize {
        match self {
            Self::Outbox(_) => FILES_AT_ONCE,
            Self::Smtp(_) => MAILS_AT_ONCE,
        }
    }

    /// Whether mail can go at all now; asked before it is recorded that something is sent.
    pub async fn ready(&self, from: &Address) -> Result<(), String> {
        match self {
            Self::Outbox(_) => Ok(()),
            Self::Smtp(post) => post.ready(from).await.map_err(|error| error.to_string()),
        }
    }

    /// Delivers a mail. Under the same name it is the same mail, which in the outbox replaces the one before; a mail
    /// server tells it by its Message-ID.
    pub async fn deliver(&self, name: &str, mail: Finished) -> Result<(), String> {
        match self {
            Self::Outbox(outbox) => {
                let name = name.to_owned();
                in_outbox(outbox, move |outbox| outbox.put(&name, &mail.bytes)).await
            }
            Self::Smtp(post) => {
                let sent = post.send(&mail.from, &mail.to, &mail.bytes).await;
                sent.map_err(|error| error.to_string())
            }
        }
    }

    /// Makes what was delivered durable, after which it counts as sent.
    pub async fn sync(&self) -> Result<(), String> {
        match self {
            Self::Outbox(outbox) => in_outbox(outbox, Outbox::sync).await,
            // What a mail server took is its own affair. The connections are not held open until the next mail.
            Self::Smtp(post) => {
                post.hang_up().await;
                Ok(())
            }
        }
    }
}

/// Does something with the outbox where waiting for the disk holds up nobody.
async fn in_outbox(
    outbox: &Outbox,
    work: impl FnOnce(&Outbox) -> io::Result<()> + Send + 'static,
) -> Result<(), String> {
    let outbox = outbox.clone();
    let done = tokio::task::spawn_blocking(move || work(&outbox)).await;
    done.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}
