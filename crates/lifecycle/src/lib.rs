//! Safe automation of people's joining, moving and leaving (`contract/lifecycle.md`).
//!
//! What people files say ([`people`]) and what a service has ([`Directory`]) become a [`Plan`]: pure, and the same bytes
//! for the same input. [`guard`] refuses plans that do more than was meant, [`approval`] lets others agree to a plan's
//! digest, and [`apply`] carries one out: an intent on disk before each request, a read-back after it, and a
//! [`Report`](apply::Report) at the end. [`graph`] draws who is who, with everything that does not fit together.
//!
//! Nothing here prints, and nothing assumes Tenure on the other side.
//!
//! A plan from a people file, made and carried out:
//!
//! ```no_run
//! use std::collections::{BTreeMap, BTreeSet};
//! use std::sync::atomic::AtomicBool;
//! use std::time::SystemTime;
//! use tenure_client::{Client, ClientOptions, ServerUrl, Token};
//! use tenure_lifecycle::apply::{Apply, Report};
//! use tenure_lifecycle::guard::SourceCheck;
//! use tenure_lifecycle::people::{self, Input};
//! use tenure_lifecycle::planner::{self, PlanInput};
//! use tenure_lifecycle::run::Runs;
//! use tenure_lifecycle::service::Live;
//! use tenure_lifecycle::settings::Settings;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let url = ServerUrl::parse("http://127.0.0.1:8400")?;
//! let token = Token::parse(&std::env::var("TENURE_TOKEN")?)?;
//! let service = Live { client: Client::new(ClientOptions::new(url, token))?, scim: None };
//!
//! let settings = Settings::default();
//! let people = people::read(&[Input::read("people.csv".as_ref())?], &settings).map_err(|wrong| format!("{wrong:?}"))?;
//! let directory = service.directory().await?;
//! let planned = planner::plan(&PlanInput {
//!     people: &people,
//!     directory: &directory,
//!     settings: &settings,
//!     today: jiff::civil::date(2026, 11, 26),
//!     planned_by: "me@example.com",
//!     overrides: &BTreeSet::new(),
//!     open_conversations: &BTreeMap::new(),
//!     check: SourceCheck { sources: &people.sources, rows_before: None, now: SystemTime::now() },
//! })
//! .map_err(|wrong| format!("{wrong:?}"))?;
//! // Nothing may be applied unless the guards have nothing against it.
//! assert!(planned.violations.is_empty());
//!
//! let runs = Runs::at("state".as_ref());
//! let run = runs.begin(runs.new_id("20261126T184455123Z", &planned.plan), &planned.plan)?;
//! let (mut ledger, entries) = run.ledger()?;
//! let (stop, mut heard) = (AtomicBool::new(false), |_: &_, _: &_| ());
//! let apply = Apply::new(&service, &mut ledger, &entries, &planned.plan, &mut heard, &stop);
//! let (progress, ended) = apply.run().await;
//! ended?;
//! assert!(Report::new(&run.id, &planned.plan, &progress, true).is_success());
//! # Ok(())
//! # }
//! ```

pub mod address;
pub mod apply;
pub mod approval;
mod digest;
pub mod directory;
pub mod doctor;
pub mod graph;
pub mod guard;
pub mod people;
pub mod plan;
pub mod planner;
pub mod run;
pub mod service;
pub mod settings;
pub mod watch;

pub use directory::Directory;
pub use plan::Plan;
pub use settings::Settings;
