//! `tenure webhook`.

use crate::cli::{CreateWebhook, Global, Webhook, Which, WhichWebhook};
use crate::failure::Failure;
use crate::operate::ask_company;
use crate::print;
use tenure_server::operator::{
    CompanyRequest, DeliveriesWish, OperatorReply, PingDetails, WebhookRequest, WebhookWish,
};

pub(crate) fn run(global: &Global, command: Webhook) -> Result<(), Failure> {
    let (which, ask, done) = asked(command);
    let reply = ask_company(global, which, CompanyRequest::Webhook(ask))?;
    print::reply(global.output, &reply, done)?;
    match &reply {
        OperatorReply::Pinged(PingDetails { id, delivered: false, .. }) => {
            Err(Failure::new(format!("the endpoint of webhook {id} did not take the ping")))
        }
        _ => Ok(()),
    }
}

/// Of which company, what, and how it is said when it is done.
type Asked = (Which, WebhookRequest, Option<&'static str>);

fn asked(command: Webhook) -> Asked {
    match command {
        Webhook::Create(create) => created(create),
        Webhook::List { which } => (which, WebhookRequest::List, None),
        Webhook::Show(one) => of(one, None, |webhook| WebhookRequest::Show { webhook }),
        Webhook::Disable(one) => of(one, Some("disabled"), |webhook| WebhookRequest::Disable { webhook }),
        Webhook::Enable(one) => of(one, Some("enabled"), |webhook| WebhookRequest::Enable { webhook }),
        Webhook::RotateSecret(one) => {
            of(one, Some("given a new secret"), |webhook| WebhookRequest::RotateSecret { webhook })
        }
        Webhook::Validate(one) => of(one, None, |webhook| WebhookRequest::Validate { webhook }),
        Webhook::Ping(one) => of(one, None, |webhook| WebhookRequest::Ping { webhook }),
        Webhook::Deliveries { webhook, status, limit } => {
            of(webhook, None, |webhook| WebhookRequest::Deliveries(DeliveriesWish { webhook, status, limit }))
        }
        Webhook::Delivery { webhook, delivery } => {
            of(webhook, None, |webhook| WebhookRequest::Delivery { webhook, delivery })
        }
        Webhook::Replay { webhook, delivery } => {
            of(webhook, Some("sent again"), |webhook| WebhookRequest::Replay { webhook, delivery })
        }
        Webhook::Recover { webhook, since } => {
            of(webhook, Some("sent again"), |webhook| WebhookRequest::Recover { webhook, since })
        }
        Webhook::ReplayMissing { webhook, since } => {
            of(webhook, Some("sent"), |webhook| WebhookRequest::ReplayMissing { webhook, since })
        }
        Webhook::Delete(one) => of(one, Some("deleted"), |webhook| WebhookRequest::Delete { webhook }),
    }
}

fn of(one: WhichWebhook, done: Option<&'static str>, ask: impl FnOnce(String) -> WebhookRequest) -> Asked {
    let WhichWebhook { which, webhook } = one;
    (which, ask(webhook), done)
}

fn created(create: CreateWebhook) -> Asked {
    let CreateWebhook { which, url, events, format, channel, description, disabled, require_validation } =
        create;
    let wish = WebhookWish {
        url,
        events,
        format: Some(format),
        channel,
        description,
        is_enabled: !disabled,
        require_validation,
    };
    (which, WebhookRequest::Create(wish), Some("created"))
}
