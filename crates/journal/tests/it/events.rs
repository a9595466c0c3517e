//! Events to append.

use tenure_journal::{Batch, NewEvent, NewPersonal, Stream, StreamAppend, Version};

/// The `number`-th event; every third has a personal part.
pub(crate) fn event(number: u64) -> NewEvent {
    let personal = number.is_multiple_of(3).then(|| NewPersonal {
        salt: [7; 16],
        data: format!("{{\"email\":\"person{number}@example.com\"}}"),
    });
    NewEvent {
        time_ms: 1_767_225_600_000 + i64::try_from(number).unwrap(),
        actor: "api:tok_1".to_owned(),
        name: "thing.happened",
        body: format!("{{\"number\":{number}}}"),
        personal,
        subjects: vec![format!("thing_{}", number % 3)],
    }
}

/// `count` events of a stream that is at `expected`.
pub(crate) fn append(stream: u64, expected: u64, count: u64) -> StreamAppend {
    let events = (expected..expected + count).map(event).collect();
    StreamAppend { stream: Stream(stream), expected: Version(expected), events }
}

/// A batch of these streams.
pub(crate) fn batch(streams: Vec<StreamAppend>) -> Batch {
    Batch { streams, replies: vec![] }
}
