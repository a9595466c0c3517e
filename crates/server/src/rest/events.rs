//! `/events`: what happened, the newest first; and the history of one teammate or one conversation.

use crate::http::problem::Problem;
use crate::rest::access::{Authorized, EventsRead, PathId};
use crate::rest::app::App;
use crate::rest::error::{ErrorBody, RestError};
use crate::rest::event_json::{EventRepresentation, Vocabulary, represent};
use crate::rest::list::{DEFAULT_LIMIT, List, PageRequest, Query, bad_query};
use crate::rest::teammates::find as find_teammate;
use crate::rest::view::{ok, tagged_by_content};
use axum::extract::State;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::HeaderMap;
use std::sync::Arc;
use tenure_directory::teammate::TeammateRef;
use tenure_directory::text::repeated;
use tenure_directory::{Company, EventId, Recorded, Timestamp, Version, Word};
use tenure_engine::Order;

/// The page of events where none is asked for, as in the product.
const EVENTS_LIMIT: u8 = 15;
const TYPES: &str = "q[types][]";
const BEFORE: &str = "q[before]";
const AFTER: &str = "q[after]";

/// The durable names of what a query wants; of all that others are told, where it names no type.
fn names_wanted(query: &Query) -> Result<Vec<&'static str>, Problem> {
    let mut words = Vec::new();
    for given in query.all(TYPES) {
        let word: Word = given.parse().map_err(|_| {
            let known: Vec<_> = Word::ALL.iter().map(|word| word.name()).collect();
            let known = known.join(", ");
            bad_query(TYPES, &format!("must be one of: {known}; or the product's word for it"))
        })?;
        words.push(word);
    }
    let words = if words.is_empty() { Word::ALL } else { &words };
    Ok(words.iter().flat_map(|word| word.durable_names()).copied().collect())
}

fn moment(query: &Query, name: &str) -> Result<Option<Timestamp>, Problem> {
    let Some(given) = query.one(name)? else { return Ok(None) };
    let message = "must be a time in epoch seconds, with up to three decimals";
    crate::moment::parse(given).map(Some).ok_or_else(|| bad_query(name, message))
}

impl App {
    /// Between which versions (both exclusive) the events are that a query wants.
    async fn between(
        &self,
        company: &Company,
        query: &Query,
        before: u64,
    ) -> Result<(Version, Version), RestError> {
        // No further than the state that they are shown with.
        let mut upper = before.min(company.version.number() + 1);
        if let Some(moment) = moment(query, BEFORE)? {
            let last = self.engine.version_at(company.id, moment.plus_ms(-1)).await?;
            upper = upper.min(last.number() + 1);
        }
        let lower = match moment(query, AFTER)? {
            Some(moment) => self.engine.version_at(company.id, moment).await?,
            None => Version::ZERO,
        };
        Ok((lower, Version::new(upper)))
    }

    /// The page of these events, which are more by one than it shows where there is another page.
    async fn page_of_events(
        &self,
        company: &Arc<Company>,
        page: &PageRequest,
        events: &[Recorded],
    ) -> Result<Response, RestError> {
        let shown = &events[..events.len().min(page.length())];
        let mut in_order: Vec<_> = shown.iter().collect();
        in_order.sort_by_key(|recorded| recorded.version);
        let mut scenes = self.engine.scenes(Arc::clone(company));
        let mut seen = std::collections::BTreeMap::new();
        for recorded in in_order {
            seen.insert(recorded.version, scenes.of(recorded).await?);
        }
        let numbered = events.iter().map(|recorded| (recorded.version.number(), recorded));
        Ok(ok(&page.page(self, numbered, |recorded| {
            let scene = &seen[&recorded.version];
            represent(&self.public_url, company, scene, recorded, Vocabulary::Published)
        })))
    }

    /// The events about a subject that others are told, one more than a page shows where there are more.
    async fn told_about(
        &self,
        company: &Company,
        subject: &str,
        page: &PageRequest,
        (order, up_to): (Order, Version),
    ) -> Result<Vec<Recorded>, RestError> {
        let wanted = page.length().saturating_add(1);
        let stride = wanted.saturating_mul(2);
        let mut range = match order {
            Order::OldestFirst => (Version::new(page.after), up_to),
            Order::NewestFirst => (Version::ZERO, up_to.min(Version::new(page.before().saturating_sub(1)))),
        };
        let mut events = Vec::new();
        loop {
            let read = self.engine.history_of(company.id, subject, range, order, stride).await?;
            let is_all = read.len() < stride;
            match (order, read.last()) {
                (Order::OldestFirst, Some(last)) => range.0 = last.version,
                (Order::NewestFirst, Some(last)) => {
                    range.1 = Version::new(last.version.number().saturating_sub(1));
                }
                (_, None) => {}
            }
            events.extend(read.into_iter().filter(|recorded| recorded.event.word().is_some()));
            if is_all || events.len() >= wanted {
                events.truncate(wanted);
                return Ok(events);
            }
        }
    }
}

/// List events
///
/// The newest first.
#[utoipa::path(get, path = "/events", tag = "Events", operation_id = "list_events", security(("bearer" = [])),
    params(("q[types][]" = Option<Vec<String>>, Query, description = "Only of these types, in our words or the product's; repeatable"), ("q[before]" = Option<f64>, Query, description = "Only those before this time, in epoch seconds"), ("q[after]" = Option<f64>, Query, description = "Only those after this time, in epoch seconds"), ("limit" = Option<u8>, Query, description = "1 to 100; 15, when absent", minimum = 1, maximum = 100), ("page_token" = Option<String>, Query)),
    responses((status = 200, body = List<EventRepresentation>), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn list(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<EventsRead>,
    query: Query,
) -> Result<Response, RestError> {
    let company = &caller.company;
    let (path, chosen_by) = ("/events".to_owned(), [TYPES, BEFORE, AFTER]);
    let page = PageRequest::read_chosen(&app, company.id, path, &query, Some(EVENTS_LIMIT), &chosen_by)?;
    let names = names_wanted(&query)?;
    let between = app.between(company, &query, page.before()).await?;
    let events = app.engine.history_back(company.id, between, &names, page.length() + 1).await?;
    app.page_of_events(company, &page, &events).await
}

/// Show an event
#[utoipa::path(get, path = "/events/{event_id}", tag = "Events", operation_id = "show_event", security(("bearer" = [])),
    params(("event_id" = String, Path, description = "`evt_…`")),
    responses((status = 200, body = EventRepresentation), (status = 304), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn show(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<EventsRead>,
    event: PathId,
    headers: HeaderMap,
) -> Result<Response, RestError> {
    let company = &caller.company;
    let unknown = || {
        let message = format!("Unknown event ID {}", repeated(&event.0));
        Problem::new(StatusCode::NOT_FOUND, "event.unknown", message)
    };
    let id: EventId = event.0.parse().map_err(|_| unknown())?;
    if id.number() == 0 || id.number() > company.version.number() {
        return Err(unknown().into());
    }
    let events = app.engine.history(company.id, Version::new(id.number() - 1), 1).await?;
    let recorded = events.first().filter(|recorded| recorded.event.word().is_some()).ok_or_else(unknown)?;
    let scene = app.engine.scenes(Arc::clone(company)).of(recorded).await?;
    let shown = represent(&app.public_url, company, &scene, recorded, Vocabulary::Published);
    Ok(tagged_by_content(&headers, shown))
}

/// List a teammate's history
///
/// The events about it, the oldest first.
#[utoipa::path(get, path = "/teammates/{teammate_id}/history", tag = "Events", operation_id = "list_teammate_history", security(("bearer" = [])),
    params(("teammate_id" = String, Path, description = "`tea_…` or `alt:email:ADDRESS`"), ("limit" = Option<u8>, Query, description = "1 to 100; 50, when absent", minimum = 1, maximum = 100), ("page_token" = Option<String>, Query), ("as_of" = Option<String>, Query, description = "The history up to this moment: ISO 8601 with a zone, or epoch seconds")),
    responses((status = 200, body = List<EventRepresentation>), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn of_teammate(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<EventsRead>,
    teammate: PathId,
    query: Query,
) -> Result<Response, RestError> {
    let company = &caller.company;
    let subject = find_teammate(company, &TeammateRef::parse(&teammate.0))?.id.to_string();
    let path = format!("/teammates/{subject}/history");
    let page = PageRequest::read(&app, company.id, path, &query, Some(DEFAULT_LIMIT))?;
    let up_to = match query.as_of()? {
        Some(moment) => app.engine.version_at(company.id, moment.time).await?.min(company.version),
        None => company.version,
    };
    let events = app.told_about(company, &subject, &page, (Order::OldestFirst, up_to)).await?;
    app.page_of_events(company, &page, &events).await
}

/// List a conversation's events
///
/// The newest first.
#[utoipa::path(get, path = "/conversations/{conversation_id}/events", tag = "Events", operation_id = "list_conversation_events", security(("bearer" = [])),
    params(("conversation_id" = String, Path, description = "`cnv_…`"), ("limit" = Option<u8>, Query, description = "1 to 100; 50, when absent", minimum = 1, maximum = 100), ("page_token" = Option<String>, Query)),
    responses((status = 200, body = List<EventRepresentation>), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn of_conversation(
    State(app): State<App>,
    Authorized { caller, .. }: Authorized<EventsRead>,
    conversation: PathId,
    query: Query,
) -> Result<Response, RestError> {
    let company = &caller.company;
    let subject = company.find_conversation(&conversation.0)?.id.to_string();
    let path = format!("/conversations/{subject}/events");
    let page = PageRequest::read(&app, company.id, path, &query, Some(DEFAULT_LIMIT))?;
    let part = (Order::NewestFirst, company.version);
    let events = app.told_about(company, &subject, &page, part).await?;
    app.page_of_events(company, &page, &events).await
}
