//! The grammar of filters and paths (RFC 7644, figure 1), read by hand: a fault names the place and what was expected
//! there, and nothing a client writes can exhaust the stack.

use crate::error::{Fault, ScimType};
use crate::filter::{Filter, Literal, Operator};
use crate::path::{AttributePath, PatchPath};
use crate::text::shown;

/// How deep groups, negations and brackets may nest.
pub const MAX_DEPTH: usize = 50;
/// The longest filter or path, in bytes.
pub const MAX_LENGTH: usize = 8 * 1024;

/// Reads one text from left to right.
pub(crate) struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// The kind of fault outside of brackets.
    kind: ScimType,
    /// The kind of fault at this place: what is wrong inside brackets is the filter's.
    kind_here: ScimType,
}

impl<'a> Parser<'a> {
    pub(crate) fn of_filter(text: &'a str) -> Result<Self, Fault> {
        Self::new(text, ScimType::InvalidFilter)
    }

    pub(crate) fn of_path(text: &'a str) -> Result<Self, Fault> {
        Self::new(text, ScimType::InvalidPath)
    }

    fn new(text: &'a str, kind: ScimType) -> Result<Self, Fault> {
        let noun = noun(kind);
        if text.len() > MAX_LENGTH {
            let detail = format!("the {noun} is longer than {MAX_LENGTH} bytes; ask for less at once");
            return Err(Fault::new(kind, detail));
        }
        let mut parser = Self { text, at: 0, depth: 0, kind, kind_here: kind };
        parser.skip_spaces();
        if parser.rest().is_empty() {
            return Err(Fault::new(kind, format!("the {noun} is empty; leave it out, or name an attribute")));
        }
        Ok(parser)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    /// A fault at the present place, which is told in characters, counted from 1.
    fn fault(&self, expected: &str) -> Fault {
        let character = self.text[..self.at].chars().count() + 1;
        let found = match self.rest() {
            "" => "the end".to_owned(),
            rest => {
                format!("`{}`", shown(rest.split(' ').next().filter(|word| !word.is_empty()).unwrap_or(rest)))
            }
        };
        let noun = noun(self.kind_here);
        Fault::new(
            self.kind_here,
            format!("the {noun} breaks at character {character}: expected {expected}, found {found}"),
        )
    }

    pub(crate) fn end(&mut self) -> Result<(), Fault> {
        self.skip_spaces();
        if self.rest().is_empty() {
            return Ok(());
        }
        let expected = match self.kind {
            ScimType::InvalidPath => "the end of the path",
            _ => "`and`, `or` or the end of the filter",
        };
        Err(self.fault(expected))
    }

    /// Takes a word, without regard to case, where no letter or digit follows it.
    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let taken = rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
            && !rest[word.len()..]
                .starts_with(|next: char| next.is_ascii_alphanumeric() || "_-$:.".contains(next));
        if taken {
            self.at += word.len();
        }
        taken
    }

    fn symbol(&mut self, symbol: char) -> bool {
        let taken = self.rest().starts_with(symbol);
        if taken {
            self.at += symbol.len_utf8();
        }
        taken
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth >= MAX_DEPTH {
            return Err(self.fault(&format!("at most {MAX_DEPTH} nested groups")));
        }
        self.depth += 1;
        let read = inner(self);
        self.depth -= 1;
        read
    }

    pub(crate) fn filter(&mut self) -> Result<Filter, Fault> {
        self.several("or", Filter::Or, |parser| parser.several("and", Filter::And, Self::term))
    }

    fn several(
        &mut self,
        word: &str,
        join: impl FnOnce(Vec<Filter>) -> Filter,
        one: impl Fn(&mut Self) -> Result<Filter, Fault>,
    ) -> Result<Filter, Fault> {
        let first = one(self)?;
        let mut all = vec![first];
        loop {
            self.skip_spaces();
            if !self.word(word) {
                break;
            }
            all.push(one(self)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { join(all) })
    }

    fn term(&mut self) -> Result<Filter, Fault> {
        self.skip_spaces();
        if self.rest().starts_with('(') {
            return self.group();
        }
        let before = self.at;
        if self.word("not") {
            self.skip_spaces();
            if self.rest().starts_with('(') {
                return Ok(Filter::Not(Box::new(self.group()?)));
            }
            self.at = before;
            if self.rest()["not".len()..].trim_start().is_empty() {
                self.at += "not".len();
                return Err(self.fault("`(` after `not`"));
            }
        }
        self.attribute_term()
    }

    fn group(&mut self) -> Result<Filter, Fault> {
        self.deeper(|parser| {
            parser.symbol('(');
            let filter = parser.filter()?;
            parser.skip_spaces();
            if parser.symbol(')') { Ok(filter) } else { Err(parser.fault("`)`")) }
        })
    }

    fn attribute_term(&mut self) -> Result<Filter, Fault> {
        let path = self.attribute_path()?;
        self.skip_spaces();
        if path.sub.is_none() && self.rest().starts_with('[') {
            return self.within(path);
        }
        self.comparison(path)
    }

    fn comparison(&mut self, path: AttributePath) -> Result<Filter, Fault> {
        self.skip_spaces();
        if self.word("pr") {
            return Ok(Filter::Present(path));
        }
        let Some(operator) = Operator::ALL.into_iter().find(|operator| self.word(operator.as_str())) else {
            return Err(self.fault("an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr)"));
        };
        self.skip_spaces();
        let value = self.literal()?;
        Ok(Filter::Compare { path, operator, value })
    }

    fn within(&mut self, path: AttributePath) -> Result<Filter, Fault> {
        let filter = self.brackets()?;
        if !self.symbol('.') {
            return Ok(Filter::Within { path, filter: Box::new(filter) });
        }
        let attribute = self.name()?.into();
        let part = self.comparison(AttributePath { schema: None, attribute, sub: None })?;
        let both = match filter {
            Filter::And(mut all) => {
                all.push(part);
                all
            }
            other => vec![other, part],
        };
        Ok(Filter::Within { path, filter: Box::new(Filter::And(both)) })
    }

    fn brackets(&mut self) -> Result<Filter, Fault> {
        let outside = std::mem::replace(&mut self.kind_here, ScimType::InvalidFilter);
        let filter = self.deeper(|parser| {
            parser.symbol('[');
            let filter = parser.filter()?;
            parser.skip_spaces();
            if parser.symbol(']') { Ok(filter) } else { Err(parser.fault("`]`")) }
        })?;
        self.kind_here = outside;
        Ok(filter)
    }

    pub(crate) fn patch_path(&mut self) -> Result<PatchPath, Fault> {
        let attribute = self.attribute_path()?;
        if attribute.sub.is_some() || !self.rest().starts_with('[') {
            return Ok(PatchPath { attribute, filter: None, sub: None });
        }
        let filter = Some(self.brackets()?);
        let sub = if self.symbol('.') { Some(self.name()?.into()) } else { None };
        Ok(PatchPath { attribute, filter, sub })
    }

    fn name(&mut self) -> Result<&'a str, Fault> {
        let rest = self.rest();
        let is_part =
            |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '$');
        let length = rest.find(|character| !is_part(character)).unwrap_or(rest.len());
        if length == 0 || rest.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
            return Err(self.fault("the name of an attribute"));
        }
        self.at += length;
        Ok(&rest[..length])
    }

    /// `[URN:]attribute[.sub]`. The URN ends at the last colon: it has dots and digits of its own.
    pub(crate) fn attribute_path(&mut self) -> Result<AttributePath, Fault> {
        let rest = self.rest();
        let is_part = |character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '$' | '.' | ':')
        };
        let token = &rest[..rest.find(|character| !is_part(character)).unwrap_or(rest.len())];
        let schema = token.rfind(':').map(|colon| &token[..colon]);
        if let Some(schema) = schema {
            if !schema.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("urn:")) {
                return Err(self.fault("the name of an attribute, perhaps behind the URN of its schema"));
            }
            self.at += schema.len() + 1;
        }
        let attribute = self.name()?;
        let sub = if self.symbol('.') { Some(self.name()?) } else { None };
        Ok(AttributePath {
            schema: schema.map(Into::into),
            attribute: attribute.into(),
            sub: sub.map(Into::into),
        })
    }

    fn literal(&mut self) -> Result<Literal, Fault> {
        const EXPECTED: &str = "a value: a \"text\" in double quotes, a number, true, false or null";
        for (word, literal) in
            [("true", Literal::Boolean(true)), ("false", Literal::Boolean(false)), ("null", Literal::Null)]
        {
            if self.word(word) {
                return Ok(literal);
            }
        }
        let rest = self.rest();
        if !rest.starts_with(|first: char| first == '"' || first == '-' || first.is_ascii_digit()) {
            return Err(self.fault(EXPECTED));
        }
        let length = match rest.strip_prefix('"') {
            Some(text) => 2 + closing_quote(text).ok_or_else(|| self.fault(EXPECTED))?,
            None => rest.find([' ', '\t', ')', ']']).unwrap_or(rest.len()),
        };
        let literal = match serde_json::from_str(&rest[..length]) {
            Ok(serde_json::Value::String(text)) => Literal::Text(text.into()),
            Ok(serde_json::Value::Number(number)) => {
                Literal::Number(number.as_f64().ok_or_else(|| self.fault(EXPECTED))?)
            }
            _ => return Err(self.fault(EXPECTED)),
        };
        self.at += length;
        if self.rest().starts_with(|next: char| !matches!(next, ' ' | '\t' | ')' | ']')) {
            return Err(self.fault("a space, `)` or the end after a value"));
        }
        Ok(literal)
    }
}

/// Where the quote is that ends a JSON text, of which the first one was taken.
fn closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })
}

fn noun(kind: ScimType) -> &'static str {
    match kind {
        ScimType::InvalidPath => "path",
        _ => "filter",
    }
}
