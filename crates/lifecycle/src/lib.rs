//! Safe automation of people's joining, moving and leaving (`contract/lifecycle.md`).
//!
//! What people files say ([`people`]) and what a service has ([`Directory`]) become a [`Plan`]: pure, and the same bytes
//! for the same input. [`guard`] refuses plans that do more than was meant, [`approval`] lets others agree to a plan's
//! digest, and [`apply`] carries one out: an intent on disk before each request, a read-back after it, and a
//! [`Report`](apply::Report) at the end. [`graph`] draws who is who, with everything that does not fit together.
//!
//! Nothing here prints, and nothing assumes Tenure on the other side.

pub mod address;
pub mod apply;
pub mod approval;
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
