//! The operator plane: companies, tokens, settings and the audit, for whoever may read the data folder. It is the same
//! whether it is reached over the socket of a running server or directly on the journal.

mod directory;
mod outbox;
mod reply;
mod request;
pub mod socket;
mod tokens;
mod webhook_reply;
mod webhooks;

pub use outbox::{ReleasedInvitation, WaitingInvitation, WaitingMail};
pub use reply::{
    AuditEntry, AuditPage, CompanyDetails, CompanySummary, CustomFieldDetails, Export, NewToken,
    OperatorError, OperatorReply, SsoDetails, TeamDetails, TeammateDetails, TokenDetails,
};
pub use request::{
    AuditWish, CompanyRequest, DeliveriesWish, OperatorRequest, OutboxRequest, TokenWish, WebhookRequest,
    WebhookWish,
};
pub use webhook_reply::{
    AttemptDetails, DeliveryDetails, DisabledDetails, HealthDetails, NewWebhook, PingDetails, Sending,
    ValidationDetails, WebhookDetails,
};

use crate::last_used::LastUsed;
use crate::moment;
use crate::node::Node;
use std::sync::Arc;
use tenure_delivery::webhook::Webhooks;
use tenure_delivery::webhook::egress::EgressRules;
use tenure_directory::registry::Entry;
use tenure_directory::settings::Setting;
use tenure_directory::teammate::{Teammate, TeammateRef};
use tenure_directory::text::{CompanyName, Slug, TextFault};
use tenure_directory::{
    Actor, Command, Company, Event, Fault, Recorded, Refusal, Registry, RegistryCommand, Timestamp, Version,
};
use tenure_engine::{Answered, Engine};
use tokio::sync::Notify;

/// How many events of the audit are looked at for one answer.
const AUDIT_STRIDE: usize = 1000;

/// Carries out what operators ask.
#[derive(Clone)]
pub struct Operator {
    engine: Engine,
    last_used: LastUsed,
    /// What sends to webhooks; absent where no server runs.
    webhooks: Option<Webhooks>,
    /// Where the server's webhooks may go.
    egress: Arc<EgressRules>,
    /// Wakes whoever sends invitations.
    invitations: Option<Arc<Notify>>,
}

/// One company, with what the registry knows of it.
struct Chosen {
    entry: Entry,
    company: Arc<Company>,
}

fn fault(name: &'static str, message: impl ToString) -> OperatorError {
    Fault::new(name, message.to_string()).into()
}

fn field<T>(name: &'static str, parsed: Result<T, TextFault>) -> Result<T, OperatorError> {
    parsed.map_err(|error| fault(name, error))
}

fn moment_of(name: &'static str, given: &str) -> Result<Timestamp, OperatorError> {
    let right = "must be a time in ISO 8601 with a zone, such as 2026-01-31T09:00:00Z, or in epoch seconds";
    moment::parse(given).ok_or_else(|| fault(name, right))
}

impl Operator {
    /// The operator plane of a node that serves nobody else.
    pub fn of(node: &Node) -> Self {
        let last_used = LastUsed::open(node.folder().last_used_file());
        Self::new(node.engine.clone(), last_used, None, EgressRules::strict())
    }

    pub(crate) fn new(
        engine: Engine,
        last_used: LastUsed,
        webhooks: Option<Webhooks>,
        egress: EgressRules,
    ) -> Self {
        Self { engine, last_used, webhooks, egress: Arc::new(egress), invitations: None }
    }

    /// Wakes by this value whoever sends invitations.
    pub(crate) fn waking(self, invitations: Arc<Notify>) -> Self {
        Self { invitations: Some(invitations), ..self }
    }

    /// Carries out a request.
    pub async fn operate(&self, request: OperatorRequest) -> Result<OperatorReply, OperatorError> {
        match request {
            OperatorRequest::CreateCompany { name, slug } => {
                self.create_company(&name, slug.as_deref()).await
            }
            OperatorRequest::ListCompanies => {
                let registry = self.engine.registry();
                Ok(OperatorReply::Companies(registry.entries().map(CompanySummary::from).collect()))
            }
            OperatorRequest::Company { company, ask } => {
                let chosen = self.choose(company.as_deref()).await?;
                self.about(&chosen, ask).await
            }
            OperatorRequest::Outbox(ask) => self.outbox(ask).await,
        }
    }

    async fn create_company(&self, name: &str, slug: Option<&str>) -> Result<OperatorReply, OperatorError> {
        let name = field("name", CompanyName::parse(name))?;
        let slug = slug.map(|slug| field("slug", Slug::parse(slug))).transpose()?;
        let command = RegistryCommand::CreateCompany { name, slug };
        let answered = self.engine.ask_registry(command, Actor::Operator).await?;
        self.summary(&answered.company)
    }

    fn summary(&self, company: &Company) -> Result<OperatorReply, OperatorError> {
        let registry = self.engine.registry();
        let entry = registry.get(company.id);
        let given = || Refusal::UnknownCompany { given: company.id.to_string().into() };
        Ok(OperatorReply::Company(entry.ok_or_else(given)?.into()))
    }

    /// The company that is named, or the only one there is.
    async fn choose(&self, given: Option<&str>) -> Result<Chosen, OperatorError> {
        let registry = self.engine.registry();
        let entry = match given {
            Some(given) => registry.find(given)?,
            None => the_only_one(&registry)?,
        };
        let gone = || OperatorError::new("server.unreadable", "the company is registered and has no events");
        let company = self.engine.company(entry.id).await?.ok_or_else(gone)?;
        Ok(Chosen { entry: entry.clone(), company })
    }

    async fn about(&self, chosen: &Chosen, ask: CompanyRequest) -> Result<OperatorReply, OperatorError> {
        let company = &*chosen.company;
        match ask {
            CompanyRequest::Show => Ok(details(chosen, company)),
            CompanyRequest::Rename { name } => {
                let name = field("name", CompanyName::parse(&name))?;
                let command = RegistryCommand::RenameCompany { company: company.id, name };
                let answered = self.engine.ask_registry(command, Actor::Operator).await?;
                self.summary(&answered.company)
            }
            CompanyRequest::Set { settings } => self.set(chosen, &settings).await,
            CompanyRequest::Export => Ok(OperatorReply::Export(Box::new(self.export(chosen)))),
            CompanyRequest::CreateToken(wish) => self.create_token(company, wish).await,
            CompanyRequest::ListTokens => Ok(OperatorReply::Tokens(self.tokens(company))),
            CompanyRequest::RevokeToken { token } => self.revoke_token(company, &token).await,
            CompanyRequest::CreateCustomField { name, kind, choices } => {
                self.create_custom_field(company, &name, &kind, &choices).await
            }
            CompanyRequest::ListCustomFields => {
                Ok(OperatorReply::CustomFields(directory::custom_fields(company)))
            }
            CompanyRequest::DeleteCustomField { field } => self.delete_custom_field(company, &field).await,
            CompanyRequest::CreateTeam { name, is_private } => {
                self.create_team(company, &name, is_private).await
            }
            CompanyRequest::ListTeams => Ok(OperatorReply::Teams(directory::teams(company))),
            CompanyRequest::RenameTeam { team, name } => self.rename_team(company, &team, &name).await,
            CompanyRequest::DeleteTeam { team } => self.delete_team(company, &team).await,
            CompanyRequest::SetSso { metadata } => self.set_sso(company, &metadata).await,
            CompanyRequest::ShowSso => Ok(OperatorReply::Sso(company.into())),
            CompanyRequest::ClearSso => self.clear_sso(company).await,
            CompanyRequest::ReactivateTeammate { teammate } => self.reactivate(company, &teammate).await,
            CompanyRequest::Audit(wish) => Ok(OperatorReply::Audit(self.audit(company, &wish).await?)),
            CompanyRequest::Webhook(ask) => self.webhook(&chosen.company, ask).await,
        }
    }

    async fn ask(&self, company: &Company, command: Command) -> Result<Answered, OperatorError> {
        Ok(self.engine.ask(company.id, command, Actor::Operator).await?)
    }

    async fn set(&self, chosen: &Chosen, settings: &[String]) -> Result<OperatorReply, OperatorError> {
        let settings = settings.iter().map(|text| Setting::parse(text)).collect::<Result<_, _>>()?;
        let answered = self.ask(&chosen.company, Command::ChangeSettings(settings)).await?;
        Ok(details(chosen, &answered.company))
    }

    fn export(&self, chosen: &Chosen) -> Export {
        let company = &*chosen.company;
        let now = self.engine.now();
        let teammate = |teammate: &Arc<Teammate>| TeammateDetails::of(company, teammate, now);
        Export {
            company: CompanyDetails::of(&chosen.entry, company),
            sso: company.into(),
            custom_fields: directory::custom_fields(company),
            teammates: company.teammates.values().map(teammate).collect(),
            teams: directory::teams(company),
            tokens: self.tokens(company),
        }
    }

    async fn audit(&self, company: &Company, wish: &AuditWish) -> Result<AuditPage, OperatorError> {
        let since = wish.since.as_deref().map(|since| moment_of("since", since)).transpose()?;
        let about = wish.teammate.as_deref().map(|given| {
            let unknown = || Refusal::UnknownTeammates { given: vec![given.into()] };
            company.find_teammate(&TeammateRef::parse(given)).map(|teammate| teammate.id).ok_or_else(unknown)
        });
        let about = about.transpose()?;
        let events = self.engine.history(company.id, Version::new(wish.after), AUDIT_STRIDE).await?;
        let wanted = |recorded: &&Recorded<Event>| {
            since.is_none_or(|since| recorded.time >= since)
                && about.is_none_or(|teammate| recorded.event.teammates().contains(&teammate))
        };
        Ok(AuditPage {
            entries: events.iter().filter(wanted).map(AuditEntry::from).collect(),
            up_to: events.last().map_or(wish.after, |last| last.version.number()),
            has_more: events.len() == AUDIT_STRIDE,
        })
    }
}

fn details(chosen: &Chosen, company: &Company) -> OperatorReply {
    OperatorReply::CompanyDetails(CompanyDetails::of(&chosen.entry, company))
}

fn the_only_one(registry: &Registry) -> Result<&Entry, OperatorError> {
    let mut entries = registry.entries();
    match (entries.next(), entries.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(OperatorError::new(
            "company.none",
            "there is no company yet; create one with `tenure company create NAME`",
        )),
        (Some(_), Some(_)) => Err(OperatorError::new(
            "company.which",
            "there are several companies; say which with --company (see `tenure company list`)",
        )),
    }
}
