//! The picture for other programs: DOT (Graphviz) and Mermaid.

use crate::graph::{Graph, PersonNode};
use std::fmt::Write as _;

/// A text as it stands within double quotes in DOT.
fn dot_escaped(text: &str) -> String {
    let plain: String =
        text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    plain.replace('\\', "\\\\").replace('"', "\\\"")
}

/// A text within double quotes of Mermaid, which knows entities alone.
fn mermaid_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '#' | '<' | '>' | '&' | ';' | '`' => {
                write!(quoted, "#{};", u32::from(character)).expect("a String takes all");
            }
            character if character.is_control() => quoted.push(' '),
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// The nodes and edges of the picture, in an order that is the same for the same graph.
fn walk(
    graph: &Graph,
    mut node: impl FnMut(&str, &str, &PersonNode, &str),
    mut edge: impl FnMut(&str, &str),
) {
    for (number, person) in graph.people.iter().enumerate() {
        let own = format!("p{number}");
        node(&own, "person", person, &person.email);
        for (index, row) in person.rows.iter().enumerate() {
            let id = format!("{own}r{index}");
            node(&id, "row", person, &format!("{} ({})", row.place, row.presence));
            edge(&own, &id);
        }
        for (index, user) in person.scim_users.iter().enumerate() {
            let id = format!("{own}s{index}");
            let state = if user.active { "active" } else { "not active" };
            node(&id, "scim", person, &format!("SCIM {} ({state})", user.id));
            edge(&own, &id);
        }
        for (index, account) in person.accounts.iter().enumerate() {
            let id = format!("{own}a{index}");
            let state = if account.is_blocked { "blocked" } else { "active" };
            node(&id, "account", person, &format!("{} ({state})", account.id));
            edge(&own, &id);
            for team in &account.teams {
                let position = graph.teams.iter().position(|known| known == team).unwrap_or_default();
                edge(&id, &format!("t{position}"));
            }
        }
    }
}

/// The graph in DOT.
pub fn dot(graph: &Graph) -> String {
    let mut text =
        String::from("graph identities {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n");
    let mut edges = String::new();
    for (number, team) in graph.teams.iter().enumerate() {
        writeln!(text, "  t{number} [label=\"{}\", shape=ellipse];", dot_escaped(team))
            .expect("a String takes all");
    }
    walk(
        graph,
        |id, kind, person, label| {
            let codes = if kind == "person" && !person.codes.is_empty() {
                format!("\n{}", person.codes.join(" "))
            } else {
                String::new()
            };
            let color = if kind == "person" && !person.codes.is_empty() {
                ", color=\"#b3261e\", penwidth=2"
            } else {
                ""
            };
            let label = dot_escaped(label) + &codes.replace('\n', "\\n");
            writeln!(text, "  {id} [label=\"{label}\"{color}];").expect("a String takes all");
        },
        |from, to| writeln!(edges, "  {from} -- {to};").expect("a String takes all"),
    );
    text + &edges + "}\n"
}

/// The graph in Mermaid.
pub fn mermaid(graph: &Graph) -> String {
    let mut text = String::from("graph LR\n");
    let mut edges = String::new();
    for (number, team) in graph.teams.iter().enumerate() {
        writeln!(text, "  t{number}([{}])", mermaid_text(team)).expect("a String takes all");
    }
    walk(
        graph,
        |id, kind, person, label| {
            let codes = if kind == "person" { person.codes.join(" ") } else { String::new() };
            let label = format!("{label} {codes}");
            writeln!(text, "  {id}[{}]", mermaid_text(label.trim())).expect("a String takes all");
        },
        |from, to| writeln!(edges, "  {from} --- {to}").expect("a String takes all"),
    );
    text + &edges
}
