//! Selecting resources: by a filter, in an order, and of those a window.

use crate::scim::address::Kind;
use crate::scim::candidates::{self, Candidates};
use crate::scim::group::Members;
use crate::scim::user_json::Sight;
use std::cmp::Ordering;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tenure_directory::team::Team;
use tenure_directory::teammate::Teammate;
use tenure_directory::{Company, TeamId, TeammateId};
use tenure_scim::{Fault, Filter, Projection, Resource, ResourceType, ScimType, Sort, SortKey, Test};

/// How long a search may look at resources.
const PATIENCE: Duration = Duration::from_secs(15);
/// After how many resources it is looked at the clock.
const STRIDE: usize = 256;
/// The most bytes of a text that resources are sorted by: a cursor holds them.
const SORTED_BYTES: usize = 512;

/// A resource that was selected.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    User(Arc<Teammate>),
    Group(Arc<Team>),
}

/// Where a resource is among all: users come before groups, and each in the order in which they were created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) kind: Kind,
    pub(crate) number: u64,
}

impl Item {
    fn place(&self) -> Place {
        match self {
            Item::User(teammate) => Place { kind: Kind::User, number: teammate.id.number() },
            Item::Group(team) => Place { kind: Kind::Group, number: team.id.number() },
        }
    }
}

/// What is asked of the resources of one kind.
pub(crate) struct Wish {
    pub(crate) kind: Kind,
    pub(crate) resource_type: ResourceType,
    pub(crate) projection: Projection,
    sort: Option<Sort>,
    condition: Option<Condition>,
}

/// A filter, and how it is put to resources.
struct Condition {
    /// All that can meet it, where an index tells.
    candidates: Option<Vec<Item>>,
    /// Whom a group must have among its members: looked up, so that not all of them need be shown to the test.
    members: Vec<Option<TeammateId>>,
    test: Option<Test>,
    /// Whether the test asks for members too.
    looks_at_members: Members,
}

impl Wish {
    pub(crate) fn new(
        company: &Company,
        resource_type: ResourceType,
        kind: Kind,
        filter: Option<&Filter>,
        sort: Option<Sort>,
        projection: Projection,
    ) -> Result<Self, Fault> {
        let condition =
            filter.map(|filter| Condition::of(company, filter, kind, &resource_type)).transpose()?;
        Ok(Self { kind, resource_type, projection, sort, condition })
    }
}

impl Condition {
    fn of(
        company: &Company,
        filter: &Filter,
        kind: Kind,
        resource_type: &ResourceType,
    ) -> Result<Self, Fault> {
        // The whole filter is looked up, so that what is wrong with any part of it is told.
        let whole = Test::of(filter, resource_type)?;
        let found = candidates::of(company, resource_type, kind, filter);
        if let Some(Candidates { items, are_exact: true }) = found {
            let (members, looks_at_members) = (vec![], Members::LeftOut);
            return Ok(Self { candidates: Some(items), members, test: None, looks_at_members });
        }
        let (members, rest) = match kind {
            Kind::User => (vec![], Some(filter.clone())),
            Kind::Group => without_members(filter),
        };
        let looks_at_members = match &rest {
            Some(rest) if rest.to_string().to_ascii_lowercase().contains("members") => Members::Shown,
            _ => Members::LeftOut,
        };
        let test = match rest {
            Some(rest) if rest == *filter => Some(whole),
            Some(rest) => Some(Test::of(&rest, resource_type)?),
            None => None,
        };
        let candidates = found.map(|found| found.items);
        Ok(Self { candidates, members, test, looks_at_members })
    }

    fn has_members(&self, team: &Team) -> bool {
        self.members.iter().all(|id| id.is_some_and(|id| team.members.contains(&id)))
    }
}

/// Takes what asks for single members out of a filter.
fn without_members(filter: &Filter) -> (Vec<Option<TeammateId>>, Option<Filter>) {
    let all = match filter {
        Filter::And(filters) => &filters[..],
        one => std::slice::from_ref(one),
    };
    let (mut members, mut rest) = (Vec::new(), Vec::new());
    for filter in all {
        match member_of(filter) {
            Some(id) => members.push(id.parse().ok()),
            None => rest.push(filter.clone()),
        }
    }
    let rest = if rest.len() > 1 { Some(Filter::And(rest)) } else { rest.pop() };
    (members, rest)
}

/// The member that a filter asks for, where it asks for nothing else.
fn member_of(filter: &Filter) -> Option<&str> {
    if let Filter::Within { path, filter } = filter {
        let (value, id) = filter.equal_text()?;
        let is_it =
            path.attribute.eq_ignore_ascii_case("members") && value.attribute.eq_ignore_ascii_case("value");
        return is_it.then_some(id);
    }
    let (path, id) = filter.equal_text()?;
    let is_it = path.attribute.eq_ignore_ascii_case("members")
        && path.sub.as_deref().is_none_or(|sub| sub.eq_ignore_ascii_case("value"));
    is_it.then_some(id)
}

/// Which part of what was selected is wanted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Window {
    /// From the `start`-th on, counted from 0.
    Index { start: usize, count: usize },
    /// What comes behind a place.
    After { last: Option<Last>, count: usize },
}

/// The last resource of a page: where it is, and what it was sorted by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Last {
    pub(crate) place: Place,
    pub(crate) key: Option<SortKey>,
}

/// What was selected.
pub(crate) struct Selected {
    pub(crate) total: usize,
    pub(crate) items: Vec<Item>,
    /// Where it goes on, if it does.
    pub(crate) next: Option<Last>,
}

type Match = (Option<SortKey>, Item);

/// Whether selecting looks at every resource.
pub(crate) fn is_scan(wishes: &[Wish]) -> bool {
    wishes.iter().any(|wish| match &wish.condition {
        None => wish.sort.is_some(),
        Some(condition) => condition.candidates.is_none(),
    })
}

/// Selects.
pub(crate) fn select(sight: Sight<'_>, wishes: &[Wish], window: &Window) -> Result<Selected, Fault> {
    if wishes.iter().all(|wish| wish.condition.is_none() && wish.sort.is_none()) {
        return Ok(of_everything(sight.company, wishes, window));
    }
    let started = Instant::now();
    let mut matches: Vec<Match> = Vec::new();
    for wish in wishes {
        let indexed = wish.condition.as_ref().and_then(|condition| condition.candidates.as_ref());
        let candidates: Box<dyn Iterator<Item = Item>> = match indexed {
            Some(items) => Box::new(items.iter().cloned()),
            None => Box::new(all(sight.company, wish.kind, None)),
        };
        for (at, item) in candidates.enumerate() {
            if at % STRIDE == 0 && started.elapsed() > PATIENCE {
                let detail = "this search would take too long; narrow it, for example by `userName eq`";
                return Err(Fault::new(ScimType::TooMany, detail));
            }
            matches.extend(meeting(sight, wish, item));
        }
    }
    let sort = wishes.iter().find_map(|wish| wish.sort.as_ref());
    if let Some(sort) = sort {
        matches.sort_by(|one, other| in_order(sort, one, other));
    }
    Ok(cut(matches, sort, window))
}

fn in_order(sort: &Sort, one: &Match, other: &Match) -> Ordering {
    let absent = SortKey::Absent;
    let (one_key, other_key) = (one.0.as_ref().unwrap_or(&absent), other.0.as_ref().unwrap_or(&absent));
    sort.compare(one_key, other_key).then_with(|| one.1.place().cmp(&other.1.place()))
}

/// The item with what it is sorted by, if it meets the wish.
fn meeting(sight: Sight<'_>, wish: &Wish, item: Item) -> Option<Match> {
    let condition = wish.condition.as_ref();
    if let (Some(condition), Item::Group(team)) = (condition, &item)
        && !condition.has_members(team)
    {
        return None;
    }
    let test = condition.and_then(|condition| condition.test.as_ref());
    if test.is_none() && wish.sort.is_none() {
        return Some((None, item));
    }
    let members = condition.map_or(Members::LeftOut, |condition| condition.looks_at_members);
    let resource: Resource = match &item {
        Item::User(teammate) => sight.user(teammate),
        Item::Group(team) => sight.group(team, members),
    };
    if test.is_some_and(|test| !test.holds(&resource)) {
        return None;
    }
    let key = wish.sort.as_ref().map(|sort| shortened(sort.key(&resource)));
    Some((key, item))
}

fn shortened(key: SortKey) -> SortKey {
    match key {
        SortKey::Text(mut text) => {
            text.truncate(text.floor_char_boundary(SORTED_BYTES));
            SortKey::Text(text)
        }
        other => other,
    }
}

fn cut(matches: Vec<Match>, sort: Option<&Sort>, window: &Window) -> Selected {
    let total = matches.len();
    let (start, count) = match window {
        Window::Index { start, count } => (*start, *count),
        Window::After { last: None, count } => (0, *count),
        Window::After { last: Some(last), count } => {
            let is_before = |(key, item): &Match| {
                let by_key = match (sort, key, &last.key) {
                    (Some(sort), Some(key), Some(last)) => sort.compare(key, last),
                    _ => Ordering::Equal,
                };
                by_key.then_with(|| item.place().cmp(&last.place)).is_le()
            };
            (matches.partition_point(is_before), *count)
        }
    };
    let shown: Vec<Match> = matches.into_iter().skip(start).take(count).collect();
    let goes_on = total > start.saturating_add(shown.len());
    let next =
        shown.last().filter(|_| goes_on).map(|(key, item)| Last { place: item.place(), key: key.clone() });
    Selected { total, items: shown.into_iter().map(|(_, item)| item).collect(), next }
}

/// All resources of a kind behind a number, in order.
fn all(company: &Company, kind: Kind, after: Option<u64>) -> impl Iterator<Item = Item> {
    let from = after.map_or(0, |after| after.saturating_add(1));
    let users = (kind == Kind::User).then(|| {
        let range = company.teammates.range(TeammateId::new(from)..);
        range
            .filter(|(_, teammate)| teammate.presence == tenure_directory::teammate::Presence::Present)
            .map(|(_, teammate)| Item::User(Arc::clone(teammate)))
    });
    let groups = (kind == Kind::Group)
        .then(|| company.teams.range(TeamId::new(from)..).map(|(_, team)| Item::Group(Arc::clone(team))));
    users.into_iter().flatten().chain(groups.into_iter().flatten())
}

/// Without a filter and an order nothing needs to be looked at but the window.
fn of_everything(company: &Company, wishes: &[Wish], window: &Window) -> Selected {
    let count_of = |kind: Kind| match kind {
        Kind::User => company.present_count(),
        Kind::Group => company.teams.len(),
    };
    let total = wishes.iter().map(|wish| count_of(wish.kind)).sum();
    let (skip, count, behind) = match window {
        Window::Index { start, count } => (*start, *count, None),
        Window::After { last, count } => (0, *count, last.as_ref().map(|last| last.place)),
    };
    let from = |kind: Kind| behind.filter(|behind| behind.kind == kind).map(|behind| behind.number);
    let kinds = wishes.iter().map(|wish| wish.kind);
    let kinds = kinds.filter(|kind| behind.is_none_or(|behind| *kind >= behind.kind));
    let mut items = kinds.flat_map(|kind| all(company, kind, from(kind))).skip(skip.min(total));
    let shown: Vec<Item> = items.by_ref().take(count).collect();
    let goes_on = items.next().is_some();
    let next = shown.last().filter(|_| goes_on).map(|item| Last { place: item.place(), key: None });
    Selected { total, items: shown, next }
}
