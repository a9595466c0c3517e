//! A client for a Front-compatible user-management API: Tenure, or the product itself.
//!
//! It is made for automations that must not go wrong. One [limiter](Limiter) per token keeps within what the server
//! allows, led by the server's own headers; reads are tried again where that helps; and a write whose answer was lost is
//! told as [`Error::Ambiguous`] and never silently repeated: look first, then decide.
//!
//! The types of the wire are tolerant: what a server says beyond what is known here is kept in `other`.
//!
//! ```no_run
//! use futures_util::TryStreamExt as _;
//! use tenure_client::{Client, ClientOptions, ServerUrl, Token};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let url = ServerUrl::parse("https://api2.frontapp.com")?;
//! let token = Token::parse(&std::env::var("TENURE_TOKEN")?)?;
//! let client = Client::new(ClientOptions::new(url, token))?;
//! let mut teammates = std::pin::pin!(client.teammates());
//! while let Some(teammate) = teammates.try_next().await? {
//!     println!("{} <{}>", teammate.id, teammate.email);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Which failures are tried again (`contract/reliability.md`, "Automation"):
//!
//! | what happened | a read | a write |
//! |---|---|---|
//! | no connection could be made | again | again |
//! | the connection ended, or no whole answer came in time | again | [`Error::Ambiguous`] |
//! | 429 | after `Retry-After` | after `Retry-After`: nothing was done |
//! | 500 | told | [`Error::Ambiguous`] |
//! | 502, 503, 504 | after `Retry-After` | [`Error::Ambiguous`] |
//! | any other status | told | told |

mod client;
mod conversation;
mod error;
mod limiter;
mod me;
mod page;
mod retry;
mod scim;
mod server_url;
mod team;
mod teammate;
mod token;
mod transport;

pub use client::{Client, ClientOptions};
pub use conversation::{Conversation, ConversationId};
pub use error::{Ambiguous, Error, Refused, RequestLine, SetupError};
pub use limiter::{Limiter, Standing};
pub use me::{Me, TokenFacts};
pub use page::Page;
pub use scim::{ScimClient, ScimFeatures, ScimName, ScimUser};
pub use server_url::{NotAServerUrl, ServerUrl};
pub use team::{Team, TeamId, TeamWithMembers};
pub use teammate::{CustomField, Invitation, NewTeammate, Teammate, TeammateChanges, TeammateId};
pub use token::{NotAToken, Token};
