//! What operators do to a company's webhooks. What is stored is read from the journal and changed there, whether a server
//! runs or not; what must be sent at once needs one.

use super::reply::{OperatorError, OperatorReply};
use super::request::{DeliveriesWish, WebhookRequest, WebhookWish};
use super::webhook_reply::{
    DeliveryDetails, HealthDetails, NewWebhook, PingDetails, Sending, WebhookDetails, status_of,
};
use super::{Operator, fault, field, moment_of};
use std::sync::Arc;
use std::time::Duration;
use tenure_delivery::webhook::Webhooks;
use tenure_delivery::webhook::request::secret_of;
use tenure_directory::text::{Note, repeated};
use tenure_directory::webhook::{
    CreateWebhook, DeleteWebhook, Format, Pattern, RequestValidation, RotateWebhookSecret, SecretSalt,
    UpdateWebhook, Validation, ValidationPolicy, Webhook,
};
use tenure_directory::webhook_url::WebhookUrl;
use tenure_directory::{Command, Company, CompanyId, DeliveryId, Event, WebhookId};
use tenure_journal::{Again, Attempt, Delivery, DeliveryPage, Endpoint, Stream};
use tokio::time::Instant;

/// How long an answer waits for the endpoint to be validated: a little more than the endpoint has.
const VALIDATED_WITHIN: Duration = Duration::from_secs(11);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(20);
/// The most deliveries that are listed at a time.
const MOST_LISTED: u16 = 1000;

fn endpoint(company: &Company, webhook: &Webhook) -> Endpoint {
    Endpoint { stream: Stream(company.id.number()), number: webhook.id.number() }
}

fn check_enabled(webhook: &Webhook) -> Result<(), OperatorError> {
    if webhook.is_enabled() {
        return Ok(());
    }
    let id = webhook.id;
    let message = format!("webhook {id} is disabled; enable it first (tenure webhook enable {id})");
    Err(OperatorError::new("webhook.disabled", message))
}

fn shown(webhook: &Webhook) -> OperatorReply {
    OperatorReply::Webhook(Box::new(webhook.into()))
}

impl Operator {
    pub(super) async fn webhook(
        &self,
        company: &Arc<Company>,
        ask: WebhookRequest,
    ) -> Result<OperatorReply, OperatorError> {
        match ask {
            WebhookRequest::Create(wish) => self.create_webhook(company, wish).await,
            WebhookRequest::List => {
                let all = company.webhooks.values().map(|webhook| WebhookDetails::from(&**webhook));
                Ok(OperatorReply::Webhooks(all.collect()))
            }
            WebhookRequest::Show { webhook } => self.show_webhook(company, &webhook).await,
            WebhookRequest::Disable { webhook } => self.set_enabled(company, &webhook, false).await,
            WebhookRequest::Enable { webhook } => self.set_enabled(company, &webhook, true).await,
            WebhookRequest::RotateSecret { webhook } => self.rotate_secret(company, &webhook).await,
            WebhookRequest::Validate { webhook } => self.validate(company, &webhook).await,
            WebhookRequest::Ping { webhook } => self.ping(company, &webhook).await,
            WebhookRequest::Deliveries(wish) => self.deliveries(company, wish).await,
            WebhookRequest::Delivery { webhook, delivery } => {
                let webhook = company.find_webhook(&webhook)?;
                let (found, attempts) = self.find_delivery(company, webhook, &delivery).await?;
                let details = DeliveryDetails::of(company.id, webhook.id, &found, Some(attempts));
                Ok(OperatorReply::Delivery(details))
            }
            WebhookRequest::Replay { webhook, delivery } => {
                let webhook = company.find_webhook(&webhook)?;
                let (found, _) = self.find_delivery(company, webhook, &delivery).await?;
                self.send_again(company, webhook, Again::One { sequence: found.sequence }).await
            }
            WebhookRequest::Recover { webhook, since } => {
                let webhook = company.find_webhook(&webhook)?;
                let time_ms = moment_of("since", &since)?.as_ms();
                self.send_again(company, webhook, Again::FailedSince { time_ms }).await
            }
            WebhookRequest::ReplayMissing { webhook, since } => {
                self.replay_missing(company, &webhook, &since).await
            }
            WebhookRequest::Delete { webhook } => self.delete_webhook(company, &webhook).await,
        }
    }

    async fn create_webhook(
        &self,
        company: &Company,
        wish: WebhookWish,
    ) -> Result<OperatorReply, OperatorError> {
        // Before anything is made whose secret could then not be shown.
        let key = self.engine.journal().key().await?;
        let command = self.wished(wish)?;
        let salt = command.salt;
        let answered = self.ask(company, Command::CreateWebhook(command)).await?;
        let id = answered.events.iter().find_map(|event| match event {
            Event::WebhookCreated(event) => Some(event.webhook),
            _ => None,
        });
        let made = id.and_then(|id| answered.company.webhooks.get(&id));
        let made = made.expect("a create that succeeds makes a webhook");
        let secret = secret_of(&key, company.id, made.id, salt).secret_text();
        let made = self.validated(company.id, made.id).await.unwrap_or_else(|| Arc::clone(made));
        Ok(OperatorReply::NewWebhook(Box::new(NewWebhook { secret, details: (&*made).into() })))
    }

    fn wished(&self, wish: WebhookWish) -> Result<CreateWebhook, OperatorError> {
        let WebhookWish { url, events, format, channel, description, is_enabled, require_validation } = wish;
        let events = events.iter().map(|text| text.parse::<Pattern>());
        let events = events.collect::<Result<Vec<_>, _>>().map_err(|error| fault("events", error))?;
        let format = format.as_deref().map(str::parse::<Format>).transpose();
        let format = format.map_err(|error| fault("format", error))?;
        let description = description.as_deref().map(|text| field("description", Note::parse(text)));
        Ok(CreateWebhook {
            url: self.reachable(&url)?,
            format: format.unwrap_or_default(),
            events,
            channel: channel.map(String::into_boxed_str),
            description: description.transpose()?.unwrap_or_else(Note::empty),
            is_enabled,
            policy: if require_validation { ValidationPolicy::Required } else { ValidationPolicy::Optional },
            salt: SecretSalt::new(self.engine.random()),
        })
    }

    fn reachable(&self, given: &str) -> Result<WebhookUrl, OperatorError> {
        let url = WebhookUrl::parse(given).map_err(|error| fault("url", error))?;
        // Where no server runs nobody knows what it will allow. It judges the URL at every attempt.
        if self.webhooks.is_some() && self.egress.check_url(url.url()).is_err() {
            let right = "may not be reached from here: it must be https to a public host, or in a network that the server \
                         was given with --webhook-allow";
            return Err(fault("url", right));
        }
        Ok(url)
    }

    /// A webhook once it is known whether it is valid, or after it had its time; none for one that is gone. Where no server
    /// runs nobody asks it, and nothing is waited for.
    async fn validated(&self, company: CompanyId, webhook: WebhookId) -> Option<Arc<Webhook>> {
        let within = if self.webhooks.is_some() { VALIDATED_WITHIN } else { Duration::ZERO };
        let until = Instant::now() + within;
        loop {
            let company = self.engine.loaded(company)?;
            let webhook = company.webhooks.get(&webhook)?;
            if webhook.validation != Validation::Pending || Instant::now() >= until {
                return Some(Arc::clone(webhook));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Carries out a command about a webhook, and lets its worker look at what changed.
    async fn change(
        &self,
        company: &Company,
        given: &str,
        command: Command,
    ) -> Result<Arc<Webhook>, OperatorError> {
        let company = self.ask(company, command).await?.company;
        let webhook = company.find_webhook(given)?;
        self.look(&company, webhook);
        Ok(Arc::clone(webhook))
    }

    fn look(&self, company: &Company, webhook: &Webhook) {
        if let Some(webhooks) = &self.webhooks {
            webhooks.look(company, webhook);
        }
    }

    fn running(&self, what: &str) -> Result<&Webhooks, OperatorError> {
        let message =
            format!("{what} needs a running server, and none runs on this data folder; start `tenure serve`");
        self.webhooks.as_ref().ok_or_else(|| OperatorError::new("server.not_running", message))
    }

    async fn show_webhook(&self, company: &Company, given: &str) -> Result<OperatorReply, OperatorError> {
        let webhook = company.find_webhook(given)?;
        let log = self.engine.journal().delivery_log();
        let health = HealthDetails::from(log.endpoint_health(endpoint(company, webhook)).await?);
        let details = WebhookDetails { health: Some(health), ..WebhookDetails::from(&**webhook) };
        Ok(OperatorReply::Webhook(Box::new(details)))
    }

    async fn set_enabled(
        &self,
        company: &Company,
        given: &str,
        is_enabled: bool,
    ) -> Result<OperatorReply, OperatorError> {
        let command = UpdateWebhook { is_enabled: Some(is_enabled), ..UpdateWebhook::of(given) };
        let changed = self.change(company, given, Command::UpdateWebhook(command)).await?;
        Ok(shown(&changed))
    }

    async fn rotate_secret(&self, company: &Company, given: &str) -> Result<OperatorReply, OperatorError> {
        let key = self.engine.journal().key().await?;
        let salt = SecretSalt::new(self.engine.random());
        let command = RotateWebhookSecret { webhook: given.into(), salt };
        let webhook = self.change(company, given, Command::RotateWebhookSecret(command)).await?;
        let secret = secret_of(&key, company.id, webhook.id, salt).secret_text();
        Ok(OperatorReply::NewWebhook(Box::new(NewWebhook { secret, details: (&*webhook).into() })))
    }

    async fn validate(&self, company: &Company, given: &str) -> Result<OperatorReply, OperatorError> {
        let command = Command::RequestValidation(RequestValidation { webhook: given.into() });
        let asked = self.change(company, given, command).await?;
        let now = self.validated(company.id, asked.id).await.unwrap_or(asked);
        Ok(shown(&now))
    }

    async fn ping(&self, company: &Company, given: &str) -> Result<OperatorReply, OperatorError> {
        let webhook = company.find_webhook(given)?;
        let pinged = self.running("a ping")?.ping(company, webhook).await;
        Ok(OperatorReply::Pinged(PingDetails::of(webhook.id, pinged)))
    }

    async fn deliveries(
        &self,
        company: &Company,
        wish: DeliveriesWish,
    ) -> Result<OperatorReply, OperatorError> {
        let DeliveriesWish { webhook, status, limit } = wish;
        let webhook = company.find_webhook(&webhook)?;
        let status = status.map(|name| {
            status_of(&name).ok_or_else(|| fault("status", "must be one of: pending, delivered, failed"))
        });
        let limit = usize::from(limit.min(MOST_LISTED));
        let page = DeliveryPage { before: u64::MAX, status: status.transpose()?, limit };
        let log = self.engine.journal().delivery_log();
        let found = log.deliveries(endpoint(company, webhook), page).await?;
        let details = found.iter().map(|found| DeliveryDetails::of(company.id, webhook.id, found, None));
        Ok(OperatorReply::Deliveries(details.collect()))
    }

    async fn find_delivery(
        &self,
        company: &Company,
        webhook: &Webhook,
        given: &str,
    ) -> Result<(Delivery, Vec<Attempt>), OperatorError> {
        let unknown = || {
            let message = format!("webhook {} has no delivery {}", webhook.id, repeated(given));
            OperatorError::new("delivery.unknown", message)
        };
        let id: DeliveryId = given.parse().map_err(|_| unknown())?;
        let log = self.engine.journal().delivery_log();
        let found = log.delivery(endpoint(company, webhook), id.number()).await?;
        found.ok_or_else(unknown)
    }

    async fn send_again(
        &self,
        company: &Company,
        webhook: &Webhook,
        again: Again,
    ) -> Result<OperatorReply, OperatorError> {
        check_enabled(webhook)?;
        let (now, log) = (self.engine.now().as_ms(), self.engine.journal().delivery_log());
        let deliveries = log.send_again(endpoint(company, webhook), again, now).await?;
        self.look(company, webhook);
        Ok(OperatorReply::Sending(Sending { id: webhook.id.to_string(), deliveries }))
    }

    async fn replay_missing(
        &self,
        company: &Arc<Company>,
        given: &str,
        since: &str,
    ) -> Result<OperatorReply, OperatorError> {
        let webhook = company.find_webhook(given)?;
        let since = moment_of("since", since)?;
        check_enabled(webhook)?;
        let running = self.running("sending what was never sent")?;
        let deliveries = running.send_missing(company, webhook, since).await?;
        Ok(OperatorReply::Sending(Sending { id: webhook.id.to_string(), deliveries }))
    }

    async fn delete_webhook(&self, company: &Company, given: &str) -> Result<OperatorReply, OperatorError> {
        let webhook = company.find_webhook(given)?;
        let command = Command::DeleteWebhook(DeleteWebhook { webhook: given.into() });
        self.ask(company, command).await?;
        self.look(company, webhook);
        Ok(shown(webhook))
    }
}
