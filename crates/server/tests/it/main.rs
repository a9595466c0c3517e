//! The server through its sockets. Files are laid out as the API is.

mod as_of;
mod authority;
mod bad_requests;
mod companies_apart;
mod conditional;
mod corpora;
mod custom_fields;
mod idempotency;
mod invitations;
mod lists;
mod me;
mod openapi;
mod operations;
mod origins;
mod overload;
mod proxies;
mod rate_limit;
mod scim;
mod secrets;
mod shell;
mod teammates;
mod teams;
