//! The client against Tenure itself, well-behaved and not.

#![expect(clippy::unwrap_used, reason = "what goes wrong here is a test that fails")]

mod errors;
mod lists;
mod writes;

use tenure_client::{Client, ClientOptions, ServerUrl, Token};
use tenure_server::http::{FaultPlan, Faults};
use tenure_testkit::{TestCompany, TestServer};

/// A server that misbehaves as ordered, a company on it, and a client of that company.
pub(crate) async fn misbehaving(orders: &str) -> (TestServer, TestCompany, Client) {
    let plan: FaultPlan = toml::from_str(orders).unwrap();
    let server = TestServer::with_options(move |options| {
        options.public_url = None;
        options.faults = Some(Faults::open(plan.clone()).unwrap());
    })
    .await;
    let company = server.company("Acme").await;
    let client = client_of(&server, &company.token);
    (server, company, client)
}

pub(crate) fn client_of(server: &TestServer, token: &str) -> Client {
    let url = ServerUrl::parse(&format!("http://{}", server.address())).unwrap();
    Client::new(ClientOptions::new(url, Token::parse(token).unwrap())).unwrap()
}
