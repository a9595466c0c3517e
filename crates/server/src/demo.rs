//! A believable company to try things on (`serve --demo`).

use crate::node::Node;
use crate::operator::{
    CompanyRequest, NewToken, Operator, OperatorError, OperatorReply, OperatorRequest, TokenWish,
};
use tenure_directory::custom_field::GivenValue;
use tenure_directory::email::EmailAddress;
use tenure_directory::invitation::InvitationWish;
use tenure_directory::team::{AddToTeam, TeamRef};
use tenure_directory::teammate::{Availability, BlockTeammate, CreateTeammate, Role, TeammateRef};
use tenure_directory::text::PersonName;
use tenure_directory::{Actor, Command, CompanyId, Precondition, TeamId, TeammateId};

const COMPANY: &str = "Harbor Coffee";

const TEAMS: [(&str, bool); 5] =
    [("Support", false), ("Sales", false), ("Onboarding", false), ("Billing", false), ("People", true)];

const DEPARTMENTS: [&str; 4] = ["Support", "Sales", "Operations", "Finance"];

/// First name, last name, the teams it is in (by number from 1), its department.
const PEOPLE: [(&str, &str, &[u64], &str); 24] = [
    ("Ada", "Okafor", &[1, 5], "Operations"),
    ("Bruno", "Marchetti", &[2, 5], "Operations"),
    ("Chiara", "Lindqvist", &[1], "Support"),
    ("Daniel", "Abara", &[1], "Support"),
    ("Elif", "Demir", &[1, 3], "Support"),
    ("Farid", "Haddad", &[1], "Support"),
    ("Grace", "Mbeki", &[1, 3], "Support"),
    ("Hiroshi", "Tanaka", &[1], "Support"),
    ("Ines", "Carvalho", &[2], "Sales"),
    ("Jonas", "Weber", &[2], "Sales"),
    ("Kavya", "Raman", &[2, 3], "Sales"),
    ("Liam", "Byrne", &[2], "Sales"),
    ("Mei", "Chen", &[2], "Sales"),
    ("Noah", "Adler", &[2], "Sales"),
    ("Olga", "Petrova", &[3], "Operations"),
    ("Pablo", "Serrano", &[3], "Operations"),
    ("Quinn", "Murphy", &[3], "Operations"),
    ("Rosa", "Delgado", &[4], "Finance"),
    ("Søren", "Nyström", &[4], "Finance"),
    ("Tara", "O'Neill", &[4], "Finance"),
    ("Umar", "Siddiqui", &[4], "Finance"),
    ("Vera", "Novak", &[1], "Support"),
    ("Wanda", "Kowalska", &[2], "Sales"),
    ("Xavier", "Laurent", &[], "Operations"),
];

/// Those who have left.
const LEFT: [u64; 2] = [13, 24];

const SSO: &str = "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
                   entityID=\"https://sso.harborcoffee.example/metadata\"/>";

/// The company that was made, with the tokens whose texts are shown once.
pub struct Demo {
    /// The company's name.
    pub company: &'static str,
    /// How many teammates it has.
    pub teammates: usize,
    /// How many teams it has.
    pub teams: usize,
    /// A token for all user management.
    pub company_token: NewToken,
    /// A token that acts as one teammate.
    pub teammate_token: NewToken,
    /// A token for SCIM.
    pub scim_token: NewToken,
}

fn ask(ask: CompanyRequest) -> OperatorRequest {
    OperatorRequest::Company { company: None, ask }
}

/// Fills an empty node with the demo company; `None`, if there are companies already.
pub async fn fill(node: &Node) -> Result<Option<Demo>, OperatorError> {
    if node.engine.registry().entries().next().is_some() {
        return Ok(None);
    }
    let operator = Operator::of(node);
    operator.operate(OperatorRequest::CreateCompany { name: COMPANY.to_owned(), slug: None }).await?;
    let company = node.engine.registry().entries().next().map(|entry| entry.id);
    let company = company.expect("it was created just now");
    for (name, kind, choices) in [
        ("Department", "enum", &DEPARTMENTS[..]),
        ("Employee number", "number", &[]),
        ("Started", "datetime", &[]),
        ("Remote", "boolean", &[]),
        ("Location", "string", &[]),
    ] {
        let choices = choices.iter().map(ToString::to_string).collect();
        let (name, kind) = (name.to_owned(), kind.to_owned());
        operator.operate(ask(CompanyRequest::CreateCustomField { name, kind, choices })).await?;
    }
    for (name, is_private) in TEAMS {
        operator.operate(ask(CompanyRequest::CreateTeam { name: name.to_owned(), is_private })).await?;
    }
    people(node, company).await?;
    operator.operate(ask(CompanyRequest::SetSso { metadata: SSO.to_owned() })).await?;
    Ok(Some(Demo {
        company: COMPANY,
        teammates: PEOPLE.len(),
        teams: TEAMS.len(),
        company_token: token(&operator, "company", None).await?,
        teammate_token: token(&operator, "teammate", Some("tea_3")).await?,
        scim_token: token(&operator, "scim", None).await?,
    }))
}

async fn token(operator: &Operator, kind: &str, teammate: Option<&str>) -> Result<NewToken, OperatorError> {
    let wish = TokenWish {
        kind: kind.to_owned(),
        teammate: teammate.map(str::to_owned),
        scopes: vec![],
        rate_limit: None,
        expires_in: None,
        note: Some("demo".to_owned()),
    };
    match operator.operate(ask(CompanyRequest::CreateToken(wish))).await? {
        OperatorReply::NewToken(token) => Ok(token),
        other => unreachable!("creating a token answers with the token, not with {other:?}"),
    }
}

async fn people(node: &Node, company: CompanyId) -> Result<(), OperatorError> {
    for (number, (first, last, _, department)) in (1_u64..).zip(PEOPLE) {
        let command = Command::CreateTeammate(person(number, first, last, department));
        node.engine.tell(company, command, Actor::Operator).await?;
    }
    for team in (1_u64..).zip(TEAMS).map(|(number, _)| number) {
        let is_in = |person: &(u64, (&str, &str, &[u64], &str))| person.1.2.contains(&team);
        let teammates = (1_u64..).zip(PEOPLE).filter(is_in);
        let command = AddToTeam {
            team: TeamRef::from(TeamId::new(team)),
            teammates: teammates.map(|(number, _)| TeammateRef::from(TeammateId::new(number))).collect(),
            precondition: Precondition::None,
        };
        node.engine.tell(company, Command::AddToTeam(command), Actor::Operator).await?;
    }
    for number in LEFT {
        let teammate = TeammateRef::from(TeammateId::new(number));
        let command = BlockTeammate { teammate, precondition: Precondition::None };
        node.engine.tell(company, Command::BlockTeammate(command), Actor::Operator).await?;
    }
    Ok(())
}

fn person(number: u64, first: &str, last: &str, department: &str) -> CreateTeammate {
    let ascii = |name: &str| -> String {
        let plain = name.to_lowercase().replace(['ø', 'ö'], "o");
        plain.chars().filter(char::is_ascii_alphabetic).collect()
    };
    let email = format!("{}.{}@harborcoffee.example", ascii(first), ascii(last));
    let text = |text: &str| GivenValue::Text(text.into());
    #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
    let count = number as f64;
    CreateTeammate {
        email: EmailAddress::parse(&email).expect("the addresses of the demo are valid"),
        username: None,
        first_name: PersonName::parse(first).expect("the names of the demo are valid"),
        last_name: PersonName::parse(last).expect("the names of the demo are valid"),
        role: if number <= 2 { Role::Admin } else { Role::Regular },
        availability: if number.is_multiple_of(7) { Availability::Away } else { Availability::Available },
        custom_fields: vec![
            ("Department".into(), text(department)),
            ("Employee number".into(), GivenValue::Number(1000.0 + count)),
            ("Started".into(), GivenValue::Number(1_600_000_000.0 + count * 2_592_000.0)),
            ("Remote".into(), GivenValue::Boolean(number.is_multiple_of(3))),
            ("Location".into(), text(if number.is_multiple_of(2) { "Lisbon" } else { "Toronto" })),
        ],
        invitation: InvitationWish::None,
    }
}
