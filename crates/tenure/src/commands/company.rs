//! `tenure company`.

use crate::cli::{Company, Global};
use crate::failure::Failure;
use crate::operate::{ask, ask_company};
use crate::print;
use tenure_server::operator::{CompanyRequest, OperatorRequest};

pub(crate) fn run(global: &Global, command: Company) -> Result<(), Failure> {
    let (reply, done) = match command {
        Company::Create { name, slug } => {
            (ask(global, &OperatorRequest::CreateCompany { name, slug })?, Some("created"))
        }
        Company::List => (ask(global, &OperatorRequest::ListCompanies)?, None),
        Company::Show { which } => (ask_company(global, which, CompanyRequest::Show)?, None),
        Company::Rename { which, name } => {
            (ask_company(global, which, CompanyRequest::Rename { name })?, Some("renamed"))
        }
        Company::Set { which, settings } => {
            (ask_company(global, which, CompanyRequest::Set { settings })?, None)
        }
        Company::Export { which } => (ask_company(global, which, CompanyRequest::Export)?, None),
    };
    print::reply(global.output, &reply, done)
}
