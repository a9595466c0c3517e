//! `tenure outbox`: its options and its help.

use super::Which;
use clap::Subcommand;

/// `tenure outbox`.
#[derive(Debug, Subcommand)]
pub(crate) enum Outbox {
    /// List the invitations that wait: held, due, or tried again later
    #[command(after_help = "Example:\n  tenure outbox list --company harbor")]
    List {
        /// Only of this company, by slug or cmp_ id [default: of all]
        #[arg(long, value_name = "COMPANY")]
        company: Option<String>,
    },
    /// Print a mail of the outbox folder, or tell what waits under a key and why
    #[command(after_help = "Example:\n  tenure outbox show cmp_1-tea_p-invitation-47\n  \
        tenure outbox show cmp_1/tea_q/49")]
    Show {
        /// The name of a file in the outbox folder, or a key of `outbox list`
        name: String,
    },
    /// Send held invitations, although the company goes on holding others
    #[command(after_help = "Example:\n  tenure outbox release --company harbor tea_q")]
    Release {
        #[command(flatten)]
        which: Which,
        /// Whose: the teammate's id, or alt:email:ADDRESS; repeatable
        #[arg(value_name = "TEAMMATE", required_unless_present = "all")]
        teammates: Vec<String>,
        /// All that are held
        #[arg(long, conflicts_with = "teammates")]
        all: bool,
    },
}
