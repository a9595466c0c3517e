//! The follower that decides which endpoint is told of which event, and stores what is to be sent together with its
//! checkpoint. What is stored is sent as it stands, however often and however late.

use crate::webhook::request::form;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tenure_directory::teammate::{Role, Standing, Teammate};
use tenure_directory::webhook::{Format, Webhook};
use tenure_directory::{ChannelId, Company, ConversationId, Event, Recorded, TeammateId, WebhookId, Word};
use tenure_engine::{Engine, Enqueuer, Produced, ReadError};
use tenure_journal::{Answer, Endpoint, NewDelivery, Output, Stream};

/// The name under which the follower's checkpoint is stored.
pub const WEBHOOK_FOLLOWER: &str = "webhooks";
/// The name under which endpoints are noted that are to be validated.
pub(crate) const VALIDATIONS: &str = "webhook-validation";
/// The name under which endpoints are noted of whose end administrators are to be told.
pub(crate) const DISABLED_MAILS: &str = "webhook-disabled";

/// What is told of an event.
pub struct Told<'a> {
    /// The company as it is now.
    pub published: &'a Company,
    /// The company with what the event is about as it was right after it.
    pub scene: &'a Company,
    /// The event.
    pub recorded: &'a Recorded,
    /// What the receiver expects.
    pub format: Format,
}

/// How an event is told as JSON; comes from whoever tells events over other ways too.
pub trait Represent: Send + Sync + 'static {
    /// The JSON object; none for what others are not told.
    fn represent(&self, told: &Told<'_>) -> Option<String>;
}

/// What is to be done about an endpoint, once for the event that noted it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Noted {
    pub(crate) webhook: WebhookId,
    pub(crate) version: u64,
    /// Who is to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) admin: Option<TeammateId>,
}

impl Noted {
    fn output(self, follower: &str, company: &Company, due_ms: i64) -> Output {
        let whom = self.admin.map(|admin| format!("/{admin}")).unwrap_or_default();
        Output {
            follower: follower.to_owned(),
            key: format!("{}/{}/{}{whom}", company.id, self.webhook, self.version),
            stream: Stream(company.id.number()),
            due_ms,
            attempts: 0,
            body: serde_json::to_string(&self).expect("ids and a number have a JSON form"),
        }
    }
}

/// Whether a teammate is told of what becomes of endpoints.
pub(crate) fn is_to_be_told(teammate: &Teammate) -> bool {
    teammate.role == Role::Admin && teammate.standing == Standing::Active
}

pub(crate) struct WebhookFollower {
    engine: Engine,
    represent: Arc<dyn Represent>,
}

impl WebhookFollower {
    pub(crate) fn new(engine: Engine, represent: Arc<dyn Represent>) -> Self {
        Self { engine, represent }
    }

    async fn go_over(&self, company: Arc<Company>, events: &[Recorded]) -> Result<Produced, ReadError> {
        let mut produced = Produced::default();
        let mut scenes = self.engine.scenes(Arc::clone(&company));
        for recorded in events {
            self.heed(&company, recorded, &mut produced).await?;
            let Some(word) = recorded.event.word() else { continue };
            let channel = channel_of(&company, &recorded.event);
            let mut wanting = Vec::new();
            for webhook in company.webhooks.values().filter(|webhook| webhook.is_enabled()) {
                // As it was then: what it wants may have changed since.
                let then = scenes.webhook(webhook, recorded.version).await?;
                wanting.extend(then.filter(|then| then.wants(word, recorded.version, channel)));
            }
            if wanting.is_empty() {
                continue;
            }
            let scene = scenes.of(recorded).await?;
            let now_ms = self.engine.now().as_ms();
            for webhook in wanting {
                let told = delivery(&*self.represent, &company, &scene, recorded, word, &webhook);
                // A clock that once was ahead must not hold anything back.
                let not_later = |new: NewDelivery| NewDelivery { time_ms: new.time_ms.min(now_ms), ..new };
                produced.deliveries.extend(told.map(not_later));
            }
        }
        Ok(produced)
    }

    /// What happened to endpoints themselves.
    async fn heed(
        &self,
        company: &Company,
        recorded: &Recorded,
        produced: &mut Produced,
    ) -> Result<(), ReadError> {
        let log = self.engine.journal().delivery_log();
        let now_ms = self.engine.now().as_ms();
        let mut note = |follower: &str, webhook: WebhookId, admin: Option<TeammateId>| {
            let noted = Noted { webhook, version: recorded.version.number(), admin };
            produced.outputs.push(noted.output(follower, company, recorded.time.as_ms().min(now_ms)));
        };
        match &recorded.event {
            Event::WebhookCreated(event) => note(VALIDATIONS, event.webhook, None),
            Event::WebhookValidationRequested(event) => note(VALIDATIONS, event.webhook, None),
            Event::WebhookUpdated(event) if event.url.is_some() => note(VALIDATIONS, event.webhook, None),
            Event::WebhookDisabled(event) => {
                for admin in company.teammates.values().filter(|found| is_to_be_told(found)) {
                    note(DISABLED_MAILS, event.webhook, Some(admin.id));
                }
            }
            Event::WebhookDeleted(event) => log.forget_endpoint(endpoint(company, event.webhook)).await?,
            _ => {}
        }
        Ok(())
    }
}

/// The endpoint as the journal knows it.
pub(crate) fn endpoint(company: &Company, webhook: WebhookId) -> Endpoint {
    Endpoint { stream: Stream(company.id.number()), number: webhook.number() }
}

/// The channel of the conversation that an event is about.
pub(crate) fn channel_of(company: &Company, event: &Event) -> Option<ChannelId> {
    let conversation: ConversationId = event.subjects().first()?.parse().ok()?;
    company.conversations.get(&conversation).map(|found| found.channel)
}

/// What is to be sent to an endpoint about an event.
pub(crate) fn delivery(
    represent: &dyn Represent,
    published: &Company,
    scene: &Company,
    recorded: &Recorded,
    word: Word,
    webhook: &Webhook,
) -> Option<NewDelivery> {
    let body = represent.represent(&Told { published, scene, recorded, format: webhook.format })?;
    Some(NewDelivery {
        endpoint: endpoint(published, webhook.id),
        event: tenure_journal::Version(recorded.version.number()),
        lane: recorded.event.subjects().into_iter().next().unwrap_or_default(),
        form: form(webhook.format, word.of_applications()),
        body,
        time_ms: recorded.time.as_ms(),
    })
}

impl Enqueuer for WebhookFollower {
    fn name(&self) -> &'static str {
        WEBHOOK_FOLLOWER
    }

    /// Endpoints that were deleted are to be heard of too.
    fn is_interested(&self, company: &Company) -> bool {
        company.ever_had_webhooks()
    }

    fn produce<'a>(
        &'a self,
        company: Arc<Company>,
        events: &'a [Recorded],
    ) -> Answer<'a, Result<Produced, ReadError>> {
        Box::pin(self.go_over(company, events))
    }
}
