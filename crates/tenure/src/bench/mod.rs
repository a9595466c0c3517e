//! `tenure bench`: what this machine gives with Tenure, as ratios to what it gives without. Machines are noisy, so a
//! figure is only worth something beside a baseline of the same run: each is taken in turns with its baseline, several
//! times, and the median of the ratios counts. The lines are those of `contract/rest.md` and
//! `contract/scim.md` and `contract/lifecycle.md`, "Speed", and those of webhooks, to which no goal was set.

mod automate;
mod baseline;
mod large;
mod load;
mod measure;
mod receiver;
mod scim;
mod subject;
mod webhooks;

use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use std::time::Duration;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    /// How long each single measurement takes.
    pub(crate) time: Duration,
    /// How often a measurement and its baseline are taken in turns.
    pub(crate) rounds: usize,
    /// Teammates of the company that most lines are measured with.
    pub(crate) teammates: u64,
    /// Teammates of the large company, and of all small companies together.
    pub(crate) many: u64,
    /// How long each measurement of SCIM takes, of which there are many.
    pub(crate) scim_time: Duration,
    /// Events that are enqueued for a webhook, and delivered.
    pub(crate) webhook_events: u64,
    /// Writes whose way to a receiver is measured, one at a time.
    pub(crate) webhook_writes: u64,
}

impl Extent {
    /// Everything as the contract says it.
    pub(crate) const FULL: Self = Self {
        time: Duration::from_secs(3),
        rounds: 5,
        teammates: 100_000,
        many: 1_000_000,
        scim_time: Duration::from_secs(2),
        webhook_events: 50_000,
        webhook_writes: 200,
    };
    /// Within a minute: the same lines, with a tenth of the data.
    pub(crate) const QUICK: Self = Self {
        time: Duration::from_millis(500),
        rounds: 3,
        teammates: 10_000,
        many: 100_000,
        scim_time: Duration::from_millis(200),
        webhook_events: 5_000,
        webhook_writes: 50,
    };
}

/// What a line is held to.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    /// The ratio must be at least this.
    AtLeast(f64),
    /// The ratio, or the value where there is no baseline, must be at most this.
    AtMost(f64),
}

/// One line of the table.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    /// The median of the baseline; absent where the value counts by itself.
    pub(crate) baseline: Option<f64>,
    /// The median of what was measured.
    pub(crate) measured: f64,
    /// The median of the ratios of each round; of the values, where there is no baseline.
    pub(crate) ratio: f64,
    /// The smallest and the largest of them.
    pub(crate) spread: (f64, f64),
    /// Absent where no goal was set.
    pub(crate) bound: Option<Bound>,
    pub(crate) holds: Option<bool>,
}

impl Line {
    /// A line from the pairs (baseline, measured) of all rounds.
    pub(crate) fn of_ratios(
        name: impl Into<String>,
        unit: &'static str,
        pairs: &[(f64, f64)],
        bound: impl Into<Option<Bound>>,
    ) -> Self {
        let ratios: Vec<f64> = pairs.iter().map(|(baseline, measured)| measured / baseline).collect();
        let baseline = median(&pairs.iter().map(|pair| pair.0).collect::<Vec<_>>());
        let measured = median(&pairs.iter().map(|pair| pair.1).collect::<Vec<_>>());
        Self::new(name.into(), unit, Some(baseline), measured, &ratios, bound.into())
    }

    /// A line from values that count by themselves.
    pub(crate) fn of_values(
        name: impl Into<String>,
        unit: &'static str,
        values: &[f64],
        bound: Bound,
    ) -> Self {
        Self::new(name.into(), unit, None, median(values), values, Some(bound))
    }

    fn new(
        name: String,
        unit: &'static str,
        baseline: Option<f64>,
        measured: f64,
        counted: &[f64],
        bound: Option<Bound>,
    ) -> Self {
        let ratio = median(counted);
        let spread = counted
            .iter()
            .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
        let holds = bound.map(|bound| match bound {
            Bound::AtLeast(least) => ratio >= least,
            Bound::AtMost(most) => ratio <= most,
        });
        Self { name, unit, baseline, measured, ratio, spread, bound, holds }
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Measures every line; `told` hears what is being done.
pub(crate) async fn run(
    extent: Extent,
    metrics: &PrometheusHandle,
    told: &dyn Fn(&str),
) -> Result<Vec<Line>, String> {
    // First, while the process has little memory that it could use again.
    let of_automation = automate::run(extent, metrics, told).await?;
    let mut lines = measure::run(extent, metrics, told).await?;
    let of_scim = Extent { time: extent.scim_time, ..extent };
    lines.extend(scim::run(of_scim, metrics, told).await?);
    lines.extend(webhooks::run(extent, metrics, told).await?);
    lines.extend(large::run(extent, metrics, told).await?);
    lines.extend(of_automation);
    Ok(lines)
}
