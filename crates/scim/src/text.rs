//! How texts compare where case does not count.

/// A text as it compares without regard to case. Case mappings between a letter of ASCII and another one are not applied,
/// so that the Kelvin sign and the dotted capital I are no spellings of `k` and `i`: they would be other people.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().fold(String::with_capacity(text.len()), |mut folded, character| {
        if character.is_ascii() {
            folded.push(character.to_ascii_lowercase());
        } else if character.to_lowercase().any(|lower| lower.is_ascii()) {
            folded.push(character);
        } else {
            folded.extend(character.to_lowercase());
        }
        folded
    })
}

/// A text as it can be repeated in a message: short, and with control characters written out.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 80;
    let mut shown = String::new();
    for character in text.chars().take(MOST) {
        if character.is_control() {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_are_other_people_stay_other_people() {
        assert_eq!(fold("ÉLODIE"), fold("Élodie"));
        assert_ne!(fold("\u{212A}im"), fold("kim"));
        assert_ne!(fold("\u{130}vo"), fold("ivo"));
        assert_ne!(fold("ı"), fold("i"));
    }
}
