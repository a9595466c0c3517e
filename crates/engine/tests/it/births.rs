//! A follower for tests.

use tenure_directory::Event;
use tenure_engine::{Followed, Follower};
use tenure_journal::{Output, Stream};

/// A follower that notes every new teammate.
#[derive(Debug, Default)]
pub(crate) struct Births;

impl Follower for Births {
    fn name(&self) -> &'static str {
        "births"
    }

    fn produce(&self, followed: &Followed<'_>) -> Vec<Output> {
        let Event::TeammateCreated(created) = &followed.recorded.event else { return vec![] };
        vec![Output {
            follower: self.name().to_owned(),
            key: format!("{}/{}", followed.company, created.teammate),
            stream: Stream(followed.company.number()),
            due_ms: 0,
            attempts: 0,
            body: "{}".to_owned(),
        }]
    }
}
