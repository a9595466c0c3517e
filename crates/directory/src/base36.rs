//! Numbers as people see them in ids: base 36, lower case, one spelling each.

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Writes `number` in base 36 without leading zeros.
pub fn encode(mut number: u64) -> String {
    let mut digits = Vec::with_capacity(13);
    loop {
        let digit = usize::try_from(number % 36).expect("a remainder below 36 fits any usize");
        digits.push(DIGITS[digit]);
        number /= 36;
        if number == 0 {
            break;
        }
    }
    digits.reverse();
    String::from_utf8(digits).expect("the digits are ASCII")
}

/// Reads what [`encode`] wrote; any other spelling (upper case, leading zeros, too large) is `None`.
pub fn decode(text: &str) -> Option<u64> {
    if text.is_empty() || text.len() > 13 || (text.len() > 1 && text.starts_with('0')) {
        return None;
    }
    text.bytes().try_fold(0_u64, |number, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'z' => byte - b'a' + 10,
            _ => return None,
        };
        number.checked_mul(36)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_number_reads_back(number: u64) {
            prop_assert_eq!(decode(&encode(number)), Some(number));
        }
    }

    #[test]
    fn a_number_has_one_spelling() {
        for other in ["", "01", "A", "-1", "zzzzzzzzzzzzzz", " 1", "3w5e11264sgsg"] {
            assert_eq!(decode(other), None, "{other:?}");
        }
    }
}
