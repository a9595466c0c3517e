//! The command line: every command, its options and its help. Help, man pages and completions all come from here.

mod automate;
mod outbox;
mod webhook;

pub(crate) use automate::{
    ApplyArgs, ApproveArgs, Connection, DoctorArgs, DriftArgs, GraphArgs, GraphForm, ListCommand, ListForm,
    Listing, OffboardArgs, PlanArgs, Planning, ProfileCommand, ProvisionArgs, RunsCommand, WatchArgs,
    Writing,
};
pub(crate) use outbox::Outbox;
pub(crate) use webhook::{CreateWebhook, Webhook, WhichWebhook};

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The user-management API of a shared inbox: a server, its operator commands, and safe automation.
#[derive(Debug, Parser)]
#[command(
    name = "tenure",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The data folder [default: the platform's folder for data of `tenure`]
    #[arg(long, global = true, value_name = "DIR", env = "TENURE_DATA", hide_env_values = true)]
    pub(crate) data: Option<PathBuf>,
    /// How to print: for people, or as one JSON value on stdout
    #[arg(long, global = true, value_name = "FORM", default_value = "human")]
    pub(crate) output: Output,
}

/// How a command prints its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Human,
    /// One JSON value.
    Json,
    /// Only the text of a new token.
    Plain,
}

/// All commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server
    #[command(after_help = "Example:\n  tenure serve --demo --data ./demo")]
    Serve(Box<Serve>),
    /// Create, list, show, rename, set up and export companies
    #[command(after_help = "Example:\n  tenure company create \"Harbor Coffee\" --slug harbor")]
    Company {
        #[command(subcommand)]
        command: Company,
    },
    /// Create, list and revoke API tokens
    #[command(
        after_help = "Example:\n  tenure token create --company harbor --scope teammates:read --expires-in 90d"
    )]
    Token {
        #[command(subcommand)]
        command: Token,
    },
    /// Configure the custom fields of teammates
    #[command(
        after_help = "Example:\n  tenure custom-field create --company harbor Department --type enum --choice Sales"
    )]
    CustomField {
        #[command(subcommand)]
        command: CustomField,
    },
    /// Create, list, rename and delete teams
    #[command(after_help = "Example:\n  tenure team create --company harbor \"Night shift\" --private")]
    Team {
        #[command(subcommand)]
        command: Team,
    },
    /// Set single sign-on, which SCIM tokens depend on
    #[command(after_help = "Example:\n  tenure sso set --company harbor --metadata idp.xml")]
    Sso {
        #[command(subcommand)]
        command: Sso,
    },
    /// Do to a teammate what the API leaves to a person
    #[command(after_help = "Example:\n  tenure teammate reactivate --company harbor tea_7")]
    Teammate {
        #[command(subcommand)]
        command: Teammate,
    },
    /// Tell other programs what happens: where to, what was sent, and sending it again
    #[command(
        after_help = "Example:\n  tenure webhook create --company harbor --url https://hooks.example.com/tenure"
    )]
    Webhook {
        #[command(subcommand)]
        command: Webhook,
    },
    /// Show the mail that waits, and send held invitations
    #[command(after_help = "Example:\n  tenure outbox list --company harbor")]
    Outbox {
        #[command(subcommand)]
        command: Outbox,
    },
    /// Show who did what, and when
    #[command(
        after_help = "Example:\n  tenure audit --company harbor --since 2026-01-01T00:00:00Z --teammate tea_7"
    )]
    Audit(Audit),
    /// Copy the journal to a file, while the server runs or not, and verify the copy
    #[command(after_help = "Example:\n  tenure backup /backups/tenure-monday.db")]
    Backup {
        /// The file to write; it must not exist
        file: PathBuf,
    },
    /// Check every event of a journal, and that every state can be rebuilt from it
    #[command(
        after_help = "Example:\n  tenure verify --data ./demo\n  tenure verify /backups/tenure-monday.db"
    )]
    Verify {
        /// A backup; without it, the journal in the data folder
        file: Option<PathBuf>,
    },
    /// Put a backup into a new data folder
    #[command(after_help = "Example:\n  tenure restore /backups/tenure-monday.db --data ./restored")]
    Restore {
        /// The backup
        file: PathBuf,
    },
    /// Measure this machine: each figure as a ratio to a baseline of the same run, on temporary data
    #[command(after_help = "Example:\n  tenure bench --quick")]
    Bench {
        /// The same lines with a tenth of the data, within a minute
        #[arg(long)]
        quick: bool,
    },
    /// Show what people files would change, and why; nothing is changed
    #[command(after_help = "Example:\n  tenure plan -f people.csv --out plan.json")]
    Plan(Box<PlanArgs>),
    /// Do what a plan says, and verify each action by reading back
    #[command(after_help = "Example:\n  tenure apply plan.json\n  tenure apply -f people.csv")]
    Apply(Box<ApplyArgs>),
    /// Agree to a plan with an SSH key
    #[command(after_help = "Example:\n  tenure approve plan.json --key ~/.ssh/id_ed25519")]
    Approve(ApproveArgs),
    /// Show what differs from people files, for schedules; never applied
    #[command(after_help = "Example:\n  tenure drift -f people.csv --detailed-exitcode --output json")]
    Drift(Box<DriftArgs>),
    /// Create somebody, put them into teams, verify it; an invitation is sent
    #[command(
        after_help = "Example:\n  tenure provision michael@example.com --first Michael --last Scott --team Sales"
    )]
    Provision(Box<ProvisionArgs>),
    /// Hand over, take out of teams, deactivate, and prove it by reading back
    #[command(after_help = "Example:\n  tenure offboard michael@example.com --successor pam@example.com")]
    Offboard(Box<OffboardArgs>),
    /// List teammates, teams and members
    #[command(after_help = "Example:\n  tenure list teammates --team Support")]
    List {
        #[command(subcommand)]
        command: ListCommand,
    },
    /// Draw who is who, with everything that does not fit together
    #[command(after_help = "Example:\n  tenure graph -f people.csv --format html --out identities.html")]
    Graph(Box<GraphArgs>),
    /// Tell what changes, by polling; goes on where it stopped
    #[command(after_help = "Example:\n  tenure watch --interval 60s --output json")]
    Watch(Box<WatchArgs>),
    /// Show earlier applies, and go on with one that was cut off
    #[command(after_help = "Example:\n  tenure runs resume")]
    Runs {
        #[command(subcommand)]
        command: RunsCommand,
    },
    /// Find out what is wrong with the URL, the tokens, the clock; nothing is changed
    #[command(after_help = "Example:\n  tenure doctor")]
    Doctor(Box<DoctorArgs>),
    /// Keep servers and their tokens under names
    #[command(
        after_help = "Example:\n  tenure profile add staging --url http://127.0.0.1:8400 --token-file token.txt"
    )]
    Profile {
        #[command(subcommand)]
        command: ProfileCommand,
    },
    /// Print a completion script for a shell
    #[command(
        after_help = "Example:\n  tenure completions bash > ~/.local/share/bash-completion/completions/tenure"
    )]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a folder
    #[command(after_help = "Example:\n  tenure man ~/.local/share/man/man1")]
    Man {
        /// The folder; made if it is not there
        folder: PathBuf,
    },
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogForm {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

impl From<LogForm> for tenure_server::http::LogForm {
    fn from(form: LogForm) -> Self {
        match form {
            LogForm::Human => Self::Human,
            LogForm::Json => Self::Json,
        }
    }
}

/// `tenure serve`. What is absent here is taken from the configuration file, then from the defaults.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where the journal is: `sqlite`, a file in the data folder [default: sqlite]
    #[arg(long, env = "TENURE_JOURNAL", hide_env_values = true, value_name = "JOURNAL")]
    pub(crate) journal: Option<String>,
    /// The address to listen on; port 0 picks a free one [default: 127.0.0.1:8400]
    #[arg(long, env = "TENURE_LISTEN", hide_env_values = true, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// What links and page URLs start with [default: http:// and the bound address]
    #[arg(long, env = "TENURE_PUBLIC_URL", hide_env_values = true, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// On an empty data folder, make a company to try things on, and print its tokens once
    #[arg(long)]
    pub(crate) demo: bool,
    /// A configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How log lines are written, to stderr [default: human]
    #[arg(long, value_name = "FORM")]
    pub(crate) log: Option<LogForm>,
    /// Start although the journal is older than the server last saw it
    #[arg(long)]
    pub(crate) accept_loss: bool,
    /// Go on for so many seconds after SIGTERM, with /readyz saying no [default: 0]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) drain_delay: Option<u64>,
    /// The certificate chain (PEM), to speak TLS; read again on SIGHUP
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// A network of proxies whose X-Forwarded-For counts; repeatable
    #[arg(long, value_name = "CIDR")]
    pub(crate) trusted_proxy: Vec<ipnet::IpNet>,
    /// A network that webhooks may reach although it is not public; repeatable
    #[arg(long, value_name = "CIDR")]
    pub(crate) webhook_allow: Vec<ipnet::IpNet>,
    /// A rehearsal server: misbehave as a file (TOML) orders, from its seed
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
}

/// Which company.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The company, by slug or cmp_ id; may be left out when there is only one
    #[arg(long, value_name = "COMPANY")]
    pub(crate) company: Option<String>,
}

/// `tenure company`.
#[derive(Debug, Subcommand)]
pub(crate) enum Company {
    /// Create a company
    #[command(after_help = "Example:\n  tenure company create \"Harbor Coffee\" --slug harbor")]
    Create {
        /// Its name
        name: String,
        /// Its short name, for commands [default: made from the name]
        #[arg(long)]
        slug: Option<String>,
    },
    /// List all companies
    #[command(after_help = "Example:\n  tenure company list --output json")]
    List,
    /// Show a company, its settings and its counts
    #[command(after_help = "Example:\n  tenure company show --company harbor")]
    Show {
        #[command(flatten)]
        which: Which,
    },
    /// Rename a company; its slug stays
    #[command(after_help = "Example:\n  tenure company rename --company harbor \"Harbor Coffee Roasters\"")]
    Rename {
        #[command(flatten)]
        which: Which,
        /// Its new name
        name: String,
    },
    /// Change settings: reactivation, scim.profile, rate-limit, invitations
    #[command(after_help = "Settings (the default first):\n  \
        reactivation=console|api          whether PATCH is_blocked=false over REST may reactivate\n  \
        scim.profile=complete|documented  whether SCIM has the documented limits\n  \
        rate-limit=120|N|unlimited        requests a minute of each token without a limit of its own\n  \
        invitations=send|hold             whether invitation mail waits\n\n\
        Example:\n  tenure company set --company harbor reactivation=api")]
    Set {
        #[command(flatten)]
        which: Which,
        /// Settings
        #[arg(required = true, value_name = "KEY=VALUE")]
        settings: Vec<String>,
    },
    /// Print everything that is known of a company, but no secret
    #[command(after_help = "Example:\n  tenure company export --company harbor > harbor.json")]
    Export {
        #[command(flatten)]
        which: Which,
    },
}

/// `tenure token`.
#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Create a token; its text is printed once, and never again
    #[command(after_help = "Example:\n  tenure token create --company harbor --output plain > token.txt")]
    Create {
        #[command(flatten)]
        which: Which,
        /// What it is for: `company` (all user management), `teammate`, or `scim`
        #[arg(long, default_value = "company")]
        kind: String,
        /// The teammate that a token of kind `teammate` acts as
        #[arg(long, value_name = "TEAMMATE")]
        teammate: Option<String>,
        /// What it may do, such as teammates:read; repeatable [default: everything]
        #[arg(long, value_delimiter = ',')]
        scope: Vec<String>,
        /// Requests a minute, or `unlimited` [default: the company's]
        #[arg(long, value_name = "N")]
        rate_limit: Option<String>,
        /// For how long it works, such as 90d [default: until it is revoked]
        #[arg(long, value_name = "SPAN")]
        expires_in: Option<String>,
        /// A note, to know it by
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// List tokens, without their texts
    #[command(after_help = "Example:\n  tenure token list --company harbor")]
    List {
        #[command(flatten)]
        which: Which,
    },
    /// Revoke a token; it stops working with the next request
    #[command(after_help = "Example:\n  tenure token revoke --company harbor tok_2")]
    Revoke {
        #[command(flatten)]
        which: Which,
        /// The token's id
        id: String,
    },
}

/// `tenure custom-field`.
#[derive(Debug, Subcommand)]
pub(crate) enum CustomField {
    /// Create a custom field
    #[command(
        after_help = "Example:\n  tenure custom-field create --company harbor Department --type enum --choice Sales --choice Support"
    )]
    Create {
        #[command(flatten)]
        which: Which,
        /// Its name: the key of its values
        name: String,
        /// The type of its values: string, number, boolean, datetime, enum, teammate or inbox
        #[arg(long = "type", value_name = "TYPE")]
        kind: String,
        /// One of the values of a field of type enum; repeatable
        #[arg(long, value_name = "CHOICE")]
        choice: Vec<String>,
    },
    /// List custom fields
    #[command(after_help = "Example:\n  tenure custom-field list --company harbor")]
    List {
        #[command(flatten)]
        which: Which,
    },
    /// Delete a custom field, and its values with it
    #[command(after_help = "Example:\n  tenure custom-field delete --company harbor Department")]
    Delete {
        #[command(flatten)]
        which: Which,
        /// Its id or name
        field: String,
    },
}

/// `tenure team`.
#[derive(Debug, Subcommand)]
pub(crate) enum Team {
    /// Create a team
    #[command(after_help = "Example:\n  tenure team create --company harbor Support")]
    Create {
        #[command(flatten)]
        which: Which,
        /// Its name
        name: String,
        /// Only its members see it
        #[arg(long)]
        private: bool,
    },
    /// List teams
    #[command(after_help = "Example:\n  tenure team list --company harbor")]
    List {
        #[command(flatten)]
        which: Which,
    },
    /// Rename a team
    #[command(after_help = "Example:\n  tenure team rename --company harbor tim_1 \"First line\"")]
    Rename {
        #[command(flatten)]
        which: Which,
        /// Its id
        id: String,
        /// Its new name
        name: String,
    },
    /// Delete a team; its members stay teammates
    #[command(after_help = "Example:\n  tenure team delete --company harbor tim_1")]
    Delete {
        #[command(flatten)]
        which: Which,
        /// Its id
        id: String,
    },
}

/// `tenure sso`.
#[derive(Debug, Subcommand)]
pub(crate) enum Sso {
    /// Set single sign-on
    #[command(after_help = "Example:\n  tenure sso set --company harbor --metadata idp.xml")]
    Set {
        #[command(flatten)]
        which: Which,
        /// The metadata from the identity provider; - for stdin
        #[arg(long, value_name = "FILE")]
        metadata: PathBuf,
    },
    /// Show whether single sign-on is set
    #[command(after_help = "Example:\n  tenure sso show --company harbor")]
    Show {
        #[command(flatten)]
        which: Which,
    },
    /// Remove single sign-on
    #[command(after_help = "Example:\n  tenure sso clear --company harbor")]
    Clear {
        #[command(flatten)]
        which: Which,
    },
}

/// `tenure teammate`.
#[derive(Debug, Subcommand)]
pub(crate) enum Teammate {
    /// Bring a blocked teammate back
    #[command(after_help = "Example:\n  tenure teammate reactivate --company harbor tea_7")]
    Reactivate {
        #[command(flatten)]
        which: Which,
        /// The teammate's id, or alt:email:ADDRESS
        id: String,
    },
}

/// `tenure audit`.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(flatten)]
    pub(crate) which: Which,
    /// From this time on: ISO 8601 with a zone, or epoch seconds
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// About this teammate only
    #[arg(long, value_name = "TEAMMATE")]
    pub(crate) teammate: Option<String>,
    /// Go on as things happen, until interrupted
    #[arg(long)]
    pub(crate) follow: bool,
}

/// Which commands stand under which heading.
const GROUPS: [(&str, &[&str]); 3] = [
    ("Serve", &["serve"]),
    (
        "Operate",
        &[
            "company",
            "token",
            "custom-field",
            "team",
            "sso",
            "teammate",
            "webhook",
            "outbox",
            "audit",
            "backup",
            "verify",
            "restore",
            "bench",
            "completions",
            "man",
        ],
    ),
    (
        "Automate",
        &[
            "plan",
            "apply",
            "approve",
            "drift",
            "provision",
            "offboard",
            "list",
            "graph",
            "watch",
            "runs",
            "doctor",
            "profile",
        ],
    ),
];

/// The command line with its commands grouped in the help.
pub(crate) fn command() -> clap::Command {
    let command = Cli::command();
    let mut listed = String::new();
    for (group, names) in GROUPS {
        writeln!(listed, "{group}:").expect("writing to a String cannot fail");
        for name in names {
            let about = command.find_subcommand(name).and_then(clap::Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            writeln!(listed, "  {name:<14}{about}").expect("writing to a String cannot fail");
        }
        listed.push('\n');
    }
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{listed}Options:\n{{options}}\n\n\
         `tenure COMMAND --help` shows a command's options and an example.\n"
    );
    without_empty_variables(command.help_template(template))
}

/// A variable of the environment that is set and empty counts as not set.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |name: &std::ffi::OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let command = command.mut_args(|arg| match arg.get_env() {
        Some(name) if is_empty(name) => arg.env(clap::builder::Resettable::Reset),
        _ => arg,
    });
    command.mut_subcommands(without_empty_variables)
}
