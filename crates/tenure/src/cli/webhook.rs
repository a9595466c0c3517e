//! `tenure webhook`: its options and its help.

use super::Which;
use clap::{Args, Subcommand};

/// `tenure webhook`.
#[derive(Debug, Subcommand)]
pub(crate) enum Webhook {
    /// Create a webhook; its secret is printed once, and never again
    #[command(
        after_help = "With a server running, the endpoint is asked for a challenge, and what comes of it is told.\n\n\
        Example:\n  tenure webhook create --company harbor --url https://hooks.example.com/tenure --events 'teammate.*'"
    )]
    Create(CreateWebhook),
    /// List webhooks, without their secrets
    #[command(after_help = "Example:\n  tenure webhook list --company harbor")]
    List {
        #[command(flatten)]
        which: Which,
    },
    /// Show a webhook and how it fares
    #[command(after_help = "Example:\n  tenure webhook show --company harbor whk_1")]
    Show(WhichWebhook),
    /// Send nothing to a webhook any more; what waits is given up
    #[command(after_help = "Example:\n  tenure webhook disable --company harbor whk_1")]
    Disable(WhichWebhook),
    /// Send to a webhook what happens from now on
    #[command(after_help = "Example:\n  tenure webhook enable --company harbor whk_1")]
    Enable(WhichWebhook),
    /// Give a webhook a new secret, printed once; the one before signs beside it for 24 hours
    #[command(after_help = "Example:\n  tenure webhook rotate-secret --company harbor whk_1")]
    RotateSecret(WhichWebhook),
    /// Ask an endpoint for its challenge once more
    #[command(after_help = "Example:\n  tenure webhook validate --company harbor whk_1")]
    Validate(WhichWebhook),
    /// Send an endpoint something that is no event, and tell what it answers; needs a running server
    #[command(after_help = "Example:\n  tenure webhook ping --company harbor whk_1")]
    Ping(WhichWebhook),
    /// List what was sent to a webhook, the newest first
    #[command(after_help = "Example:\n  tenure webhook deliveries --company harbor whk_1 --status failed")]
    Deliveries {
        #[command(flatten)]
        webhook: WhichWebhook,
        /// Only those that are `pending`, `delivered` or `failed`
        #[arg(long, value_name = "STATUS")]
        status: Option<String>,
        /// How many at most, up to 1000
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Show a delivery with every attempt at it
    #[command(after_help = "Example:\n  tenure webhook delivery --company harbor whk_1 dlv_c")]
    Delivery {
        #[command(flatten)]
        webhook: WhichWebhook,
        /// The delivery's id
        delivery: String,
    },
    /// Send a delivery once more: the same bytes under the same webhook-id
    #[command(after_help = "Example:\n  tenure webhook replay --company harbor whk_1 dlv_c")]
    Replay {
        #[command(flatten)]
        webhook: WhichWebhook,
        /// The delivery's id
        delivery: String,
    },
    /// Send once more all that was enqueued since a time and given up
    #[command(
        after_help = "Example:\n  tenure webhook recover --company harbor whk_1 --since 2026-01-31T09:00:00Z"
    )]
    Recover {
        #[command(flatten)]
        webhook: WhichWebhook,
        /// From this time on: ISO 8601 with a zone, or epoch seconds
        #[arg(long, value_name = "TIME")]
        since: String,
    },
    /// Send all events since a time that were never sent to this webhook; needs a running server
    #[command(
        after_help = "Example:\n  tenure webhook replay-missing --company harbor whk_1 --since 2026-01-31T09:00:00Z"
    )]
    ReplayMissing {
        #[command(flatten)]
        webhook: WhichWebhook,
        /// From this time on: ISO 8601 with a zone, or epoch seconds
        #[arg(long, value_name = "TIME")]
        since: String,
    },
    /// Delete a webhook, and what was to be sent to it
    #[command(after_help = "Example:\n  tenure webhook delete --company harbor whk_1")]
    Delete(WhichWebhook),
}

/// Which webhook.
#[derive(Debug, Args)]
pub(crate) struct WhichWebhook {
    #[command(flatten)]
    pub(crate) which: Which,
    /// The webhook's id
    pub(crate) webhook: String,
}

/// `tenure webhook create`.
#[derive(Debug, Args)]
pub(crate) struct CreateWebhook {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Where to send: https, without a user name or a password
    #[arg(long, value_name = "URL")]
    pub(crate) url: String,
    /// What to send, such as `teammate.*` or team.created; repeatable [default: everything]
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    pub(crate) events: Vec<String>,
    /// What the receiver expects: event, front-application or front-rule
    #[arg(long, value_name = "FORMAT", default_value = "event")]
    pub(crate) format: String,
    /// Only what is about conversations of this channel
    #[arg(long, value_name = "CHANNEL")]
    pub(crate) channel: Option<String>,
    /// A text for people
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Send nothing until it is enabled
    #[arg(long)]
    pub(crate) disabled: bool,
    /// Send nothing before the endpoint has answered its challenge
    #[arg(long)]
    pub(crate) require_validation: bool,
}
