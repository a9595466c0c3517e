//! Heads that two servers could read in two ways (request smuggling). The HTTP library takes some of them as the RFC
//! allows, and hides from us what it saw; so the bytes are looked at on their way to it.

/// Why a head is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ambiguous;

/// Where in a connection's bytes a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    /// Before the first line of a head.
    #[default]
    BeforeHead,
    Head,
    /// The size of a chunk.
    ChunkSize,
    /// Behind the last chunk.
    Trailers,
}

/// Follows the heads of a connection through its bytes, and the framing of the bodies between them. Where the framing is
/// one that the library refuses, it loses its place; there is nothing behind it that is read.
#[derive(Debug, Default)]
pub(crate) struct HeadScan {
    /// The part of a line that has come so far.
    line: Vec<u8>,
    place: Place,
    body_length: Option<u64>,
    is_chunked: bool,
    /// How many bytes of a body or of a chunk are still to come.
    to_skip: u64,
    is_lost: bool,
}

impl HeadScan {
    /// Looks at the next bytes.
    pub(crate) fn look(&mut self, mut bytes: &[u8]) -> Result<(), Ambiguous> {
        while !bytes.is_empty() && !self.is_lost {
            if self.to_skip > 0 {
                let skipped = usize::try_from(self.to_skip).unwrap_or(usize::MAX).min(bytes.len());
                self.to_skip -= skipped as u64;
                bytes = &bytes[skipped..];
                continue;
            }
            let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
                self.line.extend_from_slice(bytes);
                break;
            };
            let (line, rest) = bytes.split_at(end + 1);
            bytes = rest;
            if self.line.is_empty() {
                self.take(line)?;
            } else {
                self.line.extend_from_slice(line);
                let line = std::mem::take(&mut self.line);
                self.take(&line)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, line: &[u8]) -> Result<(), Ambiguous> {
        // A bare line feed ends a line for some servers and not for others.
        let line = line.strip_suffix(b"\r\n").ok_or(Ambiguous)?;
        match (self.place, line.is_empty()) {
            (Place::BeforeHead, false) => self.place = Place::Head,
            (Place::Head, true) => self.end_head()?,
            (Place::Head, false) => self.take_header(line)?,
            (Place::ChunkSize, _) => self.take_chunk_size(line),
            (Place::Trailers, true) => *self = Self::default(),
            (Place::BeforeHead, true) | (Place::Trailers, false) => {}
        }
        Ok(())
    }

    fn take_chunk_size(&mut self, line: &[u8]) {
        let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_end();
        let size = std::str::from_utf8(digits).ok().and_then(|digits| u64::from_str_radix(digits, 16).ok());
        match size {
            Some(0) => self.place = Place::Trailers,
            // With the line end behind the chunk.
            Some(size) => self.to_skip = size.saturating_add(2),
            None => self.is_lost = true,
        }
    }

    fn take_header(&mut self, line: &[u8]) -> Result<(), Ambiguous> {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { return Ok(()) };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Ambiguous);
            }
            self.is_chunked = true;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            // Any other spelling is refused by the library.
            let length = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok());
            self.is_lost = length.is_none();
            self.body_length = length;
        }
        Ok(())
    }

    fn end_head(&mut self) -> Result<(), Ambiguous> {
        if self.is_chunked && self.body_length.is_some() {
            return Err(Ambiguous);
        }
        let place = if self.is_chunked { Place::ChunkSize } else { Place::BeforeHead };
        *self = Self { place, to_skip: self.body_length.unwrap_or(0), ..Self::default() };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMBIGUOUS: [&str; 6] = [
        "GET / HTTP/1.1\nHost: t\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: t\r\n\n",
        "GET / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\ncontent-length: 3\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    ];

    #[test]
    fn ambiguous_heads_are_found_however_the_bytes_are_cut() {
        for head in AMBIGUOUS {
            // Also behind another request with a body of a line feed.
            let second = format!("POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n\n{head}");
            for bytes in [head, &second] {
                for size in [1, 2, 7, bytes.len()] {
                    let mut scan = HeadScan::default();
                    let looked = bytes.as_bytes().chunks(size).try_for_each(|bytes| scan.look(bytes));
                    assert_eq!(looked, Err(Ambiguous), "{bytes:?} in pieces of {size}");
                }
            }
        }
    }

    #[test]
    fn a_chunked_body_may_hold_anything_and_the_head_behind_it_is_looked_at() {
        let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n2;x=y\r\n\n\n\r\n1\r\n\n\r\n0\r\nA: b\r\n\r\n";
        for size in [1, 3, 1000] {
            let mut scan = HeadScan::default();
            assert_eq!(chunked.as_bytes().chunks(size).try_for_each(|bytes| scan.look(bytes)), Ok(()));
            let next = AMBIGUOUS[0].as_bytes().chunks(size).try_for_each(|bytes| scan.look(bytes));
            assert_eq!(next, Err(Ambiguous));
        }
    }
}
