//! `tenure teammate`.

use crate::cli::{Global, Teammate};
use crate::failure::Failure;
use crate::operate::ask_company;
use crate::print;
use tenure_server::operator::CompanyRequest;

pub(crate) fn run(global: &Global, command: Teammate) -> Result<(), Failure> {
    let Teammate::Reactivate { which, id } = command;
    let reply = ask_company(global, which, CompanyRequest::ReactivateTeammate { teammate: id })?;
    print::reply(global.output, &reply, Some("reactivated"))
}
