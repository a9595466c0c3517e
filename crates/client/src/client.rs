//! The client: what can be asked of the API.

use crate::conversation::{Conversation, ConversationId};
use crate::error::{Error, SetupError};
use crate::limiter::{Limiter, Standing};
use crate::me::Me;
use crate::page::Page;
use crate::server_url::ServerUrl;
use crate::team::{Team, TeamId, TeamWithMembers};
use crate::teammate::{CustomField, Invitation, NewTeammate, Teammate, TeammateChanges, TeammateId};
use crate::token::Token;
use crate::transport::{Answer, Call, Kind, Transport};
use futures_util::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use rustls::pki_types::CertificateDer;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// What stands for itself in a part of a path.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The largest page that the API gives.
const PAGE: usize = 100;
/// A list that does not end after so many pages is not believed.
const PAGES_AT_MOST: usize = 100_000;

/// How a client is set up.
pub struct ClientOptions {
    /// The base URL.
    pub url: ServerUrl,
    /// The token.
    pub token: Token,
    /// Certificates of authorities that are trusted beside the system's.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// How long one answer may take.
    pub answer_within: Duration,
    /// How long a request and its repetitions may take, without the time that the limit makes them wait.
    pub deadline: Duration,
    /// The limiter; one for all who use the same token.
    pub limiter: Arc<Limiter>,
}

impl ClientOptions {
    /// The usual set-up, with a limiter of its own.
    pub fn new(url: ServerUrl, token: Token) -> Self {
        Self {
            url,
            token,
            extra_roots: vec![],
            answer_within: Duration::from_secs(30),
            deadline: Duration::from_mins(5),
            limiter: Arc::new(Limiter::new()),
        }
    }
}

/// A client of the REST API. Clones share everything.
#[derive(Clone)]
pub struct Client {
    transport: Arc<Transport>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.transport.base().to_string()).finish_non_exhaustive()
    }
}

/// A text as a part of a path.
pub(crate) fn part(text: &str) -> String {
    utf8_percent_encode(text, PATH).to_string()
}

impl Client {
    /// A client with its own connections.
    pub fn new(options: ClientOptions) -> Result<Self, SetupError> {
        Ok(Self { transport: Arc::new(Transport::new(options)?) })
    }

    /// Where the server is.
    pub fn url(&self) -> &ServerUrl {
        self.transport.base()
    }

    /// Where the token stands within its limit, as far as the last answers tell.
    pub fn standing(&self) -> Standing {
        self.transport.limiter().standing()
    }

    /// `GET /me`: the company, and on Tenure the token's kind and scopes.
    pub async fn me(&self) -> Result<Me, Error> {
        self.get("/me").await?.json()
    }

    /// `GET /teammates`: all of them, the blocked ones too, page after page.
    pub fn teammates(&self) -> impl Stream<Item = Result<Teammate, Error>> + '_ {
        self.list(&format!("/teammates?limit={PAGE}"))
    }

    /// `GET /teammates/custom_fields`.
    pub async fn custom_fields(&self) -> Result<Vec<CustomField>, Error> {
        self.list("/teammates/custom_fields").try_collect().await
    }

    /// `GET /teammates/{id}`; none where there is no such teammate.
    pub async fn teammate(&self, id: &TeammateId) -> Result<Option<Teammate>, Error> {
        self.found(&format!("/teammates/{}", part(&id.0))).await
    }

    /// `GET /teammates/alt:email:ADDRESS`; none where nobody has the address.
    pub async fn teammate_by_email(&self, email: &str) -> Result<Option<Teammate>, Error> {
        self.found(&format!("/teammates/alt:email:{}", part(email))).await
    }

    /// `POST /teammates`. The server sends an invitation. `key` is an `Idempotency-Key`, for servers that know it.
    ///
    /// ```no_run
    /// # async fn example(client: tenure_client::Client) -> Result<(), tenure_client::Error> {
    /// let new = tenure_client::NewTeammate { email: "nia@example.com".to_owned(), ..Default::default() };
    /// match client.create_teammate(&new, None).await {
    ///     Ok(teammate) => println!("{} was invited", teammate.id),
    ///     // The answer was lost: look before anything is repeated.
    ///     Err(error) if error.is_ambiguous() => match client.teammate_by_email(&new.email).await? {
    ///         Some(teammate) => println!("{} was invited all the same", teammate.id),
    ///         None => println!("nobody was invited"),
    ///     },
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_teammate(&self, new: &NewTeammate, key: Option<&str>) -> Result<Teammate, Error> {
        let body = value_of(new);
        self.write(Method::POST, "/teammates", Some(body), key).await?.json()
    }

    /// `PATCH /teammates/{id}`. Answers with nothing: read back.
    pub async fn update_teammate(&self, id: &TeammateId, changes: &TeammateChanges) -> Result<(), Error> {
        let path = format!("/teammates/{}", part(&id.0));
        self.write(Method::PATCH, &path, Some(value_of(changes)), None).await.map(drop)
    }

    /// `DELETE /teammates/{id}`: deactivates. It cannot be undone over the API. Answers with nothing: read back.
    pub async fn block_teammate(&self, id: &TeammateId) -> Result<(), Error> {
        let path = format!("/teammates/{}", part(&id.0));
        self.write(Method::DELETE, &path, None, None).await.map(drop)
    }

    /// `GET /teams`.
    pub async fn teams(&self) -> Result<Vec<Team>, Error> {
        self.list("/teams").try_collect().await
    }

    /// `GET /teams/{id}/teammates`, or where a server does not have that, the members in `GET /teams/{id}`. None where there
    /// is no such team.
    pub async fn team_members(&self, id: &TeamId) -> Result<Option<Vec<Teammate>>, Error> {
        let path = format!("/teams/{}/teammates?limit={PAGE}", part(&id.0));
        match self.list(&path).try_collect().await {
            Ok(members) => Ok(Some(members)),
            Err(error) if matches!(error.status(), Some(404 | 405)) => {
                let team: Option<TeamWithMembers> = self.found(&format!("/teams/{}", part(&id.0))).await?;
                Ok(team.map(|team| team.members))
            }
            Err(error) => Err(error),
        }
    }

    /// `POST /teams/{id}/teammates`: puts teammates into a team. Answers with nothing: read back.
    pub async fn add_to_team(&self, id: &TeamId, teammates: &[TeammateId]) -> Result<(), Error> {
        self.change_team(Method::POST, id, teammates).await
    }

    /// `DELETE /teams/{id}/teammates`: takes teammates out of a team. Answers with nothing: read back.
    pub async fn remove_from_team(&self, id: &TeamId, teammates: &[TeammateId]) -> Result<(), Error> {
        self.change_team(Method::DELETE, id, teammates).await
    }

    async fn change_team(&self, method: Method, id: &TeamId, teammates: &[TeammateId]) -> Result<(), Error> {
        let path = format!("/teams/{}/teammates", part(&id.0));
        let body = json!({ "teammate_ids": teammates });
        self.write(method, &path, Some(body), None).await.map(drop)
    }

    /// The open conversations that are assigned to a teammate.
    pub async fn open_conversations(&self, of: &TeammateId) -> Result<Vec<Conversation>, Error> {
        let path = format!(
            "/teammates/{}/conversations?q%5Bstatuses%5D%5B%5D=assigned&q%5Bstatuses%5D%5B%5D=unassigned&limit={PAGE}",
            part(&of.0)
        );
        let all: Vec<Conversation> = self.list(&path).try_collect().await?;
        Ok(all.into_iter().filter(Conversation::is_open).collect())
    }

    /// All conversations that are assigned and open.
    pub async fn assigned_conversations(&self) -> Result<Vec<Conversation>, Error> {
        let path = format!("/conversations?q%5Bstatuses%5D%5B%5D=assigned&limit={PAGE}");
        let all: Vec<Conversation> = self.list(&path).try_collect().await?;
        Ok(all.into_iter().filter(Conversation::is_open).collect())
    }

    /// `GET /teammates/{id}/invitation`; none on servers that do not tell.
    pub async fn invitation(&self, of: &TeammateId) -> Result<Option<Invitation>, Error> {
        self.found(&format!("/teammates/{}/invitation", part(&of.0))).await
    }

    /// `GET /conversations/{id}`.
    pub async fn conversation(&self, id: &ConversationId) -> Result<Option<Conversation>, Error> {
        self.found(&format!("/conversations/{}", part(&id.0))).await
    }

    /// `PUT /conversations/{id}/assignee`: assigns a conversation to a teammate, or to nobody.
    pub async fn assign(&self, id: &ConversationId, to: Option<&TeammateId>) -> Result<(), Error> {
        let path = format!("/conversations/{}/assignee", part(&id.0));
        self.write(Method::PUT, &path, Some(json!({ "assignee_id": to })), None).await.map(drop)
    }

    /// `OPTIONS` of a path: which methods the server has there, as far as it tells. Changes nothing.
    pub async fn methods_of(&self, path: &str) -> Result<Option<Vec<String>>, Error> {
        let url = self.transport.base().join(path);
        let answer = match self.transport.send(read(Method::OPTIONS, url)).await {
            Ok(answer) => answer,
            Err(error) if matches!(error.status(), Some(400..=405 | 500..=599)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let allow = answer.headers.get("allow").and_then(|allow| allow.to_str().ok());
        Ok(allow.map(|allow| allow.split(',').map(|method| method.trim().to_uppercase()).collect()))
    }

    async fn get(&self, path: &str) -> Result<Answer, Error> {
        self.transport.send(read(Method::GET, self.transport.base().join(path))).await
    }

    async fn found<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Error> {
        match self.get(path).await {
            Ok(answer) => answer.json().map(Some),
            Err(error) if error.status() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn write(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        key: Option<&str>,
    ) -> Result<Answer, Error> {
        let call = Call {
            method,
            url: self.transport.base().join(path),
            kind: Kind::Write,
            body,
            content_type: "application/json",
            idempotency_key: key.map(str::to_owned),
        };
        self.transport.send(call).await
    }

    /// A list, page after page, as long as the next one is of the same origin.
    fn list<T: DeserializeOwned>(&self, path: &str) -> impl Stream<Item = Result<T, Error>> + use<'_, T> {
        let first = Some(self.transport.base().join(path));
        let pages = stream::try_unfold((first, HashSet::new()), move |(next, mut seen)| async move {
            let Some(url): Option<Url> = next else { return Ok(None) };
            let answer = self.transport.send(read(Method::GET, url.clone())).await?;
            let page: Page<T> = answer.json()?;
            let next =
                page.next().map(|given| self.next_page(&url, given, &answer, &mut seen)).transpose()?;
            Ok::<_, Error>(Some((page.results, (next, seen))))
        });
        pages.map_ok(|results| stream::iter(results).map(Ok)).try_flatten()
    }

    /// Where the next page is: at the server that was asked, whatever name it gives itself. The token goes nowhere else.
    fn next_page(
        &self,
        asked: &Url,
        given: &str,
        answer: &Answer,
        seen: &mut HashSet<String>,
    ) -> Result<Url, Error> {
        let request = answer.request.clone();
        let same = self.transport.base().same_origin(given);
        let Some(url) = same.or_else(|| ServerUrl::by_page_token(asked, given)) else {
            return Err(Error::Elsewhere { request, next: given.chars().take(200).collect() });
        };
        if seen.len() >= PAGES_AT_MOST || !seen.insert(url.to_string()) {
            return Err(Error::Unreadable { request, why: "its pages go in a circle".to_owned() });
        }
        Ok(url)
    }
}

fn read(method: Method, url: Url) -> Call {
    Call { method, url, kind: Kind::Read, body: None, content_type: "", idempotency_key: None }
}

fn value_of(of: &impl Serialize) -> Value {
    serde_json::to_value(of).expect("what is sent has a JSON form")
}
