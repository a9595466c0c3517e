//! The commands under *Automate*: their options and their help.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use tenure_lifecycle::settings::Span;

/// Which server, with which token. A token is never an argument: everybody on the machine could read it there.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// The server's base URL, such as `https://api2.frontapp.com` [default: the profile's]
    #[arg(long, env = "TENURE_URL", hide_env_values = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// A file with the token [default: `TENURE_TOKEN`, else the profile's]
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// The profile to take what is not given from [default: the one chosen with `profile use`]
    #[arg(long, env = "TENURE_PROFILE", hide_env_values = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The URL of the same company's SCIM service, for servers whose REST cannot create
    #[arg(long, env = "TENURE_SCIM_URL", hide_env_values = true, value_name = "URL")]
    pub(crate) scim_url: Option<String>,
    /// A file with the SCIM token [default: `TENURE_SCIM_TOKEN`, else the profile's]
    #[arg(long, value_name = "FILE")]
    pub(crate) scim_token_file: Option<PathBuf>,
    /// A root certificate (PEM) to trust beside the system's
    #[arg(long, env = "TENURE_CA_CERT", hide_env_values = true, value_name = "FILE")]
    pub(crate) ca_cert: Option<PathBuf>,
    /// Where runs, locks and looks are kept [default: the platform's folder for state of `tenure`]
    #[arg(long, env = "TENURE_STATE", hide_env_values = true, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
}

/// What is planned, and by which rules.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Planning")]
pub(crate) struct Planning {
    /// The settings: what is managed, the guards, approvals [default: ./tenure.toml, if it is there]
    #[arg(long, env = "TENURE_CONFIG", hide_env_values = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Let through what this guard refuses; repeatable, and written into the plan and the report
    #[arg(long = "override", value_name = "GUARD")]
    pub(crate) overrides: Vec<String>,
    /// Who plans, as the file of approvers names them [default: the system's user name]
    #[arg(long, env = "TENURE_PLANNER", hide_env_values = true, value_name = "NAME")]
    pub(crate) planner: Option<String>,
    /// The day to plan for [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) on: Option<String>,
}

/// `tenure plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) drift: DriftArgs,
    /// Write the plan here
    #[arg(long, value_name = "PLAN")]
    pub(crate) out: Option<PathBuf>,
}

/// `tenure drift`.
#[derive(Debug, Args)]
pub(crate) struct DriftArgs {
    /// A people file (.csv, .yaml, .json, .toml), or scim+https://… of another SCIM server; repeatable
    #[arg(short, long = "file", value_name = "FILE", required = true)]
    pub(crate) files: Vec<String>,
    /// Exit with 2 when something differs
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    #[command(flatten)]
    pub(crate) planning: Planning,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// How a command that writes is let go.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Writing")]
pub(crate) struct Writing {
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Show what would be sent, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take the lock of an apply that was cut off and will not be resumed
    #[arg(long)]
    pub(crate) take_over: bool,
}

/// `tenure apply`.
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// The plan, as `tenure plan --out` wrote it
    #[arg(value_name = "PLAN", required_unless_present = "files", conflicts_with = "files")]
    pub(crate) plan: Option<PathBuf>,
    /// Plan from these people files, show the plan, and ask
    #[arg(short, long = "file", value_name = "FILE")]
    pub(crate) files: Vec<String>,
    #[command(flatten)]
    pub(crate) writing: Writing,
    #[command(flatten)]
    pub(crate) planning: Planning,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `tenure approve`.
#[derive(Debug, Args)]
pub(crate) struct ApproveArgs {
    /// The plan
    pub(crate) plan: PathBuf,
    /// The private SSH key (ed25519 or ECDSA); `TENURE_KEY_PASSPHRASE` holds its passphrase, else it is asked for
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
}

/// `tenure provision`.
#[derive(Debug, Args)]
pub(crate) struct ProvisionArgs {
    /// The address
    pub(crate) email: String,
    /// The first name
    #[arg(long, value_name = "NAME")]
    pub(crate) first: Option<String>,
    /// The last name
    #[arg(long, value_name = "NAME")]
    pub(crate) last: Option<String>,
    /// The user name [default: made by the server]
    #[arg(long, value_name = "NAME")]
    pub(crate) username: Option<String>,
    /// A team to be in, by name or id; repeatable
    #[arg(long, value_name = "TEAM")]
    pub(crate) team: Vec<String>,
    /// Make an administrator
    #[arg(long)]
    pub(crate) admin: bool,
    #[command(flatten)]
    pub(crate) writing: Writing,
    #[command(flatten)]
    pub(crate) planning: Planning,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `tenure offboard`.
#[derive(Debug, Args)]
pub(crate) struct OffboardArgs {
    /// The address
    pub(crate) email: String,
    /// The address of who takes over the open conversations
    #[arg(long, value_name = "EMAIL")]
    pub(crate) successor: Option<String>,
    /// Plan now, and do it at this time: ISO 8601 with a zone
    #[arg(long, value_name = "TIME")]
    pub(crate) wait_until: Option<String>,
    #[command(flatten)]
    pub(crate) writing: Writing,
    #[command(flatten)]
    pub(crate) planning: Planning,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `tenure list`.
#[derive(Debug, Subcommand)]
pub(crate) enum ListCommand {
    /// List teammates
    #[command(after_help = "Conditions: FIELD=VALUE, FIELD!=VALUE, FIELD~PART, joined by `and`.\n\n\
        Example:\n  tenure list teammates --team Support --where 'is_admin=true and email~@acme.'")]
    Teammates {
        /// Only those that are blocked
        #[arg(long)]
        blocked: bool,
        /// Only those of this team, by name or id
        #[arg(long, value_name = "TEAM")]
        team: Option<String>,
        /// Only those for whom this holds
        #[arg(long = "where", value_name = "EXPR")]
        condition: Option<String>,
        #[command(flatten)]
        listing: Listing,
    },
    /// List teams with how many are in them
    #[command(after_help = "Example:\n  tenure list teams --format csv")]
    Teams {
        #[command(flatten)]
        listing: Listing,
    },
    /// List the members of a team
    #[command(after_help = "Example:\n  tenure list members Support")]
    Members {
        /// The team, by name or id
        team: String,
        #[command(flatten)]
        listing: Listing,
    },
}

/// How lists are printed.
#[derive(Debug, Clone, Args)]
pub(crate) struct Listing {
    /// As a table for people, or as CSV for spreadsheets
    #[arg(long, value_name = "FORM", default_value = "table")]
    pub(crate) format: ListForm,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// The form of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListForm {
    /// A table.
    Table,
    /// CSV.
    Csv,
    /// JSON, as `--output json`.
    Json,
}

/// `tenure graph`.
#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    /// A people file to compare with; repeatable
    #[arg(short, long = "file", value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// Compare with the SCIM Users of the same company too
    #[arg(long)]
    pub(crate) scim: bool,
    /// Ask for each teammate's invitation too, one request each; servers other than Tenure do not tell
    #[arg(long)]
    pub(crate) invitations: bool,
    /// The form
    #[arg(long, value_name = "FORM", default_value = "table")]
    pub(crate) format: GraphForm,
    /// Write it here instead of stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Exit with 2 when something does not fit together
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    #[command(flatten)]
    pub(crate) planning: Planning,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// The form of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphForm {
    /// The findings as a table.
    Table,
    /// Everything as JSON.
    Json,
    /// For Graphviz.
    Dot,
    /// For Mermaid.
    Mermaid,
    /// One page that holds everything.
    Html,
}

/// `tenure watch`.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// How often to look
    #[arg(long, value_name = "SPAN", default_value = "60s")]
    pub(crate) interval: Span,
    /// Stop after so many looks [default: go on until interrupted]
    #[arg(long, value_name = "N")]
    pub(crate) looks: Option<u32>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `tenure runs`.
#[derive(Debug, Subcommand)]
pub(crate) enum RunsCommand {
    /// List earlier applies, the newest first
    #[command(after_help = "Example:\n  tenure runs list")]
    List {
        #[command(flatten)]
        connection: Connection,
    },
    /// Show what an apply did, action by action
    #[command(after_help = "Example:\n  tenure runs show 20261126T184455123Z")]
    Show {
        /// The run's id, or the beginning of it
        run: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Go on with an apply that was cut off
    #[command(after_help = "Example:\n  tenure runs resume")]
    Resume {
        /// The run's id, or the beginning of it [default: the last that was cut off]
        run: Option<String>,
        #[command(flatten)]
        writing: Writing,
        #[command(flatten)]
        connection: Connection,
    },
}

/// `tenure doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Exit with 2 when something is to be mended
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `tenure profile`.
#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// Keep a server and its token under a name; the token comes from `TENURE_TOKEN`, --token-file or stdin
    #[command(
        after_help = "Example:\n  tenure profile add staging --url http://127.0.0.1:8400 --token-file token.txt"
    )]
    Add {
        /// The name
        name: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// List the profiles, without their tokens
    #[command(after_help = "Example:\n  tenure profile list")]
    List,
    /// Choose the profile that is taken when nothing else is given
    #[command(after_help = "Example:\n  tenure profile use staging")]
    Use {
        /// The name
        name: String,
    },
    /// Forget a profile and its token
    #[command(after_help = "Example:\n  tenure profile remove staging")]
    Remove {
        /// The name
        name: String,
    },
}
