//! `tenure sso`.

use crate::cli::{Global, Sso};
use crate::failure::Failure;
use crate::operate::ask_company;
use crate::print;
use std::io::Read as _;
use std::path::Path;
use tenure_server::operator::CompanyRequest;

/// More than any metadata has; a larger file is not read to its end.
const MAX_BYTES: u64 = 1024 * 1024;

pub(crate) fn run(global: &Global, command: Sso) -> Result<(), Failure> {
    let (reply, done) = match command {
        Sso::Set { which, metadata } => {
            let metadata = read(&metadata)?;
            (ask_company(global, which, CompanyRequest::SetSso { metadata })?, None)
        }
        Sso::Show { which } => (ask_company(global, which, CompanyRequest::ShowSso)?, None),
        Sso::Clear { which } => (ask_company(global, which, CompanyRequest::ClearSso)?, None),
    };
    print::reply(global.output, &reply, done)
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(MAX_BYTES).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text))
    };
    let read = read.map_err(|error| {
        Failure::new(format!("cannot read {}: {error}", path.display())).with_hint(
            "give the file that the identity provider offers as metadata, or - to read it from stdin",
        )
    })?;
    if u64::try_from(read).is_ok_and(|read| read == MAX_BYTES) {
        return Err(Failure::usage(format!(
            "{} is larger than any metadata; is it the right file?",
            path.display()
        )));
    }
    Ok(text)
}
