//! A client for servers on this machine: it trusts nobody's certificate, since none of them shows one.

use std::sync::Arc;

/// A client without proxies. Its TLS has a provider and no roots: without a provider it could not be made at all, and
/// loading the system's roots takes long and fails where there are none.
pub(crate) fn local_client() -> reqwest::ClientBuilder {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    // Tests see what was sent; another crate of the same build may turn unpacking on.
    reqwest::Client::builder().no_proxy().no_gzip().tls_backend_preconfigured(tls)
}
