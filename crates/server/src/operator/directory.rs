//! What operators do to a company's custom fields, teams, single sign-on and teammates.

use super::reply::{
    CustomFieldDetails, OperatorError, OperatorReply, SsoDetails, TeamDetails, TeammateDetails,
};
use super::{Operator, field};
use tenure_directory::custom_field::{CreateCustomField, DeleteCustomField, FieldType};
use tenure_directory::team::{CreateTeam, DeleteTeam, Privacy, RenameTeam, Team, TeamRef};
use tenure_directory::teammate::{ReactivateTeammate, TeammateRef};
use tenure_directory::text::{Choice, FieldName, SsoMetadata, TeamName};
use tenure_directory::{Command, Company, Event, Fault, Refusal};

pub(super) fn custom_fields(company: &Company) -> Vec<CustomFieldDetails> {
    company.fields.values().map(CustomFieldDetails::from).collect()
}

pub(super) fn teams(company: &Company) -> Vec<TeamDetails> {
    company.teams.values().map(|team| TeamDetails::from(&**team)).collect()
}

fn field_type(kind: &str, choices: &[String]) -> Result<FieldType, OperatorError> {
    if kind != "enum" && !choices.is_empty() {
        return Err(Fault::new("choice", "is only for fields of type enum").into());
    }
    Ok(match kind {
        "string" => FieldType::String,
        "number" => FieldType::Number,
        "boolean" => FieldType::Boolean,
        "datetime" => FieldType::Datetime,
        "teammate" => FieldType::Teammate,
        "inbox" => FieldType::Inbox,
        "enum" => {
            let choices = choices.iter().map(|choice| field("choice", Choice::parse(choice)));
            FieldType::Enum(choices.collect::<Result<_, _>>()?)
        }
        _ => {
            let right = "must be one of: string, number, boolean, datetime, enum, teammate, inbox";
            return Err(Fault::new("type", right).into());
        }
    })
}

fn require_team<'a>(company: &'a Company, team: &TeamRef) -> Result<&'a Team, Refusal> {
    let unknown = || Refusal::UnknownTeam { given: team.given().into() };
    company.find_team(team).map(|team| &**team).ok_or_else(unknown)
}

impl Operator {
    pub(super) async fn create_custom_field(
        &self,
        company: &Company,
        name: &str,
        kind: &str,
        choices: &[String],
    ) -> Result<OperatorReply, OperatorError> {
        let name = field("name", FieldName::parse(name))?;
        let command = CreateCustomField { name, kind: field_type(kind, choices)? };
        let answered = self.ask(company, Command::CreateCustomField(command)).await?;
        let id = answered.events.iter().find_map(|event| match event {
            Event::CustomFieldCreated(event) => Some(event.field),
            _ => None,
        });
        let made = id.and_then(|id| answered.company.fields.get(&id));
        Ok(OperatorReply::CustomField(made.expect("a create that succeeds makes a field").into()))
    }

    pub(super) async fn delete_custom_field(
        &self,
        company: &Company,
        given: &str,
    ) -> Result<OperatorReply, OperatorError> {
        let is_it = |field: &CustomFieldDetails| field.name == given || field.id == given;
        let before = custom_fields(company).into_iter().find(is_it);
        let command = DeleteCustomField { field: given.into() };
        self.ask(company, Command::DeleteCustomField(command)).await?;
        let unknown = || Refusal::UnknownCustomField { given: given.into() };
        Ok(OperatorReply::CustomField(before.ok_or_else(unknown)?))
    }

    pub(super) async fn create_team(
        &self,
        company: &Company,
        name: &str,
        is_private: bool,
    ) -> Result<OperatorReply, OperatorError> {
        let privacy = if is_private { Privacy::Private } else { Privacy::Open };
        let command = CreateTeam { name: field("name", TeamName::parse(name))?, privacy };
        let answered = self.ask(company, Command::CreateTeam(command)).await?;
        let id = answered.events.iter().find_map(|event| match event {
            Event::TeamCreated(event) => Some(event.team),
            _ => None,
        });
        let made = id.and_then(|id| answered.company.teams.get(&id));
        Ok(OperatorReply::Team((&**made.expect("a create that succeeds makes a team")).into()))
    }

    pub(super) async fn rename_team(
        &self,
        company: &Company,
        team: &str,
        name: &str,
    ) -> Result<OperatorReply, OperatorError> {
        let team = TeamRef::parse(team);
        let command = RenameTeam { team: team.clone(), name: field("name", TeamName::parse(name))? };
        let answered = self.ask(company, Command::RenameTeam(command)).await?;
        Ok(OperatorReply::Team(require_team(&answered.company, &team)?.into()))
    }

    pub(super) async fn delete_team(
        &self,
        company: &Company,
        team: &str,
    ) -> Result<OperatorReply, OperatorError> {
        let team = TeamRef::parse(team);
        let before = TeamDetails::from(require_team(company, &team)?);
        self.ask(company, Command::DeleteTeam(DeleteTeam { team })).await?;
        Ok(OperatorReply::Team(before))
    }

    pub(super) async fn set_sso(
        &self,
        company: &Company,
        metadata: &str,
    ) -> Result<OperatorReply, OperatorError> {
        let metadata = field("metadata", SsoMetadata::parse(metadata))?;
        let answered = self.ask(company, Command::SetSso(metadata)).await?;
        Ok(OperatorReply::Sso(SsoDetails::from(&*answered.company)))
    }

    pub(super) async fn clear_sso(&self, company: &Company) -> Result<OperatorReply, OperatorError> {
        let answered = self.ask(company, Command::ClearSso).await?;
        Ok(OperatorReply::Sso(SsoDetails::from(&*answered.company)))
    }

    pub(super) async fn reactivate(
        &self,
        company: &Company,
        given: &str,
    ) -> Result<OperatorReply, OperatorError> {
        let teammate = TeammateRef::parse(given);
        let command = ReactivateTeammate { teammate: teammate.clone() };
        let company = self.ask(company, Command::ReactivateTeammate(command)).await?.company;
        let unknown = || Refusal::UnknownTeammates { given: vec![given.into()] };
        let teammate = company.find_teammate(&teammate).ok_or_else(unknown)?;
        let details = TeammateDetails::of(&company, teammate, self.engine.now());
        Ok(OperatorReply::Teammate(Box::new(details)))
    }
}
