//! Text within HTML.

use std::fmt::Write as _;

/// `text` as it stands in the content or a quoted attribute of an HTML page, with no character that has a meaning there.
pub fn escape_html(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, character| {
        match character {
            '&' | '<' | '>' | '"' | '\'' => {
                write!(escaped, "&#{};", u32::from(character)).expect("writing to a String cannot fail");
            }
            other => escaped.push(other),
        }
        escaped
    })
}
