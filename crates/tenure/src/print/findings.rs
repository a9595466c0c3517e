//! How findings are printed: those of the doctor, and those of the identity graph.

use crate::cli::Output;
use crate::print::{safe, show, table};
use std::fmt::Write as _;
use tenure_lifecycle::doctor::{Check, Verdict};
use tenure_lifecycle::graph::Graph;

/// Prints what the doctor found.
pub(crate) fn checks(checks: &[Check], output: Output) {
    if output == Output::Json {
        show(&format!("{}\n", serde_json::to_string(&checks).expect("checks have a JSON form")));
        return;
    }
    let mut text = String::new();
    for check in checks {
        let mark = match check.verdict {
            Verdict::Good => "\u{1b}[32mgood\u{1b}[0m   ",
            Verdict::Warning => "\u{1b}[33mwarning\u{1b}[0m",
            Verdict::Bad => "\u{1b}[31mbad\u{1b}[0m    ",
        };
        writeln!(text, "{mark} {:<8} {}", check.name, safe(&check.found)).expect("a String takes all");
        if !check.fix.is_empty() {
            writeln!(text, "                 fix: {}", safe(&check.fix)).expect("a String takes all");
        }
    }
    show(&text);
}

/// The findings of a graph as a table.
pub(crate) fn graph_findings(graph: &Graph) -> String {
    let rows = graph.findings.iter().map(|finding| {
        vec![
            finding.severity.name().to_owned(),
            finding.code.to_owned(),
            safe(&finding.subject),
            format!("{}: {}", finding.title, safe(&finding.evidence)),
            safe(&finding.fix),
        ]
    });
    let found = table(&["SEVERITY", "CODE", "WHO", "WHAT", "TO MEND IT"], rows, "Everything fits together.");
    let accounts = graph.people.iter().flat_map(|person| &person.accounts).count();
    format!("{found}{} findings, {} persons, {accounts} accounts\n", graph.findings.len(), graph.people.len())
}
