//! `tenure custom-field`.

use crate::cli::{CustomField, Global};
use crate::failure::Failure;
use crate::operate::ask_company;
use crate::print;
use tenure_server::operator::CompanyRequest;

pub(crate) fn run(global: &Global, command: CustomField) -> Result<(), Failure> {
    let (reply, done) = match command {
        CustomField::Create { which, name, kind, choice: choices } => {
            let ask = CompanyRequest::CreateCustomField { name, kind, choices };
            (ask_company(global, which, ask)?, Some("created"))
        }
        CustomField::List { which } => (ask_company(global, which, CompanyRequest::ListCustomFields)?, None),
        CustomField::Delete { which, field } => {
            (ask_company(global, which, CompanyRequest::DeleteCustomField { field })?, Some("deleted"))
        }
    };
    print::reply(global.output, &reply, done)
}
