//! Lists, page by page.

use serde::Deserialize;

/// A page of a list, as servers send it.
#[derive(Debug, Clone, Deserialize)]
pub struct Page<T> {
    /// Where the next one is.
    #[serde(default, rename = "_pagination")]
    pub pagination: Option<Pagination>,
    /// What is on it.
    #[serde(rename = "_results")]
    pub results: Vec<T>,
}

/// Where the next page is.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Pagination {
    /// Its whole URL; none after the last.
    #[serde(default)]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Where the next page is; published servers leave the whole object out where everything fits one answer.
    pub(crate) fn next(&self) -> Option<&str> {
        self.pagination.as_ref()?.next.as_deref().filter(|next| !next.is_empty())
    }
}
