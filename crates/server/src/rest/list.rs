//! Lists: their query, their pages, their shape.

use crate::http::problem::Problem;
use crate::rest::app::App;
use crate::rest::page_token::Cursor;
use crate::rest::teammate_json;
use crate::rest::view::{Moment, parse_moment, to_json};
use axum::extract::FromRequestParts;
use hyper::http::request::Parts;
use serde::Serialize;
use std::convert::Infallible;
use std::sync::Arc;
use tenure_directory::teammate::Teammate;
use tenure_directory::{Company, CompanyId};
use utoipa::ToSchema;

/// The largest page.
pub(crate) const MAX_LIMIT: u8 = 100;
/// The page where none is asked for.
pub(crate) const DEFAULT_LIMIT: u8 = 50;

/// The parameters of a query, decoded, in their order.
pub(crate) struct Query(Vec<(String, String)>);

impl FromRequestParts<App> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
    }
}

impl Query {
    /// A parameter that may be there once.
    pub(crate) fn one(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let value = values.next();
        if values.next().is_some() {
            return Err(bad_query(name, "must be given once"));
        }
        Ok(value)
    }

    /// All values of a parameter that may be there several times, in their order.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The moment that a read asks for.
    pub(crate) fn as_of(&self) -> Result<Option<Moment>, Problem> {
        self.one("as_of")?.map(parse_moment).transpose()
    }

    fn limit(&self) -> Result<Option<u8>, Problem> {
        let Some(text) = self.one("limit")? else { return Ok(None) };
        let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        match number {
            Some(limit @ 1..=MAX_LIMIT) => Ok(Some(limit)),
            _ => Err(bad_query("limit", &format!("must be a whole number from 1 to {MAX_LIMIT}"))),
        }
    }
}

pub(crate) fn bad_query(name: &str, message: &str) -> Problem {
    Problem::bad_request("request.bad_query", format!("Bad query: {name} {message}"))
        .with_details(vec![format!("{name} {message}")])
}

/// Which part of a list is asked for.
pub(crate) struct PageRequest {
    company: CompanyId,
    path: String,
    /// The parameters that choose what is in the list; every page has them.
    chosen: Vec<(String, String)>,
    /// `None`: all of it.
    limit: Option<u8>,
    /// The number of the item before the page.
    pub(crate) after: u64,
}

impl PageRequest {
    /// Reads the request for a part of the list at `path`. Where `default` is `None`, a list comes whole unless a limit
    /// is given.
    pub(crate) fn read(
        app: &App,
        company: CompanyId,
        path: String,
        query: &Query,
        default: Option<u8>,
    ) -> Result<Self, Problem> {
        Self::read_chosen(app, company, path, query, default, &[])
    }

    /// As [`PageRequest::read`], of a list that these parameters choose from.
    pub(crate) fn read_chosen(
        app: &App,
        company: CompanyId,
        path: String,
        query: &Query,
        default: Option<u8>,
        chosen_by: &[&str],
    ) -> Result<Self, Problem> {
        for name in ["offset", "page"] {
            if query.0.iter().any(|(key, _)| key == name) {
                let message =
                    format!("offset pagination is not supported ({name}); follow `_pagination.next`");
                let detail = format!("{name} is not supported; follow `_pagination.next`");
                return Err(Problem::bad_request("request.bad_query", message).with_details(vec![detail]));
            }
        }
        query.as_of()?;
        let given = query.limit()?;
        let chosen = query.0.iter().filter(|(name, _)| name == "as_of" || chosen_by.contains(&name.as_str()));
        let chosen = chosen.cloned().collect();
        let mut request = Self { company, path, chosen, limit: given.or(default), after: 0 };
        if let Some(token) = query.one("page_token")? {
            let cursor = Cursor::open(&app.page_key, company, &request.binding(), token);
            let cursor = cursor.filter(|cursor| given.is_none_or(|given| given == cursor.limit));
            let cursor = cursor.ok_or_else(|| {
                let message =
                    "is damaged, or was made for another list or other parameters; start from the first page";
                bad_query("page_token", message)
            })?;
            (request.after, request.limit) = (cursor.after, Some(cursor.limit));
        }
        Ok(request)
    }

    /// What a page token is bound to beside the company.
    fn binding(&self) -> String {
        if self.chosen.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.choice()) }
    }

    fn choice(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.chosen).finish()
    }

    /// In a list with the newest first: the number that the page's items are below.
    pub(crate) fn before(&self) -> u64 {
        if self.after == 0 { u64::MAX >> 1 } else { self.after }
    }

    /// How many items the page has at most.
    pub(crate) fn length(&self) -> usize {
        self.limit.map_or(usize::MAX, usize::from)
    }

    /// Makes the page from the items after the cursor, each with its number, in order.
    pub(crate) fn page<I, T>(
        &self,
        app: &App,
        items: impl Iterator<Item = (u64, I)>,
        show: impl Fn(I) -> T,
    ) -> List<T> {
        let mut results = Vec::new();
        let next = self.walk(app, items, |item| results.push(show(item)));
        List { pagination: Pagination { next }, links: self.own_link(app), results }
    }

    /// As [`PageRequest::page`], of teammates, as JSON.
    pub(crate) fn page_of_teammates<'a>(
        &self,
        app: &App,
        company: &Company,
        teammates: impl Iterator<Item = (u64, &'a Arc<Teammate>)>,
    ) -> Vec<u8> {
        let room = usize::from(self.limit.unwrap_or(MAX_LIMIT)) * teammate_json::USUAL_BYTES;
        let mut items = Vec::with_capacity(room);
        let next = self.walk(app, teammates, |teammate| {
            if !items.is_empty() {
                items.push(b',');
            }
            teammate_json::write(&mut items, &app.public_url, company, teammate);
        });
        let frame =
            List::<()> { pagination: Pagination { next }, links: self.own_link(app), results: vec![] };
        let mut page = to_json(&frame);
        // Between the brackets of the empty list that the frame ends with.
        page.truncate(page.len() - b"]}".len());
        page.reserve(items.len() + b"]}".len());
        page.append(&mut items);
        page.extend_from_slice(b"]}");
        page
    }

    fn own_link(&self, app: &App) -> SelfLink {
        SelfLink { own: format!("{}{}", app.public_url, self.path) }
    }

    /// Shows the items of the page, and tells where the next one is.
    fn walk<I>(
        &self,
        app: &App,
        mut items: impl Iterator<Item = (u64, I)>,
        mut show: impl FnMut(I),
    ) -> Option<String> {
        let mut last = self.after;
        for _ in 0..self.limit.map_or(usize::MAX, usize::from) {
            let (number, item) = items.next()?;
            last = number;
            show(item);
        }
        items.next().and(self.limit).map(|limit| self.next(app, Cursor { after: last, limit }))
    }

    fn next(&self, app: &App, cursor: Cursor) -> String {
        let token = cursor.seal(&app.page_key, self.company, &self.binding());
        let mut url = format!("{}{}?limit={}&page_token={token}", app.public_url, self.path, cursor.limit);
        if !self.chosen.is_empty() {
            url.push('&');
            url.push_str(&self.choice());
        }
        url
    }
}

/// A list.
#[derive(Serialize, ToSchema)]
pub(crate) struct List<T> {
    #[serde(rename = "_pagination")]
    pagination: Pagination,
    #[serde(rename = "_links")]
    links: SelfLink,
    #[serde(rename = "_results")]
    results: Vec<T>,
}

/// Where a list goes on.
#[derive(Serialize, ToSchema)]
pub(crate) struct Pagination {
    /// The URL of the next page; `null` on the last.
    #[schema(required)]
    next: Option<String>,
}

/// The link of a thing to itself.
#[derive(Serialize, ToSchema)]
pub(crate) struct SelfLink {
    /// Its URL.
    #[serde(rename = "self")]
    pub(crate) own: String,
}
