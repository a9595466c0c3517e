//! The filters that identity providers send for every person and group are answered from an index: it gives the few that can
//! meet the filter. Where the filter asks for more than that, it is put to those.

use crate::scim::address::Kind;
use crate::scim::selection::Item;
use crate::scim::user_json::own_email;
use std::collections::BTreeMap;
use std::sync::Arc;
use tenure_directory::kept::KeptEmail;
use tenure_directory::teammate::{Presence, Teammate};
use tenure_directory::{Company, TeamId, TeammateId};
use tenure_scim::{AttributePath, Filter, ResourceType, fold};

/// What an index gives for a filter.
pub(crate) struct Candidates {
    /// All that can meet it, in the order of lists.
    pub(crate) items: Vec<Item>,
    /// Whether all of them do.
    pub(crate) are_exact: bool,
}

/// What can meet a filter; `None` where no index tells.
pub(crate) fn of(
    company: &Company,
    resource_type: &ResourceType,
    kind: Kind,
    filter: &Filter,
) -> Option<Candidates> {
    let mut items = looked_up(company, resource_type, kind, filter)?;
    let mut are_exact = matches!(filter, Filter::Compare { .. });
    if let (Filter::Within { path, filter }, Kind::User) = (filter, kind)
        && path.attribute.eq_ignore_ascii_case("emails")
        && let Some((value, of_kind)) = address_of_a_kind(filter)
    {
        items.retain(
            |item| matches!(item, Item::User(teammate) if shows_address_of_kind(teammate, value, of_kind)),
        );
        are_exact = true;
    }
    Some(Candidates { items, are_exact })
}

/// The `value` and the `type` that a filter between brackets asks for, where it asks for just these.
fn address_of_a_kind(filter: &Filter) -> Option<(&str, &str)> {
    let Filter::And(parts) = filter else { return None };
    let [one, other] = parts.as_slice() else { return None };
    let ((one, one_text), (other, other_text)) = (one.equal_text()?, other.equal_text()?);
    let is = |path: &AttributePath, name: &str| {
        path.attribute.eq_ignore_ascii_case(name) && path.schema.is_none() && path.sub.is_none()
    };
    if is(one, "type") && is(other, "value") {
        return Some((other_text, one_text));
    }
    (is(one, "value") && is(other, "type")).then_some((one_text, other_text))
}

fn shows_address_of_kind(teammate: &Teammate, address: &str, kind: &str) -> bool {
    let is_it = |email: &KeptEmail| {
        email.value.as_deref().is_some_and(|value| fold(value) == fold(address))
            && email.kind.as_deref().is_some_and(|shown| fold(shown) == fold(kind))
    };
    let kept = &teammate.kept().emails;
    kept.iter().any(is_it) || (kept.is_empty() && is_it(&own_email(teammate)))
}

fn looked_up(
    company: &Company,
    resource_type: &ResourceType,
    kind: Kind,
    filter: &Filter,
) -> Option<Vec<Item>> {
    let (path, sub, value) = match filter {
        Filter::And(filters) => {
            return filters.iter().find_map(|filter| looked_up(company, resource_type, kind, filter));
        }
        Filter::Within { path, .. } if path.sub.is_some() => return None,
        Filter::Within { path, filter } => (path, Some("value".to_owned()), required_value(filter)?),
        one => {
            let (path, value) = one.equal_text()?;
            (path, path.sub.as_deref().map(str::to_ascii_lowercase), value)
        }
    };
    let schema = path.schema.as_deref();
    if !schema.is_none_or(|schema| schema.eq_ignore_ascii_case(resource_type.schema.id)) {
        return None;
    }
    by_attribute(company, kind, &path.attribute.to_ascii_lowercase(), sub.as_deref(), value)
}

/// The `value` that a filter between brackets asks for in any case.
fn required_value(filter: &Filter) -> Option<&str> {
    match filter {
        Filter::And(filters) => filters.iter().find_map(required_value),
        one => {
            let (path, value) = one.equal_text()?;
            path.attribute.eq_ignore_ascii_case("value").then_some(value)
        }
    }
}

fn by_attribute(
    company: &Company,
    kind: Kind,
    attribute: &str,
    sub: Option<&str>,
    value: &str,
) -> Option<Vec<Item>> {
    let users = |found: Vec<&Arc<Teammate>>| {
        let present = found.into_iter().filter(|teammate| teammate.presence == Presence::Present);
        Some(present.map(|teammate| Item::User(Arc::clone(teammate))).collect())
    };
    let groups = |found: Vec<TeamId>| {
        Some(
            found
                .iter()
                .filter_map(|id| company.teams.get(id))
                .map(|team| Item::Group(Arc::clone(team)))
                .collect(),
        )
    };
    match (kind, attribute, sub) {
        (Kind::User, "id", None) => {
            users(value.parse().ok().and_then(|id| company.present_teammate(id)).into_iter().collect())
        }
        (Kind::User, "externalid", None) => {
            users(company.teammate_by_external_id(value).into_iter().collect())
        }
        (Kind::User, "username", None) if is_few(company, value) => {
            let by_name = company.teammate_by_user_name(value);
            let found: BTreeMap<_, _> = by_name
                .into_iter()
                .chain(company.teammates_by_address(value))
                .map(|found| (found.id, found))
                .collect();
            let is_it = |found: &&Arc<Teammate>| fold(found.user_name()) == fold(value);
            users(found.into_values().filter(is_it).collect())
        }
        (Kind::User, "emails", None | Some("value")) if is_few(company, value) => {
            let found = company.teammates_by_address(value);
            users(found.filter(|teammate| shows_address(teammate, value)).collect())
        }
        (Kind::Group, "id", None) => groups(value.parse().into_iter().collect()),
        (Kind::Group, "externalid", None) => {
            groups(company.team_by_external_id(value).map(|team| team.id).into_iter().collect())
        }
        (Kind::Group, "displayname", None) => {
            let found = company.team_by_name(value).filter(|team| fold(team.name.as_str()) == fold(value));
            groups(found.map(|team| team.id).into_iter().collect())
        }
        (Kind::Group, "members", None | Some("value")) => {
            let teammate = value.parse::<TeammateId>().ok().and_then(|id| company.teammates.get(&id));
            groups(teammate.map(|teammate| teammate.teams().to_vec()).unwrap_or_default())
        }
        _ => None,
    }
}

/// Whether an address is among those that are shown of a teammate, as filters compare.
fn shows_address(teammate: &Teammate, address: &str) -> bool {
    let kept = &teammate.kept().emails;
    let is_it = |shown: &str| fold(shown) == fold(address);
    kept.iter().filter_map(|email| email.value.as_deref()).any(is_it)
        || (kept.is_empty() && is_it(teammate.email.as_str()))
}

/// So many can be looked at without a turn among those who look at everybody.
const FEW: usize = 1_000;

/// Whether only few have an address; a whole company can share that of its help desk.
fn is_few(company: &Company, address: &str) -> bool {
    company.count_by_address(address) <= FEW
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        /// The directory keys its indexes by its own fold; what a look-up finds is then held to the filter's.
        #[test]
        fn the_directory_and_the_filters_fold_alike(text in "[a-zA-Zß-ÿĀ-ſΑ-ωА-я\u{212a}\u{130}山 @.]{0,12}") {
            prop_assert_eq!(tenure_directory::text::folded(&text), tenure_scim::fold(&text));
        }
    }
}
