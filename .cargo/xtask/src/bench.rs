//! `cargo xtask bench`: the figures, under the names that targets have. A figure that was not measured is absent.

mod browser;
mod bundle;
mod crowd;
mod logs;
mod pair;
mod proxy;
mod yards;

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::arguments::Arguments;
use crate::install;
use crate::native;
use crate::page::{self, Mode};
use crate::workspace::{Failure, Workspace};

/// One figure.
struct Figure {
    name: &'static str,
    unit: &'static str,
    ours: f64,
    /// What it is measured against, on this machine and in this run, and what that is.
    other: Option<(f64, &'static str)>,
    /// How it was measured, in one line.
    how: String,
}

/// One measurement, which may give several figures.
struct Bench {
    names: &'static [&'static str],
    measure: fn(&Workspace) -> Result<Vec<Figure>, Failure>,
}

const BENCHES: [Bench; 22] = [
    Bench { names: &["app.bundle_kb"], measure: bundle::measure },
    Bench { names: &["proxy.start_ms", "proxy.rest_mb"], measure: proxy::at_rest },
    Bench { names: &["watch.proxy_mb_10k"], measure: proxy::with_10k },
    Bench { names: &["watch.proxy_mb_50k"], measure: proxy::with_50k },
    Bench { names: &["watch.events_per_core"], measure: proxy::events },
    Bench { names: &["watch.upstreams"], measure: crowd::upstreams },
    Bench { names: &["watch.added_p50_ms", "watch.added_p99_ms"], measure: crowd::latency },
    Bench { names: &["watch.join_storm_s", "watch.join_storm_peak_mb"], measure: crowd::storm },
    Bench { names: &["ws.idle_kb"], measure: crowd::idle },
    Bench { names: &["logs.vs_kubectl", "logs.follows_500_mb", "logs.read_lost", "logs.read_doubled"], measure: logs::measure },
    Bench { names: &["sync.observers_1500_p99_ms"], measure: yards::observers },
    Bench { names: &["sync.writers_200_p99_ms"], measure: yards::writers },
    Bench { names: &["sync.join_storm_s"], measure: yards::storm },
    Bench { names: &["sync.heal_s"], measure: yards::heal },
    Bench { names: &["sync.durable_p99_ms"], measure: yards::durable },
    Bench { names: &["sync.room_kb"], measure: yards::memory },
    Bench { names: &["app.first_rows_10k_ms"], measure: browser::first_rows },
    Bench { names: &["app.mb_10k"], measure: browser::memory },
    Bench { names: &["app.long_task_ms"], measure: browser::long_tasks },
    Bench { names: &["spotlight.key_ms"], measure: browser::spotlight },
    Bench { names: &["yard.pan_p95_ms"], measure: browser::pan },
    Bench { names: &["table.vs_vanilla"], measure: browser::table },
];

/// # Errors
/// When a name is unknown, or a measurement cannot be made; after the others were.
pub(crate) fn run(workspace: &Workspace, arguments: &mut Arguments) -> Result<(), Failure> {
    let file: Option<PathBuf> = arguments.value("--json")?;
    let as_built = arguments.flag("--as-built");
    let names = arguments.words();
    arguments.finish()?;
    let known = || BENCHES.iter().flat_map(|bench| bench.names);
    if let Some(unknown) = names.iter().find(|name| !known().any(|known| known == name)) {
        return Err(Failure::new(format!("there is no figure `{unknown}`; there are: {}", known().copied().collect::<Vec<_>>().join(", "))));
    }
    let wanted = |bench: &&Bench| names.is_empty() || bench.names.iter().any(|name| names.iter().any(|wanted| wanted == name));
    if !as_built {
        build(workspace)?;
    }
    let (mut figures, mut failed) = (Vec::new(), Vec::new());
    for bench in BENCHES.iter().filter(wanted) {
        println!("measuring {}", bench.names.join(", "));
        match (bench.measure)(workspace) {
            Ok(measured) => figures.extend(measured),
            Err(failure) => failed.push(format!("{}: {failure}", bench.names.join(", "))),
        }
    }
    print!("{}", table(&figures));
    if let Some(file) = file {
        let list: Vec<Value> = figures.iter().map(Figure::to_json).collect();
        let text = serde_json::to_string_pretty(&list).map_err(Failure::at("writing figures"))?;
        fs::write(&file, text + "\n").map_err(Failure::at(format!("writing {}", file.display())))?;
    }
    if failed.is_empty() { Ok(()) } else { Err(Failure::new(format!("not measured: {}", failed.join("; ")))) }
}

/// Everything is measured as people run it: optimised programs, the full page.
fn build(workspace: &Workspace) -> Result<(), Failure> {
    install::install(workspace, Mode::Full.needs())?;
    page::build(workspace, Mode::Full)?;
    println!("building optimised programs");
    native::build_programs(
        workspace,
        true,
        &["--example", "subscribe", "--example", "crowd", "--example", "latency", "--example", "yards", "--example", "logs"],
    )
    .map(drop)
}

impl Figure {
    /// Ours by the other.
    fn ratio(&self) -> Option<f64> {
        self.other.filter(|(other, _)| *other > 0.0).map(|(other, _)| self.ours / other)
    }

    fn to_json(&self) -> Value {
        let (other, other_is) = self.other.unzip();
        json!({ "name": self.name, "unit": self.unit, "ours": rounded(self.ours), "other": other.map(rounded), "other_is": other_is, "ratio": self.ratio().map(rounded), "how": self.how })
    }
}

/// Three digits that count: more would be noise.
fn rounded(value: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let digits = 2 - value.abs().log10().floor() as i32;
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

fn table(figures: &[Figure]) -> String {
    let mut text = format!("\n{:24} {:>12} {:>12} {:>7}  {}\n", "what", "ours", "other", "ratio", "how");
    for figure in figures {
        let other = figure.other.map_or("-".into(), |(other, is)| format!("{} {is}", rounded(other)));
        let ratio = figure.ratio().map_or("-".into(), |ratio| rounded(ratio).to_string());
        let ours = format!("{} {}", rounded(figure.ours), figure.unit);
        text += &format!("{:24} {ours:>12} {other:>12} {ratio:>7}  {}\n", figure.name, figure.how);
    }
    text
}

/// The middle one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_rounded_to_what_counts() {
        assert_eq!([rounded(1234.5), rounded(12.345), rounded(0.012_345), rounded(0.0)], [1230.0, 12.3, 0.0123, 0.0]);
    }

    #[test]
    fn a_figure_without_another_has_no_ratio() {
        let mut figure = Figure { name: "proxy.rest_mb", unit: "MB", ours: 12.0, other: None, how: "read".into() };
        assert_eq!(figure.to_json()["ratio"], Value::Null);
        figure.other = Some((24.0, "another"));
        assert_eq!(figure.to_json()["ratio"], 0.5);
    }

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(median(vec![9.0, 1.0, 5.0]), 5.0);
    }
}
