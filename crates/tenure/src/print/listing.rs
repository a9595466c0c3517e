//! Lists of records, as tables and as CSV.

use crate::print::{safe, table};

/// A table of some columns.
pub(crate) fn rows(headers: &[&str], rows: &[Vec<String>], none: &str) -> String {
    let headers: Vec<_> = headers.iter().map(|header| header.to_uppercase().replace('_', " ")).collect();
    let headers: Vec<_> = headers.iter().map(String::as_str).collect();
    table(&headers, rows.iter().map(|row| row.iter().map(|cell| safe(cell)).collect()), none)
}

/// CSV of some columns. A cell that a spreadsheet would take for a formula gets an apostrophe, which our own import takes
/// off again.
pub(crate) fn csv(headers: &[&str], rows: &[Vec<String>]) -> String {
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stdout());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let guarded = |cell: &String| {
        // In a file every character counts; on a terminal some would do something.
        let cell = if is_terminal { safe(cell) } else { cell.clone() };
        if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
    };
    writer.write_record(headers).expect("a Vec takes all");
    for row in rows {
        writer.write_record(row.iter().map(guarded)).expect("every row has a cell for each header");
    }
    let bytes = writer.into_inner().expect("a Vec takes all");
    String::from_utf8(bytes).expect("what was written is text")
}
