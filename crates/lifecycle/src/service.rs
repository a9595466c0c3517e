//! The service that plans are made for: what is asked of it, and the real thing behind the network.

use crate::directory::{Capabilities, Directory, Target, TeamState, Via};
use crate::planner::OpenConversations;
use futures_util::TryStreamExt as _;
use std::collections::BTreeMap;
use tenure_client::{
    Client, ConversationId, Error, NewTeammate, Refused, RequestLine, ScimClient, ScimName, TeamId, Teammate,
    TeammateChanges, TeammateId,
};

/// What applying a plan asks of a service. The tests put a model of one here.
pub trait Service: Sync {
    /// A teammate, by its id.
    fn teammate(&self, id: &TeammateId) -> impl Future<Output = Result<Option<Teammate>, Error>> + Send;
    /// A teammate, by its address.
    fn teammate_by_email(&self, email: &str) -> impl Future<Output = Result<Option<Teammate>, Error>> + Send;
    /// All teammates.
    fn teammates(&self) -> impl Future<Output = Result<Vec<Teammate>, Error>> + Send;
    /// Who is in a team; none where there is no such team.
    fn members(
        &self,
        team: &TeamId,
    ) -> impl Future<Output = Result<Option<BTreeMap<TeammateId, String>>, Error>> + Send;
    /// The open conversations of a teammate.
    fn open_conversations(
        &self,
        of: &TeammateId,
    ) -> impl Future<Output = Result<Vec<ConversationId>, Error>> + Send;
    /// Creates a teammate; its id, where the answer tells the one that REST knows it by.
    fn create(
        &self,
        via: Via,
        new: &NewTeammate,
        key: &str,
    ) -> impl Future<Output = Result<Option<TeammateId>, Error>> + Send;
    /// Changes a teammate.
    fn update(
        &self,
        id: &TeammateId,
        changes: &TeammateChanges,
    ) -> impl Future<Output = Result<(), Error>> + Send;
    /// Deactivates a teammate.
    fn deactivate(
        &self,
        via: Via,
        id: &TeammateId,
        email: &str,
    ) -> impl Future<Output = Result<(), Error>> + Send;
    /// Puts teammates into a team.
    fn add(&self, team: &TeamId, ids: &[TeammateId]) -> impl Future<Output = Result<(), Error>> + Send;
    /// Takes teammates out of a team.
    fn remove(&self, team: &TeamId, ids: &[TeammateId]) -> impl Future<Output = Result<(), Error>> + Send;
    /// Assigns a conversation.
    fn assign(
        &self,
        conversation: &ConversationId,
        to: Option<&TeammateId>,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// A service over the network.
#[derive(Debug, Clone)]
pub struct Live {
    /// Its REST side.
    pub client: Client,
    /// Its SCIM side, where one is given.
    pub scim: Option<ScimClient>,
}

/// What a server answers where it does not offer something.
fn is_absent(error: &Error) -> bool {
    matches!(error.status(), Some(403 | 404 | 405 | 501))
}

impl Live {
    /// Reads everything that plans are made from. Nothing is changed.
    pub async fn directory(&self) -> Result<Directory, Error> {
        let client = &self.client;
        let me = client.me().await?;
        let teammates: Vec<Teammate> = client.teammates().try_collect().await?;
        let mut teams = Vec::new();
        for team in client.teams().await? {
            let members = self.members(&team.id).await?.unwrap_or_default().into_keys().collect();
            teams.push(TeamState { id: team.id, name: team.name, members });
        }
        let custom_fields = match client.custom_fields().await {
            Ok(fields) => fields,
            Err(error) if is_absent(&error) => vec![],
            Err(error) => return Err(error),
        };
        let capabilities = self.capabilities(teammates.first(), me.token.is_some()).await?;
        let limit = client.standing().limit;
        Ok(Directory {
            target: Target { url: client.url().to_string(), company_id: me.id, company: me.name },
            teammates,
            teams,
            custom_fields,
            own_teammate: me.token.and_then(|token| token.teammate_id),
            capabilities,
            rate_limit: limit.filter(|limit| *limit < 1_000_000),
        })
    }

    /// What the server takes, found out without changing anything. Where it does not tell: Tenure takes everything; of others
    /// the published document has no `POST`, so SCIM is used where it is given; else the documented API is assumed.
    pub async fn capabilities(
        &self,
        anybody: Option<&Teammate>,
        is_tenure: bool,
    ) -> Result<Capabilities, Error> {
        let instead = if self.scim.is_some() { Via::Scim } else { Via::Person };
        let has = |methods: Option<Vec<String>>, method: &str| {
            methods.map(|methods| methods.iter().any(|known| known == method))
        };
        let has_create = has(self.client.methods_of("/teammates").await?, "POST");
        let has_delete = match anybody {
            Some(mate) => has(self.client.methods_of(&format!("/teammates/{}", mate.id)).await?, "DELETE"),
            None => has_create,
        };
        let unknown = if !is_tenure && self.scim.is_some() { Via::Scim } else { Via::Rest };
        let via = |has: Option<bool>| match has {
            Some(true) => Via::Rest,
            Some(false) => instead,
            None => unknown,
        };
        Ok(Capabilities {
            create: via(has_create),
            deactivate: via(has_delete),
            // The published PATCH has no roles, and neither has SCIM.
            admin: if has_delete == Some(false) { Via::Person } else { Via::Rest },
            are_told: is_tenure || (has_create.is_some() && has_delete.is_some()),
        })
    }

    /// The open conversations of some teammates, as far as they may be read.
    pub async fn count_open_conversations(
        &self,
        of: &[TeammateId],
    ) -> Result<BTreeMap<TeammateId, OpenConversations>, Error> {
        let mut counts = BTreeMap::new();
        for id in of {
            let count = match self.open_conversations(id).await {
                Ok(open) => OpenConversations::Count(open.len()),
                Err(error) if is_absent(&error) => {
                    let why = error.refused().map(|refused| refused.message.clone()).unwrap_or_default();
                    OpenConversations::Unknown(if why.is_empty() { error.to_string() } else { why })
                }
                Err(error) => return Err(error),
            };
            counts.insert(id.clone(), count);
        }
        Ok(counts)
    }

    fn scim(&self) -> Result<&ScimClient, Error> {
        self.scim.as_ref().ok_or_else(|| Error::NotSent {
            request: RequestLine { method: "SCIM".to_owned(), path: "/Users".to_owned() },
            why: "the plan needs SCIM; give its URL with --scim-url and its token in TENURE_SCIM_TOKEN"
                .to_owned(),
        })
    }
}

impl Service for Live {
    async fn teammate(&self, id: &TeammateId) -> Result<Option<Teammate>, Error> {
        self.client.teammate(id).await
    }

    async fn teammate_by_email(&self, email: &str) -> Result<Option<Teammate>, Error> {
        self.client.teammate_by_email(email).await
    }

    async fn teammates(&self) -> Result<Vec<Teammate>, Error> {
        self.client.teammates().try_collect().await
    }

    async fn members(&self, team: &TeamId) -> Result<Option<BTreeMap<TeammateId, String>>, Error> {
        let members = self.client.team_members(team).await?;
        Ok(members.map(|members| members.into_iter().map(|mate| (mate.id, mate.email)).collect()))
    }

    async fn open_conversations(&self, of: &TeammateId) -> Result<Vec<ConversationId>, Error> {
        let open = self.client.open_conversations(of).await?;
        Ok(open.into_iter().map(|conversation| conversation.id).collect())
    }

    async fn create(&self, via: Via, new: &NewTeammate, key: &str) -> Result<Option<TeammateId>, Error> {
        if via == Via::Scim {
            let name = ScimName { given_name: new.first_name.clone(), family_name: new.last_name.clone() };
            return self.scim()?.create_user(&new.email, &name).await.map(|_| None);
        }
        self.client.create_teammate(new, Some(key)).await.map(|mate| Some(mate.id))
    }

    async fn update(&self, id: &TeammateId, changes: &TeammateChanges) -> Result<(), Error> {
        self.client.update_teammate(id, changes).await
    }

    async fn deactivate(&self, via: Via, id: &TeammateId, email: &str) -> Result<(), Error> {
        if via == Via::Rest {
            return self.client.block_teammate(id).await;
        }
        let scim = self.scim()?;
        let Some(user) = scim.user_by_name(email).await? else {
            return Err(Error::Refused(Box::new(Refused {
                request: RequestLine { method: "GET".to_owned(), path: "/Users".to_owned() },
                status: 404,
                title: String::new(),
                message: format!("SCIM knows no User named {email}; deactivate {id} in the product"),
                details: vec![],
                code: None,
                request_id: None,
            })));
        };
        scim.deactivate_user(&user.id).await
    }

    async fn add(&self, team: &TeamId, ids: &[TeammateId]) -> Result<(), Error> {
        self.client.add_to_team(team, ids).await
    }

    async fn remove(&self, team: &TeamId, ids: &[TeammateId]) -> Result<(), Error> {
        self.client.remove_from_team(team, ids).await
    }

    async fn assign(&self, conversation: &ConversationId, to: Option<&TeammateId>) -> Result<(), Error> {
        self.client.assign(conversation, to).await
    }
}
