//! `tenure --help`, `--version`, `completions`, `man`, and command lines that make no sense.

use crate::process::{Output, Tenure};

/// What stands above a list of commands in a help text.
const HEADINGS: [&str; 4] = ["Serve:", "Operate:", "Automate:", "Commands:"];

/// The commands of the contract.
const COMMANDS: &[&str] = &[
    "serve",
    "company create",
    "company list",
    "company show",
    "company rename",
    "company set",
    "company export",
    "token create",
    "token list",
    "token revoke",
    "custom-field create",
    "custom-field list",
    "custom-field delete",
    "team create",
    "team list",
    "team rename",
    "team delete",
    "sso set",
    "sso show",
    "sso clear",
    "teammate reactivate",
    "webhook create",
    "webhook list",
    "webhook show",
    "webhook disable",
    "webhook enable",
    "webhook rotate-secret",
    "webhook validate",
    "webhook ping",
    "webhook deliveries",
    "webhook delivery",
    "webhook replay",
    "webhook recover",
    "webhook replay-missing",
    "webhook delete",
    "outbox list",
    "outbox show",
    "outbox release",
    "audit",
    "backup",
    "verify",
    "restore",
    "plan",
    "apply",
    "approve",
    "drift",
    "provision",
    "offboard",
    "list teammates",
    "list teams",
    "list members",
    "graph",
    "watch",
    "runs list",
    "runs show",
    "runs resume",
    "doctor",
    "profile add",
    "profile list",
    "profile use",
    "profile remove",
    "completions",
    "man",
];

/// Command lines that nobody can have meant.
const SENSELESS: &[&[&str]] = &[
    &[],
    &["frobnicate"],
    &["--frobnicate"],
    &["company"],
    &["company", "frobnicate"],
    &["company", "create"],
    &["company", "create", "Acme", "Corporation"],
    &["company", "list", "--frobnicate"],
    &["company", "list", "--output", "yaml"],
    &["company", "list", "--output", "plain"],
    &["company", "list", "--data"],
    &["company", "set"],
    &["token", "revoke"],
    &["custom-field", "create", "Department"],
    &["sso", "set"],
    &["webhook", "create"],
    &["webhook", "ping"],
    &["webhook", "replay", "whk_1"],
    &["webhook", "recover", "whk_1"],
    &["webhook", "deliveries", "whk_1", "--limit", "0"],
    &["outbox", "show"],
    &["outbox", "release"],
    &["outbox", "release", "tea_1", "--all"],
    &["serve", "--frobnicate"],
    &["serve", "now"],
    &["restore"],
    &["completions", "cmd.exe"],
    &["plan"],
    &["plan", "-f"],
    &["apply"],
    &["apply", "plan.json", "-f", "people.csv"],
    &["approve", "plan.json"],
    &["provision"],
    &["offboard", "a@b.example", "c@d.example"],
    &["list"],
    &["list", "members"],
    &["list", "teams", "--format", "xml"],
    &["graph", "--format", "png"],
    &["watch", "--interval", "soon"],
    &["runs", "frobnicate"],
];

fn run(args: &[&str]) -> Output {
    let tenure = Tenure::new();
    tenure.start(&mut tenure.bare(args)).wait()
}

/// The commands that a help text lists.
fn listed(help: &str) -> Vec<&str> {
    let mut is_list = false;
    let mut names = Vec::new();
    for line in help.lines() {
        if !line.starts_with(' ') {
            is_list = HEADINGS.contains(&line);
        } else if is_list && !line.starts_with("   ") {
            names.extend(line.split_whitespace().next().filter(|name| *name != "help"));
        }
    }
    names
}

/// Every command with its help, found by reading the help of the one above it.
fn every_command() -> Vec<(String, Output)> {
    let mut open = vec![String::new()];
    let mut all = Vec::new();
    while let Some(command) = open.pop() {
        let help =
            run(&command.split(' ').filter(|word| !word.is_empty()).chain(["--help"]).collect::<Vec<_>>());
        open.extend(listed(&help.stdout).iter().map(|name| format!("{command} {name}").trim().to_owned()));
        all.push((command, help));
    }
    all.retain(|(command, _)| !command.is_empty());
    all
}

#[test]
fn help_shows_the_commands_in_groups() {
    insta::assert_snapshot!(run(&["--help"]), @"
    exit: 0
    --- stdout
    The user-management API of a shared inbox: a server, its operator commands, and safe automation

    Usage: tenure [OPTIONS] <COMMAND>

    Serve:
      serve         Run the server

    Operate:
      company       Create, list, show, rename, set up and export companies
      token         Create, list and revoke API tokens
      custom-field  Configure the custom fields of teammates
      team          Create, list, rename and delete teams
      sso           Set single sign-on, which SCIM tokens depend on
      teammate      Do to a teammate what the API leaves to a person
      webhook       Tell other programs what happens: where to, what was sent, and sending it again
      outbox        Show the mail that waits, and send held invitations
      audit         Show who did what, and when
      backup        Copy the journal to a file, while the server runs or not, and verify the copy
      verify        Check every event of a journal, and that every state can be rebuilt from it
      restore       Put a backup into a new data folder
      bench         Measure this machine: each figure as a ratio to a baseline of the same run, on temporary data
      completions   Print a completion script for a shell
      man           Write the manual pages into a folder

    Automate:
      plan          Show what people files would change, and why; nothing is changed
      apply         Do what a plan says, and verify each action by reading back
      approve       Agree to a plan with an SSH key
      drift         Show what differs from people files, for schedules; never applied
      provision     Create somebody, put them into teams, verify it; an invitation is sent
      offboard      Hand over, take out of teams, deactivate, and prove it by reading back
      list          List teammates, teams and members
      graph         Draw who is who, with everything that does not fit together
      watch         Tell what changes, by polling; goes on where it stopped
      runs          Show earlier applies, and go on with one that was cut off
      doctor        Find out what is wrong with the URL, the tokens, the clock; nothing is changed
      profile       Keep servers and their tokens under names

    Options:
          --data <DIR>
              The data folder [default: the platform's folder for data of `tenure`]
              
              [env: TENURE_DATA]

          --output <FORM>
              How to print: for people, or as one JSON value on stdout

              Possible values:
              - human: For people
              - json:  One JSON value
              - plain: Only the text of a new token
              
              [default: human]

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    `tenure COMMAND --help` shows a command's options and an example.

    --- stderr
    ");
}

#[test]
fn every_command_has_help_with_an_example() {
    let all = every_command();
    for command in COMMANDS {
        assert!(all.iter().any(|(found, _)| found == command), "{command} is not listed");
    }
    for (command, help) in all {
        let example = help.stdout.split_once("Example:\n").map(|(_, example)| example);
        let shows_it = example.is_some_and(|example| example.contains(&format!("tenure {command}")));
        assert!(help.code == 0 && help.stderr.is_empty() && shows_it, "{command}\n{help}");
    }
}

#[test]
fn an_unknown_command_is_a_usage_error() {
    insta::assert_snapshot!(run(&["compnay", "list"]), @"
    exit: 64
    --- stdout

    --- stderr
    error: unrecognized subcommand 'compnay'

      tip: a similar subcommand exists: 'company'

    Usage: tenure [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
}

#[test]
fn every_senseless_command_line_exits_64_and_says_so_on_stderr_alone() {
    for args in SENSELESS {
        let output = run(args);
        assert_eq!((output.code, output.stdout.as_str()), (64, ""), "{args:?}\n{output}");
        let says_what_to_do = output.stderr.contains("--help") || output.stderr.contains("hint:");
        assert!(says_what_to_do, "{args:?}\n{output}");
    }
}

#[test]
fn the_version_is_printed() {
    let version = run(&["--version"]);
    let expected = concat!("tenure ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!((version.code, version.stdout.as_str()), (0, expected));
}

#[test]
fn there_are_completions_for_the_common_shells() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["completions", shell]);
        assert_eq!((script.code, script.stderr.as_str()), (0, ""), "{shell}");
        assert!(script.stdout.contains("tenure") && script.stdout.contains("custom-field"), "{shell}");
    }
}

#[test]
fn man_writes_a_page_for_every_command() {
    let tenure = Tenure::new();
    let written = tenure.start(&mut tenure.bare(&["man", "pages"])).wait();
    assert_eq!((written.code, written.stdout.as_str()), (0, "the manual pages are in pages\n"), "{written}");
    for command in COMMANDS {
        let name = format!("tenure-{}.1", command.replace(' ', "-"));
        let page = std::fs::read_to_string(tenure.path("pages").join(&name)).unwrap_or_default();
        assert!(page.contains(".TH"), "{name}");
    }
}

#[test]
fn man_says_when_it_cannot_write() {
    let tenure = Tenure::new();
    tenure.write("pages", "a file");
    insta::assert_snapshot!(tenure.start(&mut tenure.bare(&["man", "pages"])).wait(), @"
    exit: 1
    --- stdout

    --- stderr
    error: cannot write the manual pages into pages: File exists (os error 17)
    ");
}
