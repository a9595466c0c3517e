//! What is checked beside the model.

use crate::births::Births;
use crate::simulation::disk::Disk;
use fastrand::Rng;
use std::collections::BTreeSet;
use tenure_directory::{Company, CompanyId, Event, Recorded, TeammateId, Version};
use tenure_engine::Follower as _;
use tenure_journal::Journal as _;

/// A reader's state is the replay of what is on the disk: nothing that is not durable, nothing left out, the same bytes.
pub(super) fn reader_sees_what_is_durable(seed: u64, company: &Company, history: &[Recorded]) {
    assert!(
        company.version.number() <= history.len() as u64,
        "seed {seed}: a reader sees version {:?} and the disk has {} events",
        company.version,
        history.len()
    );
    let durable = history.iter().take_while(|recorded| recorded.version <= company.version);
    let replayed = durable.fold(Company::unborn(company.id), tenure_directory::Company::evolve);
    assert!(replayed.to_bytes() == company.to_bytes(), "seed {seed}: replay differs from the live state");
    let times_rise = history.windows(2).all(|pair| pair[0].time <= pair[1].time);
    assert!(times_rise, "seed {seed}: history runs backwards");
    assert_eq!(history.last().map(|last| last.version), Some(Version::new(history.len() as u64)));
}

/// Somebody who reads the list of teammates page by page while it changes.
#[derive(Debug, Default)]
pub(super) struct Pager {
    after: u64,
    visited: BTreeSet<TeammateId>,
    there_from_the_start: BTreeSet<TeammateId>,
}

impl Pager {
    /// Reads the next page. Whether it is one in the middle of a walk.
    pub(super) fn turn(&mut self, seed: u64, company: &Company, rng: &mut Rng) -> bool {
        if self.after == 0 {
            self.there_from_the_start = company.teammates.keys().copied().collect();
        }
        let is_within = self.after > 0;
        let page: Vec<_> =
            company.teammates.range(TeammateId::new(self.after + 1)..).take(rng.usize(1..3)).collect();
        for (id, _) in &page {
            assert!(self.visited.insert(**id), "seed {seed}: {id} is on two pages");
        }
        if let Some((id, _)) = page.last() {
            self.after = id.number();
        } else {
            let missed: Vec<_> = self.there_from_the_start.difference(&self.visited).collect();
            assert!(missed.is_empty(), "seed {seed}: {missed:?} were on no page");
            *self = Self::default();
        }
        is_within
    }
}

impl Births {
    /// Each new teammate was noted exactly once, whatever crashed.
    pub(super) async fn check(&self, seed: u64, disk: &Disk, histories: &[(CompanyId, Recorded)]) {
        let noted = disk.due_outputs(self.name(), 0, usize::MAX).await.unwrap();
        let noted: Vec<_> =
            noted.into_iter().map(|output| output.key).collect::<BTreeSet<_>>().into_iter().collect();
        let born = histories.iter().filter_map(|(company, recorded)| match &recorded.event {
            Event::TeammateCreated(created) => Some(format!("{company}/{}", created.teammate)),
            _ => None,
        });
        let born: Vec<_> = born.collect::<BTreeSet<_>>().into_iter().collect();
        assert_eq!(noted, born, "seed {seed}");
    }
}
