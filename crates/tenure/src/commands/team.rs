//! `tenure team`.

use crate::cli::{Global, Team};
use crate::failure::Failure;
use crate::operate::ask_company;
use crate::print;
use tenure_server::operator::CompanyRequest;

pub(crate) fn run(global: &Global, command: Team) -> Result<(), Failure> {
    let (reply, done) = match command {
        Team::Create { which, name, private } => {
            let ask = CompanyRequest::CreateTeam { name, is_private: private };
            (ask_company(global, which, ask)?, Some("created"))
        }
        Team::List { which } => (ask_company(global, which, CompanyRequest::ListTeams)?, None),
        Team::Rename { which, id, name } => {
            (ask_company(global, which, CompanyRequest::RenameTeam { team: id, name })?, Some("renamed"))
        }
        Team::Delete { which, id } => {
            (ask_company(global, which, CompanyRequest::DeleteTeam { team: id })?, Some("deleted"))
        }
    };
    print::reply(global.output, &reply, done)
}
