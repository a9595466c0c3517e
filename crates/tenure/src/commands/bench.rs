//! `tenure bench`.

use crate::bench::{self, Bound, Extent, Line};
use crate::cli::{Global, Output};
use crate::failure::Failure;
use crate::operate::runtime;
use crate::print;
use metrics_exporter_prometheus::PrometheusBuilder;
use tracing_subscriber::EnvFilter;

pub(crate) fn run(global: &Global, quick: bool) -> Result<(), Failure> {
    // The servers write their log lines as always; here they go nowhere.
    let filter = EnvFilter::new("info");
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::io::sink).init();
    // And they count, as always.
    let metrics = PrometheusBuilder::new().install_recorder().map_err(Failure::new)?;
    let extent = if quick { Extent::QUICK } else { Extent::FULL };
    let told = |what: &str| print::note(&format!("bench: {what}"));
    let lines = runtime()?.block_on(bench::run(extent, &metrics, &told)).map_err(Failure::new)?;
    if global.output == Output::Json {
        print::json(&lines);
    } else {
        print::result(&table(&lines));
    }
    Ok(())
}

fn table(lines: &[Line]) -> String {
    let row = |line: &Line| {
        let Line { name, unit, baseline, measured, ratio, spread: (low, high), bound, holds } = line;
        let none = || "–".to_owned();
        let bound = bound.map_or_else(none, |bound| match bound {
            Bound::AtLeast(least) => format!("≥ {least:.2}"),
            Bound::AtMost(most) => format!("≤ {most:.2}"),
        });
        let baseline = baseline.map_or_else(none, |baseline| format!("{baseline:.0} {unit}"));
        let measured =
            if *unit == "s" { format!("{measured:.2} s") } else { format!("{measured:.0} {unit}") };
        let spread = format!("{low:.2} – {high:.2}");
        let holds = match holds {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "–",
        };
        vec![name.clone(), baseline, measured, format!("{ratio:.2}"), spread, bound, holds.to_owned()]
    };
    let headers = ["WHAT", "BASELINE", "MEASURED", "RATIO", "SPREAD", "BOUND", "HOLDS"];
    print::table(&headers, lines.iter().map(row), "nothing was measured")
}
