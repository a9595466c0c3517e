//! The lines of `contract/scim.md`, "Speed": what identity providers ask most, as ratios to REST on the same company, and what
//! a change of one member costs in a large group and in a small one.

use crate::bench::load::{Load, MakeAsk};
use crate::bench::measure::finish;
use crate::bench::subject::{Subject, get, scim_patch};
use crate::bench::{Bound, Extent, Line};
use hyper::StatusCode;
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use tenure_directory::email::EmailAddress;
use tenure_directory::kept::{Kept, KeptEmail, KeptJson};
use tenure_directory::provisioning::{ProvisionTeam, ProvisionTeammate};
use tenure_directory::teammate::{Role, Standing};
use tenure_directory::text::{ExternalId, PersonName, TeamName};
use tenure_directory::{Command, TeammateId};

/// Connections of the read lines.
const CLIENTS: u64 = 64;
/// Connections that change one group.
const CHANGERS: u64 = 8;
/// Groups that users are in by fifties, of so many users.
const OF_A_GROUP: u64 = 50;
/// Groups beside the large one.
const GROUPS: u64 = 1_000;

/// The team of [`OF_A_GROUP`] members and the team of half of all users.
const SMALL: &str = "tim_1";

pub(crate) async fn run(
    extent: Extent,
    metrics: &PrometheusHandle,
    told: &dyn Fn(&str),
) -> Result<Vec<Line>, String> {
    told(&format!("making a company of {} users and {GROUPS} groups", extent.teammates));
    let subject = Subject::start(0, metrics).await?;
    let users = extent.teammates;
    subject.change(users, |number| Command::ProvisionTeammate(Box::new(user(number)))).await?;
    let groups = GROUPS.min(users / OF_A_GROUP);
    subject
        .change(groups, |number| Command::ProvisionTeam(group(number, (number - 1) * OF_A_GROUP, OF_A_GROUP)))
        .await?;
    subject.change(1, |_| Command::ProvisionTeam(group(groups + 1, 0, users / 2))).await?;
    let scim = Scim { token: subject.scim_token().await?, subject, users, groups };
    let mut lines = Vec::new();
    for (name, path) in scim.look_ups() {
        told(&format!("SCIM: {name}"));
        lines.push(
            scim.to_rest(name, extent, path, scim.subject.reads_of(users, CLIENTS, extent.time)).await?,
        );
    }
    told("SCIM: pages of a hundred");
    let page = Arc::new(|_| "/Users?count=100".to_owned());
    lines.push(
        scim.to_rest("page of 100 users", extent, page, scim.subject.pages(CLIENTS, extent.time)).await?,
    );
    told("SCIM: changing members");
    lines.push(scim.members(extent).await?);
    scim.subject.stop().await;
    Ok(lines)
}

/// A person as an identity provider creates one.
fn user(number: u64) -> ProvisionTeammate {
    let address = format!("person{number}@bench.example");
    let text = |text: &str| PersonName::parse(text).expect("the name is valid");
    let email = KeptEmail {
        value: Some(address.as_str().into()),
        kind: Some("work".into()),
        display: None,
        primary: Some(true),
    };
    let attributes = serde_json::json!({"displayName": format!("Kim Example {number}"), "locale": "en-US"});
    ProvisionTeammate {
        email: EmailAddress::parse(&address).expect("the address is valid"),
        first_name: text("Kim"),
        last_name: text("Example"),
        role: Role::Regular,
        availability: None,
        standing: Standing::Active,
        custom_fields: vec![],
        kept: Kept {
            external_id: Some(external_id(number)),
            emails: [email].into(),
            attributes: Some(KeptJson::of(&attributes).expect("it is small")),
            ..Kept::default()
        },
    }
}

fn external_id(number: u64) -> ExternalId {
    ExternalId::parse(&format!("00u{number}")).expect("the id is valid")
}

fn group(number: u64, after: u64, members: u64) -> ProvisionTeam {
    ProvisionTeam {
        name: TeamName::parse(&format!("Group {number}")).expect("the name is valid"),
        external_id: None,
        members: (after + 1..=after + members).map(|number| TeammateId::new(number).into()).collect(),
    }
}

type MakePath = Arc<dyn Fn(u64) -> String + Send + Sync>;

struct Scim {
    subject: Subject,
    token: String,
    users: u64,
    groups: u64,
}

impl Scim {
    /// What is asked for one user or group, each time another.
    fn look_ups(&self) -> Vec<(&'static str, MakePath)> {
        let (users, groups) = (self.users, self.groups);
        // A stride that meets all of them, in an order that no cache likes.
        let user = move |number: u64| 1 + number.wrapping_mul(7_919) % users;
        let one = move |number| TeammateId::new(user(number));
        let filter = |path: &str, filter: String| {
            let encoded =
                filter.replace(' ', "%20").replace('"', "%22").replace('[', "%5B").replace(']', "%5D");
            format!("{path}filter={encoded}")
        };
        let address = move |number| format!("person{}@bench.example", user(number));
        let of_users = move |text: String| filter("/Users?", text);
        let of_groups = move |text: String| filter("/Groups?excludedAttributes=members&", text);
        vec![
            ("get by id", Arc::new(move |number| format!("/Users/{}", one(number)))),
            ("id eq", Arc::new(move |number| of_users(format!("id eq \"{}\"", one(number))))),
            ("userName eq", Arc::new(move |number| of_users(format!("userName eq \"{}\"", address(number))))),
            (
                "externalId eq",
                Arc::new(move |number| of_users(format!("externalId eq \"00u{}\"", user(number)))),
            ),
            (
                "emails.value eq",
                Arc::new(move |number| of_users(format!("emails.value eq \"{}\"", address(number)))),
            ),
            (
                "emails[type eq \"work\"].value eq",
                Arc::new(move |number| {
                    of_users(format!("emails[type eq \"work\"].value eq \"{}\"", address(number)))
                }),
            ),
            (
                "displayName eq, of groups",
                Arc::new(move |number| {
                    of_groups(format!("displayName eq \"group {}\"", 1 + number % groups))
                }),
            ),
            (
                "members.value eq",
                Arc::new(move |number| of_groups(format!("members.value eq \"{}\"", one(number)))),
            ),
        ]
    }

    fn load(&self, clients: u64, extent: Extent, make: MakeAsk) -> Load {
        Load { address: self.subject.address, clients, time: extent.time, expected: StatusCode::OK, make }
    }

    /// A read, in turns with one of REST.
    async fn to_rest(&self, name: &str, extent: Extent, path: MakePath, rest: Load) -> Result<Line, String> {
        let token = self.token.clone();
        let make = move |number| get(&format!("/scim/v2{}", path(number)), &token);
        let ours = self.load(CLIENTS, extent, Arc::new(make));
        let mut pairs = Vec::new();
        // One round to warm up.
        for round in 0..=extent.rounds {
            let rest = finish(rest.clone()).await?.per_second();
            let scim = finish(ours.clone()).await?.per_second();
            if round > 0 {
                pairs.push((rest, scim));
            }
        }
        Ok(Line::of_ratios(format!("SCIM {name} (to REST)"), "requests/s", &pairs, Bound::AtLeast(0.75)))
    }

    /// Adds and removes one member at a time: in the large group, and in a small one.
    async fn members(&self, extent: Extent) -> Result<Line, String> {
        let large = format!("tim_{}", tenure_directory::base36::encode(self.groups + 1));
        let change = |group: &str| {
            let (path, token, users) = (format!("/scim/v2/Groups/{group}"), self.token.clone(), self.users);
            let make = move |number: u64| {
                // Of the half that is in neither group.
                let who = TeammateId::new(users / 2 + 1 + (number / 2) % (users / 2));
                let op = if number.is_multiple_of(2) {
                    format!("{{\"op\":\"add\",\"path\":\"members\",\"value\":[{{\"value\":\"{who}\"}}]}}")
                } else {
                    format!("{{\"op\":\"remove\",\"path\":\"members[value eq \\\"{who}\\\"]\"}}")
                };
                scim_patch(&path, &token, &op)
            };
            self.load(CHANGERS, extent, Arc::new(make))
        };
        let (small, large) = (change(SMALL), change(&large));
        let mut pairs = Vec::new();
        for _ in 0..extent.rounds {
            let small = 1e6 / finish(small.clone()).await?.per_second();
            let large = 1e6 / finish(large.clone()).await?.per_second();
            pairs.push((small, large));
        }
        let name = format!("SCIM PATCH of a member in a group of {} (to {OF_A_GROUP})", self.users / 2);
        Ok(Line::of_ratios(name, "µs", &pairs, Bound::AtMost(2.0)))
    }
}
