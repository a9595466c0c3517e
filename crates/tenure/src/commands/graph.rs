//! `tenure graph`.

use crate::automate::connection::{Connected, connect};
use crate::automate::planning::{self, Rules, people};
use crate::automate::run_async;
use crate::automate::time;
use crate::cli::{Global, GraphArgs, GraphForm, Output};
use crate::commands::plan::{differs, made_at, write};
use crate::failure::Failure;
use crate::print;
use std::collections::BTreeMap;
use tenure_client::{Conversation, Teammate, TeammateId};
use tenure_lifecycle::graph::{self, Graph, GraphInput};

pub(crate) fn run(global: &Global, args: GraphArgs) -> Result<(), Failure> {
    let graph = run_async(read(&args))?;
    let is_json = global.output == Output::Json;
    // With a file, `--format` says what is in it; what goes to stdout is JSON then.
    let form = if is_json && args.out.is_none() { GraphForm::Json } else { args.format };
    let text = match form {
        GraphForm::Table => print::graph_findings(&graph),
        GraphForm::Json => format!("{}\n", serde_json::to_string(&graph).expect("a graph has a JSON form")),
        GraphForm::Dot => graph::dot(&graph),
        GraphForm::Mermaid => graph::mermaid(&graph),
        GraphForm::Html => graph::html(&graph, &made_at()),
    };
    match &args.out {
        Some(out) => {
            write(out, &text)?;
            print::note(&format!("{} findings; the graph is in {}", graph.findings.len(), out.display()));
            if is_json {
                print::json(&graph);
            }
        }
        None => print::result(&text),
    }
    differs(args.detailed_exitcode, !graph.findings.is_empty())
}

async fn read(args: &GraphArgs) -> Result<Graph, Failure> {
    let rules = Rules::read(&args.planning)?;
    let today = time::day(args.planning.on.as_deref())?;
    let rows = match args.files.as_slice() {
        [] => None,
        files => {
            let people = people(files, &rules.settings, &args.connection).await?;
            if !people.problems.is_empty() {
                return Err(planning::wrong(&people.problems));
            }
            Some(people)
        }
    };
    let connected = connect(&args.connection)?;
    let directory = planning::directory(&connected).await?;
    let scim = match (&connected.live.scim, args.scim) {
        (_, false) => None,
        (Some(scim), true) => Some(scim.users().await.map_err(Failure::new)?),
        (None, true) => {
            return Err(Failure::usage(
                "--scim needs the company's SCIM URL: give --scim-url and TENURE_SCIM_TOKEN",
            ));
        }
    };
    let conversations = conversations(&connected).await?;
    let invitations =
        if args.invitations { invitations(&connected, &directory.teammates).await? } else { BTreeMap::new() };
    Ok(graph::build(&GraphInput {
        directory: &directory,
        people: rows.as_ref(),
        scim: scim.as_deref(),
        conversations: conversations.as_deref(),
        invitations: &invitations,
        settings: &rules.settings,
        today,
    }))
}

/// The assigned conversations, where the token may read them.
async fn conversations(connected: &Connected) -> Result<Option<Vec<Conversation>>, Failure> {
    match connected.live.client.assigned_conversations().await {
        Ok(conversations) => Ok(Some(conversations)),
        Err(error) if matches!(error.status(), Some(403..=405)) => {
            print::note(&format!(
                "note: conversations cannot be read, so TNR-014 and TNR-015 are not looked for: {error}"
            ));
            Ok(None)
        }
        Err(error) => Err(Failure::new(error)),
    }
}

/// For how many days invitations wait, where the server tells.
async fn invitations(
    connected: &Connected,
    mates: &[Teammate],
) -> Result<BTreeMap<TeammateId, u32>, Failure> {
    const DAY: i64 = 86_400;
    let now = time::now().as_second();
    let mut waiting = BTreeMap::new();
    for mate in mates.iter().filter(|mate| !mate.is_blocked) {
        let invitation = connected.live.client.invitation(&mate.id).await.map_err(Failure::new)?;
        if let Some(sent_at) = invitation.and_then(|invitation| invitation.waits_since()) {
            let days = u32::try_from(now.saturating_sub(sent_at) / DAY).unwrap_or_default();
            waiting.insert(mate.id.clone(), days);
        }
    }
    Ok(waiting)
}
