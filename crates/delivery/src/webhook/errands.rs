//! What is to be done once for an endpoint: asking it for a challenge, telling an administrator that it was disabled. Each
//! is a task of its own, so that none waits for another's endpoint or mail server.

use crate::mail::WebhookDisabledMail;
use crate::mail_route::MailRoute;
use crate::under_way::UnderWay;
use crate::webhook::Inner;
use crate::webhook::follower::{DISABLED_MAILS, Noted, VALIDATIONS, endpoint, is_to_be_told};
use crate::webhook::schedule::WAITS_MS;
use std::sync::Arc;
use std::time::Duration;
use tenure_directory::webhook::{Enablement, SettleValidation, Validation};
use tenure_directory::{Actor, Command, Company, CompanyId};
use tenure_engine::{Health, WriteError};
use tenure_journal::{Output, Settled, Settlement};

/// How many errands of one kind are under way at once.
const AT_ONCE: usize = 64;
/// How often errands are looked for when nothing new was told.
const IDLE: Duration = Duration::from_secs(5);

/// Where mail about endpoints goes.
pub(crate) struct Mailing {
    pub(crate) route: Arc<MailRoute>,
    pub(crate) public_url: String,
}

/// Has endpoints asked for their challenge, until it is dropped.
pub(crate) async fn validate_all(inner: Arc<Inner>) {
    run(inner, VALIDATIONS, |inner, output| async move { validate(&inner, &output).await }).await;
}

/// Tells administrators of endpoints that were disabled, until it is dropped.
pub(crate) async fn mail_all(inner: Arc<Inner>, mailing: Option<Mailing>) {
    let mailing = Arc::new(mailing);
    run(inner, DISABLED_MAILS, move |inner, output| {
        let mailing = Arc::clone(&mailing);
        async move { tell_admin(&inner, mailing.as_ref().as_ref(), &output).await }
    })
    .await;
}

async fn run<F>(inner: Arc<Inner>, kind: &'static str, errand: impl Fn(Arc<Inner>, Output) -> F)
where
    F: Future<Output = Result<(), String>> + Send + 'static,
{
    let mut under_way = UnderWay::new("an errand about a webhook", AT_ONCE);
    loop {
        if inner.engine.health() == Health::Failed {
            // Nothing can be settled any more, and what is not settled would be done again and again.
            return std::future::pending().await;
        }
        let told = inner.errands.notified();
        let now = inner.engine.now().as_ms();
        match inner.engine.journal().due_outputs(kind, now, under_way.looked_at()).await {
            Ok(due) => {
                for output in due {
                    if under_way.is_full() {
                        break;
                    }
                    let (done, inner) = (errand(Arc::clone(&inner), output.clone()), Arc::clone(&inner));
                    under_way.start(output.key.clone(), async move {
                        settle(&inner, &output, done.await).await;
                    });
                }
            }
            Err(error) => tracing::error!(%error, "errands about webhooks cannot be read; trying again"),
        }
        tokio::select! {
            () = under_way.ended() => {}
            () = told => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }
}

/// Stores what became of an errand, however long that takes: what is done must not be done again only because the disk is
/// full.
async fn settle(inner: &Inner, output: &Output, done: Result<(), String>) {
    let tries = usize::try_from(output.attempts).unwrap_or(usize::MAX);
    let settled = match done {
        Ok(()) => Settled::Done,
        Err(error) => {
            tracing::warn!(key = output.key, error, "an errand about a webhook failed");
            match WAITS_MS.get(tries) {
                Some(wait) => Settled::Again { due_ms: inner.engine.now().as_ms() + wait },
                None => Settled::Done,
            }
        }
    };
    let settlement = Settlement { follower: output.follower.clone(), key: output.key.clone(), settled };
    while let Err(error) = inner.engine.journal().settle(std::slice::from_ref(&settlement)).await {
        inner.engine.heed(&error);
        if inner.engine.health() == Health::Failed {
            return;
        }
        tracing::error!(%error, "an errand about a webhook cannot be settled; trying again");
        tokio::time::sleep(IDLE).await;
    }
}

async fn noted(inner: &Inner, output: &Output) -> Result<Option<(Arc<Company>, Noted)>, String> {
    let noted: Noted = serde_json::from_str(&output.body).map_err(|error| error.to_string())?;
    let company = inner.engine.company(CompanyId::new(output.stream.0)).await;
    Ok(company.map_err(|error| error.to_string())?.map(|company| (company, noted)))
}

async fn validate(inner: &Arc<Inner>, output: &Output) -> Result<(), String> {
    let Some((company, noted)) = noted(inner, output).await? else { return Ok(()) };
    let webhook = company.webhooks.get(&noted.webhook);
    let Some(webhook) = webhook.filter(|webhook| webhook.validation == Validation::Pending) else {
        return Ok(());
    };
    let fault = inner.challenge(&company, webhook).await.err().map(String::into_boxed_str);
    let command = SettleValidation { webhook: webhook.id, url: webhook.url.clone(), fault };
    match inner.engine.tell(company.id, Command::SettleValidation(command), Actor::Webhooks).await {
        Ok(()) | Err(WriteError::Refused(_)) => {
            inner.wake(endpoint(&company, noted.webhook));
            Ok(())
        }
        Err(error) => Err(error.to_string()),
    }
}

async fn tell_admin(inner: &Inner, mailing: Option<&Mailing>, output: &Output) -> Result<(), String> {
    let Some(mailing) = mailing else { return Ok(()) };
    let Some((company, noted)) = noted(inner, output).await? else { return Ok(()) };
    let Some(webhook) = company.webhooks.get(&noted.webhook) else { return Ok(()) };
    let Enablement::Disabled { reason, first_failure, last_answers, .. } = &webhook.enablement else {
        return Ok(());
    };
    let admin = noted.admin.and_then(|admin| company.teammates.get(&admin));
    let Some(admin) = admin.filter(|admin| is_to_be_told(admin)) else { return Ok(()) };
    let mut answers: Vec<_> = last_answers.iter().map(ToString::to_string).collect();
    // The mail tells them as they came.
    answers.reverse();
    let message_id = format!("webhook-disabled.{}.{}.{}.{}", company.id, webhook.id, noted.version, admin.id);
    let mail = WebhookDisabledMail {
        company: company.name.as_str(),
        slug: company.slug.as_str(),
        to: admin,
        url_host: webhook.url.host(),
        webhook: webhook.id.to_string(),
        reason: reason.in_words(),
        first_failure: *first_failure,
        last_answers: &answers,
        public_url: &mailing.public_url,
        message_id: &message_id,
        sent_at: inner.engine.now(),
    };
    let mail = mail.finish(mailing.route.sender()).map_err(|error| error.to_string())?;
    let name = format!("{}-{}-{}-disabled-{}", company.id, admin.id, webhook.id, noted.version);
    mailing.route.deliver(&name, mail).await?;
    mailing.route.sync().await
}
