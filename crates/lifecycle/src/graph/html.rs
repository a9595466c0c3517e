//! The graph as one page for a person in charge of an audit: findings first, a table that can be filtered, and the
//! picture. Nothing is fetched from elsewhere.

use crate::graph::{Graph, PersonNode};
use std::fmt::Write as _;

/// How many persons the picture shows; those with findings first.
const DRAWN: usize = 200;
const ROW_HEIGHT: usize = 26;

/// A text in HTML.
fn text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            character if character.is_control() => safe.push(' '),
            character => safe.push(character),
        }
    }
    safe
}

/// The page. `made_at` is printed as it is given.
pub fn html(graph: &Graph, made_at: &str) -> String {
    let mut page = String::from(HEAD);
    let target = &graph.target;
    write!(
        page,
        "<header><h1>Identities of {}</h1><p>{} at {}, read {}</p>{}</header>\n<main>\n",
        text(&target.company),
        text(&target.company_id),
        text(&target.url),
        text(made_at),
        summary(graph)
    )
    .expect("a String takes all");
    page.push_str(&findings(graph));
    page.push_str(&people(graph));
    page.push_str(&picture(graph));
    page.push_str(FOOT);
    page
}

fn summary(graph: &Graph) -> String {
    let accounts = graph.people.iter().flat_map(|person| &person.accounts);
    let active = accounts.clone().filter(|account| !account.is_blocked).count();
    let facts = [
        ("findings", graph.findings.len()),
        ("persons", graph.people.len()),
        ("accounts", accounts.count()),
        ("active", active),
        ("teams", graph.teams.len()),
    ];
    let items = facts.iter().map(|(name, count)| format!("<li><b>{count}</b> {name}</li>"));
    format!("<ul class=\"facts\">{}</ul>", items.collect::<String>())
}

fn findings(graph: &Graph) -> String {
    let mut section = String::from("<section><h2>Findings</h2>\n");
    if graph.findings.is_empty() {
        section.push_str("<p>Everything fits together.</p></section>\n");
        return section;
    }
    section.push_str(
        "<p><label>Filter <input type=\"search\" data-filters=\"findings\" placeholder=\"address, code, text\"></label></p>\n\
         <table id=\"findings\"><thead><tr><th>Severity</th><th>Code</th><th>What</th><th>Who</th><th>Evidence</th>\
         <th>To mend it</th></tr></thead><tbody>\n",
    );
    for finding in &graph.findings {
        writeln!(
            section,
            "<tr><td class=\"{0}\">{0}</td><td>{1}</td><td>{2}</td><td>{3}</td><td>{4}</td><td><code>{5}</code></td></tr>",
            finding.severity.name(),
            finding.code,
            text(finding.title),
            text(&finding.subject),
            text(&finding.evidence),
            text(&finding.fix)
        )
        .expect("a String takes all");
    }
    section.push_str("</tbody></table></section>\n");
    section
}

fn people(graph: &Graph) -> String {
    let mut section = String::from(
        "<section><h2>Persons</h2>\n<p><label>Filter <input type=\"search\" data-filters=\"people\" \
         placeholder=\"address, team, state\"></label></p>\n<table id=\"people\"><thead><tr><th>Person</th><th>People file</th>\
         <th>SCIM</th><th>Account</th><th>Teams</th><th>Findings</th></tr></thead><tbody>\n",
    );
    for person in &graph.people {
        let cell = |lines: Vec<String>| lines.iter().map(|line| text(line)).collect::<Vec<_>>().join("<br>");
        let rows = person.rows.iter().map(|row| format!("{} {}", row.presence, row.place)).collect();
        let scim = person
            .scim_users
            .iter()
            .map(|user| format!("{} {}", if user.active { "active" } else { "not active" }, user.id));
        let accounts = person.accounts.iter().map(|account| {
            let state = if account.is_blocked { "blocked" } else { "active" };
            let admin = if account.is_admin { " administrator" } else { "" };
            format!("{state}{admin} {} {}", account.id, account.name)
        });
        let teams = person.accounts.iter().flat_map(|account| account.teams.clone()).collect();
        writeln!(
            section,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            text(&person.email),
            cell(rows),
            cell(scim.collect()),
            cell(accounts.collect()),
            cell(teams),
            text(&person.codes.join(" "))
        )
        .expect("a String takes all");
    }
    section.push_str("</tbody></table></section>\n");
    section
}

/// Who is where: a line for each person from the people file over SCIM to the account, and on to its teams.
fn picture(graph: &Graph) -> String {
    let mut shown: Vec<&PersonNode> = graph.people.iter().collect();
    shown.sort_by_key(|person| person.codes.is_empty());
    let left_out = shown.len().saturating_sub(DRAWN);
    shown.truncate(DRAWN);
    let height = (shown.len().max(graph.teams.len()) + 2) * ROW_HEIGHT;
    let mut svg = format!(
        "<section><h2>Picture</h2>\n<svg role=\"img\" aria-label=\"who is where\" viewBox=\"0 0 1000 {height}\" \
         width=\"100%\">\n"
    );
    for (x, name) in [(10, "person"), (330, "people file"), (480, "SCIM"), (600, "account"), (800, "team")] {
        writeln!(svg, "<text x=\"{x}\" y=\"16\" class=\"head\">{name}</text>").expect("a String takes all");
    }
    let y_of = |index: usize| (index + 1) * ROW_HEIGHT + 16;
    for (index, team) in graph.teams.iter().enumerate() {
        writeln!(svg, "<text x=\"800\" y=\"{}\">{}</text>", y_of(index), text(team))
            .expect("a String takes all");
    }
    for (index, person) in shown.iter().enumerate() {
        svg.push_str(&drawn(graph, person, y_of(index), y_of));
    }
    svg.push_str("</svg>\n");
    if left_out > 0 {
        writeln!(svg, "<p>{left_out} more persons are not drawn; those with findings come first.</p>")
            .expect("a String takes all");
    }
    svg + "</section>\n"
}

fn drawn(graph: &Graph, person: &PersonNode, y: usize, y_of: impl Fn(usize) -> usize) -> String {
    let class = if person.codes.is_empty() { "well" } else { "ill" };
    let mut svg = format!("<g class=\"{class}\"><text x=\"10\" y=\"{y}\">{}</text>", text(&person.email));
    let middle = y - 5;
    let mut from = 300;
    let dots = [
        (350, person.rows.first().map(|row| row.presence == "present")),
        (495, person.scim_users.first().map(|user| user.active)),
        (620, person.accounts.first().map(|account| !account.is_blocked)),
    ];
    for (x, state) in dots {
        let Some(active) = state else { continue };
        let fill = if active { "on" } else { "off" };
        write!(
            svg,
            "<line x1=\"{from}\" y1=\"{middle}\" x2=\"{x}\" y2=\"{middle}\"/><circle cx=\"{x}\" cy=\"{middle}\" r=\"6\" class=\"{fill}\"/>"
        )
        .expect("a String takes all");
        from = x;
    }
    for team in person.accounts.iter().flat_map(|account| &account.teams) {
        if let Some(position) = graph.teams.iter().position(|known| known == team) {
            let to = y_of(position) - 5;
            write!(svg, "<line x1=\"626\" y1=\"{middle}\" x2=\"792\" y2=\"{to}\"/>")
                .expect("a String takes all");
        }
    }
    svg + "</g>\n"
}

const HEAD: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Identities</title>
<style>
:root { color-scheme: light dark; --line: #8884; --ill: #b3261e; --well: #3a7d44; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; padding: 1.5rem; max-width: 80rem; }
h1 { margin-bottom: .2rem; } header p { margin-top: 0; opacity: .75; }
.facts { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: 1.5rem; } .facts b { font-size: 1.4rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
th { position: sticky; top: 0; background: Canvas; } code { white-space: pre-wrap; }
.high { color: var(--ill); font-weight: 700; } .medium { font-weight: 600; } .info { opacity: .7; }
input { font: inherit; padding: .3rem .5rem; min-width: 20rem; }
svg { max-width: 60rem; } svg text { font: 13px system-ui, sans-serif; fill: CanvasText; } svg .head { font-weight: 700; }
svg line { stroke: var(--line); stroke-width: 2; } .ill > text { fill: var(--ill); } .ill line { stroke: var(--ill); opacity: .6; }
circle.on { fill: var(--well); } circle.off { fill: none; stroke: var(--ill); stroke-width: 2; }
</style></head><body>
"#;

const FOOT: &str = r##"</main>
<script>
for (const input of document.querySelectorAll("input[data-filters]")) {
  const rows = document.querySelectorAll("#" + input.dataset.filters + " tbody tr");
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every(word => text.includes(word));
    }
  });
}
</script></body></html>
"##;
