//! Lists and searches (RFC 7644, sections 3.4.2 and 3.4.3; RFC 9865).

use crate::http::json_text::raw;
use crate::http::problem::Problem;
use crate::moment::IsoWriter;
use crate::scim::address::Kind;
use crate::scim::app::ScimApp;
use crate::scim::cursor::Cursor;
use crate::scim::error::{ScimError, ScimResult};
use crate::scim::selection::{Item, Selected, Window, Wish, is_scan, select};
use crate::scim::types::resource_type;
use crate::scim::user_json::{Sight, USUAL_BYTES};
use crate::scim::writes::{shown_group, shown_user};
use std::sync::Arc;
use std::time::Duration;
use tenure_directory::{Company, Timestamp};
use tenure_scim::{Fault, Filter, LIST_RESPONSE, Projection, ScimType, SearchRequest, Sort, SortOrder};

/// The largest page.
pub(crate) const MAX_COUNT: usize = 200;
/// The page where none is asked for.
pub(crate) const DEFAULT_COUNT: usize = 100;
/// The most members that all groups of a page may have together, where they are shown.
const MOST_MEMBERS: usize = 100_000;
/// How long a search that looks at every resource waits for its turn.
const SCAN_PATIENCE: Duration = Duration::from_secs(5);

/// A search that is ready to be carried out.
struct Search {
    wishes: Vec<Wish>,
    window: Window,
    page: Page,
    /// What tells it apart from all other searches.
    query: String,
}

/// How the page is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    /// By the place of its first resource, counted from 1.
    From(usize),
    /// By a cursor.
    Cursor { count: usize },
}

/// Answers a search with the bytes of a list.
pub(crate) async fn list(
    app: &ScimApp,
    company: &Arc<Company>,
    base: &str,
    kinds: &[Kind],
    request: &SearchRequest,
) -> ScimResult<Vec<u8>> {
    let now = app.engine.now();
    let search = Search::read(app, company, kinds, request, now)?;
    let is_scan = is_scan(&search.wishes);
    if !is_scan && !search.shows_members() {
        return search.answer(app, company, base, now).map_err(ScimError::from);
    }
    let permit = if is_scan { Some(turn(app).await?) } else { None };
    let (app, company, base) = (app.clone(), Arc::clone(company), base.to_owned());
    let answered = tokio::task::spawn_blocking(move || {
        let answered = search.answer(&app, &company, &base, now);
        drop(permit);
        answered
    });
    Ok(answered.await.map_err(|error| Problem::internal(&error))??)
}

async fn turn(app: &ScimApp) -> ScimResult<tokio::sync::OwnedSemaphorePermit> {
    let waiting = tokio::time::timeout(SCAN_PATIENCE, Arc::clone(&app.scans).acquire_owned()).await;
    let permit = waiting.map_err(|_| {
        let message = "too many searches are running that look at every resource; try again shortly";
        Problem::unavailable("server.overloaded", message)
    })?;
    Ok(permit.expect("the semaphore is never closed"))
}

fn whole_number(name: &str, given: Option<&str>) -> Result<Option<i64>, Fault> {
    let Some(given) = given else { return Ok(None) };
    let read: Result<i128, _> = given.trim().parse();
    let read = read.map_err(|_| Fault::value(format!("`{name}` must be a whole number")))?;
    let most = i128::from(i64::MAX);
    Ok(Some(i64::try_from(read.clamp(-most, most)).expect("it was clamped to the range")))
}

fn size(number: i64) -> usize {
    usize::try_from(number.max(0)).unwrap_or(usize::MAX)
}

impl Search {
    fn read(
        app: &ScimApp,
        company: &Company,
        kinds: &[Kind],
        request: &SearchRequest,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let filter = request.filter.as_deref().map(Filter::parse).transpose()?;
        let wishes = wishes(company, kinds, request, filter.as_ref())?;
        let SearchRequest { attributes, excluded_attributes, filter, sort_by, sort_order, .. } = request;
        let query = format!("{:?}", (kinds, attributes, excluded_attributes, filter, sort_by, sort_order));
        let count = whole_number("count", request.count.as_deref())?.map(size);
        let start = whole_number("startIndex", request.start_index.as_deref())?;
        let (window, page) = match &request.cursor {
            None => {
                let first = size(start.unwrap_or(1)).max(1);
                let count = count.unwrap_or(DEFAULT_COUNT).min(MAX_COUNT);
                (Window::Index { start: first - 1, count }, Page::From(first))
            }
            Some(_) if start.is_some() => {
                return Err(Fault::value("`startIndex` and `cursor` exclude each other; send one of them"));
            }
            Some(cursor) => {
                let (last, count) = after(app, company, &query, now, cursor, count)?;
                (Window::After { last, count }, Page::Cursor { count })
            }
        };
        Ok(Self { wishes, window, page, query })
    }

    fn shows_members(&self) -> bool {
        self.wishes.iter().any(|wish| wish.kind == Kind::Group && wish.projection.shows("members"))
    }

    /// A page of large groups could take any memory.
    fn check_members(&self, items: &[Item]) -> Result<(), Fault> {
        let members = items.iter().map(|item| match item {
            Item::User(_) => 0,
            Item::Group(team) => team.members.len(),
        });
        if items.len() > 1 && self.shows_members() && members.sum::<usize>() > MOST_MEMBERS {
            let detail = "these groups have too many members to show all; ask for fewer, or excludedAttributes=members";
            return Err(Fault::new(ScimType::TooMany, detail));
        }
        Ok(())
    }

    fn answer(&self, app: &ScimApp, company: &Company, base: &str, now: Timestamp) -> Result<Vec<u8>, Fault> {
        let sight = Sight { base, company, now };
        let Selected { total, items, next } = select(sight, &self.wishes, &self.window)?;
        self.check_members(&items)?;
        let mut out = Vec::with_capacity(256 + items.len() * USUAL_BYTES);
        raw(&mut out, "{\"schemas\":[\"");
        raw(&mut out, LIST_RESPONSE);
        raw(&mut out, &format!("\"],\"totalResults\":{total},\"itemsPerPage\":{}", items.len()));
        match self.page {
            Page::From(first) => raw(&mut out, &format!(",\"startIndex\":{first}")),
            Page::Cursor { count } => {
                if let Some(last) = next {
                    let cursor = Cursor { last, count }.seal(&app.page_key, company.id, &self.query, now);
                    raw(&mut out, &format!(",\"nextCursor\":\"{cursor}\""));
                }
            }
        }
        raw(&mut out, ",\"Resources\":[");
        let mut moments = IsoWriter::default();
        for (at, item) in items.iter().enumerate() {
            raw(&mut out, if at > 0 { "," } else { "" });
            self.write(&mut out, &mut moments, sight, item);
        }
        raw(&mut out, "]}");
        Ok(out)
    }

    fn write(&self, out: &mut Vec<u8>, moments: &mut IsoWriter, sight: Sight<'_>, item: &Item) {
        let kind = match item {
            Item::User(_) => Kind::User,
            Item::Group(_) => Kind::Group,
        };
        let wish =
            self.wishes.iter().find(|wish| wish.kind == kind).expect("only what is wished is selected");
        match item {
            Item::User(teammate) if wish.projection == Projection::Default => {
                sight.write_user(out, moments, teammate);
            }
            Item::User(teammate) => {
                out.extend(shown_user(sight, teammate, &wish.resource_type, &wish.projection));
            }
            Item::Group(team) => out.extend(shown_group(sight, team, &wish.resource_type, &wish.projection)),
        }
    }
}

/// What is asked of each kind. Where a search spans both, a filter or an order that only one of them knows selects of that
/// one alone.
fn wishes(
    company: &Company,
    kinds: &[Kind],
    request: &SearchRequest,
    filter: Option<&Filter>,
) -> Result<Vec<Wish>, Fault> {
    let order = request.sort_order.as_deref().map_or(Ok(SortOrder::default()), SortOrder::parse)?;
    let with_sort = |kind: &Kind| {
        let resource_type = resource_type(company, *kind);
        let sort = request.sort_by.as_deref().map(|by| Sort::of(&resource_type, by, order));
        (*kind, resource_type, sort)
    };
    let sorted: Vec<_> = kinds.iter().map(with_sort).collect();
    // What one of the types cannot be sorted by has no value there, and comes last.
    let is_sortable = sorted.iter().any(|(_, _, sort)| matches!(sort, Some(Ok(_))));
    let wish = |(kind, resource_type, sort)| {
        let sort = match sort {
            Some(Err(fault)) if !is_sortable => return Err(fault),
            sort => sort.and_then(Result::ok),
        };
        let projection = Projection::of(&resource_type, &request.attributes, &request.excluded_attributes)?;
        Wish::new(company, resource_type, kind, filter, sort, projection)
    };
    let (mut wishes, mut fault) = (Vec::new(), None);
    for read in sorted.into_iter().map(wish) {
        match read {
            Ok(wish) => wishes.push(wish),
            Err(wrong) => fault = Some(wrong),
        }
    }
    match fault {
        Some(fault) if wishes.is_empty() => Err(fault),
        _ => Ok(wishes),
    }
}

/// Where a page goes on, and how large it is.
fn after(
    app: &ScimApp,
    company: &Company,
    query: &str,
    now: Timestamp,
    cursor: &str,
    count: Option<usize>,
) -> Result<(Option<crate::scim::selection::Last>, usize), Fault> {
    if let Some(count) = count.filter(|count| *count > MAX_COUNT) {
        let detail = format!("`count` must be at most {MAX_COUNT}, not {count}");
        return Err(Fault::new(ScimType::InvalidCount, detail));
    }
    if cursor.is_empty() {
        return Ok((None, count.unwrap_or(DEFAULT_COUNT)));
    }
    let cursor = Cursor::open(&app.page_key, company.id, query, now, cursor)?;
    if count.is_some_and(|count| count != cursor.count) {
        let detail = format!("`count` must stay {}, as in the first request", cursor.count);
        return Err(Fault::new(ScimType::InvalidCount, detail));
    }
    Ok((Some(cursor.last), cursor.count))
}
