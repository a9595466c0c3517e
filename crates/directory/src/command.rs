//! All commands of a company, gathered. Each is defined beside the rule that decides it.

use crate::conversation::{ReceiveMessage, SendMessage, UpdateConversation};
use crate::custom_field::{CreateCustomField, DeleteCustomField};
use crate::inbox::{CreateChannel, CreateInbox};
use crate::invitation::{AcceptInvitation, ReleaseInvitation, RequestInvitation, SendInvitation};
use crate::provisioning::{DeprovisionTeammate, ProvisionTeam, ProvisionTeammate, UpdateTeam};
use crate::settings::Setting;
use crate::team::{AddToTeam, CreateTeam, DeleteTeam, RemoveFromTeam, RenameTeam};
use crate::teammate::Standing;
use crate::teammate::{BlockTeammate, CreateTeammate, ReactivateTeammate, UpdateTeammate};
use crate::text::SsoMetadata;
use crate::token::{CreateToken, RevokeToken};
use crate::webhook::{
    CreateWebhook, DeleteWebhook, DisableWebhook, RequestValidation, RotateWebhookSecret, SettleValidation,
    UpdateWebhook,
};

/// Something that is asked of a company.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each variant carries the command that documents it")]
pub enum Command {
    ChangeSettings(Vec<Setting>),
    SetSso(SsoMetadata),
    ClearSso,
    CreateTeammate(CreateTeammate),
    UpdateTeammate(UpdateTeammate),
    BlockTeammate(BlockTeammate),
    ReactivateTeammate(ReactivateTeammate),
    ProvisionTeammate(Box<ProvisionTeammate>),
    DeprovisionTeammate(DeprovisionTeammate),
    RequestInvitation(RequestInvitation),
    ReleaseInvitation(ReleaseInvitation),
    SendInvitation(SendInvitation),
    AcceptInvitation(AcceptInvitation),
    CreateTeam(CreateTeam),
    RenameTeam(RenameTeam),
    DeleteTeam(DeleteTeam),
    AddToTeam(AddToTeam),
    RemoveFromTeam(RemoveFromTeam),
    ProvisionTeam(ProvisionTeam),
    UpdateTeam(UpdateTeam),
    CreateCustomField(CreateCustomField),
    DeleteCustomField(DeleteCustomField),
    CreateToken(CreateToken),
    RevokeToken(RevokeToken),
    CreateInbox(CreateInbox),
    CreateChannel(CreateChannel),
    ReceiveMessage(ReceiveMessage),
    SendMessage(SendMessage),
    UpdateConversation(UpdateConversation),
    CreateWebhook(CreateWebhook),
    UpdateWebhook(UpdateWebhook),
    DeleteWebhook(DeleteWebhook),
    RotateWebhookSecret(RotateWebhookSecret),
    RequestValidation(RequestValidation),
    SettleValidation(SettleValidation),
    DisableWebhook(DisableWebhook),
}

/// How long a command may wait for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// It takes its turn.
    Normal,
    /// It ends somebody's access, which an overload must never delay.
    EndsAccess,
}

impl Command {
    /// How long the command may wait for others.
    pub const fn urgency(&self) -> Urgency {
        match self {
            Command::BlockTeammate(_)
            | Command::DeprovisionTeammate(_)
            | Command::RevokeToken(_)
            | Command::UpdateTeammate(UpdateTeammate { standing: Some(Standing::Blocked), .. }) => {
                Urgency::EndsAccess
            }
            Command::ChangeSettings(_)
            | Command::SetSso(_)
            | Command::ClearSso
            | Command::CreateTeammate(_)
            | Command::UpdateTeammate(_)
            | Command::ReactivateTeammate(_)
            | Command::ProvisionTeammate(_)
            | Command::RequestInvitation(_)
            | Command::ReleaseInvitation(_)
            | Command::SendInvitation(_)
            | Command::AcceptInvitation(_)
            | Command::CreateTeam(_)
            | Command::RenameTeam(_)
            | Command::DeleteTeam(_)
            | Command::AddToTeam(_)
            | Command::RemoveFromTeam(_)
            | Command::ProvisionTeam(_)
            | Command::UpdateTeam(_)
            | Command::CreateCustomField(_)
            | Command::DeleteCustomField(_)
            | Command::CreateToken(_)
            | Command::CreateInbox(_)
            | Command::CreateChannel(_)
            | Command::ReceiveMessage(_)
            | Command::SendMessage(_)
            | Command::UpdateConversation(_)
            | Command::CreateWebhook(_)
            | Command::UpdateWebhook(_)
            | Command::DeleteWebhook(_)
            | Command::RotateWebhookSecret(_)
            | Command::RequestValidation(_)
            | Command::SettleValidation(_)
            | Command::DisableWebhook(_) => Urgency::Normal,
        }
    }
}
