//! The table at the end: what criterion measured, as ratios to the floors of the same run.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path, time::Duration};

/// What was measured once for a cluster, beside criterion's figures.
#[derive(Debug)]
pub struct Facts {
    /// How many bindings there are.
    pub bindings: usize,
    /// How long reading the file took, once.
    pub load: Duration,
    /// The size of the file.
    pub file_bytes: u64,
    /// The bytes that the tables take.
    pub table_bytes: usize,
    /// How many tuples (subject, namespace, class) the floors hold.
    pub tuples: usize,
}

/// The table in Markdown. `batch` says how many decisions one measured iteration made.
///
/// `None` when criterion left no figures (it only tests that the benchmark runs).
pub fn table(output: &Path, facts: &[Facts], batch: usize) -> Option<String> {
    let mut text = String::from(
        "| bindings | floor (ids) | floor (strings) | authorize | × ids | × strings | linear | compile | load | bytes/binding | tuples |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for fact in facts {
        let rows: BTreeMap<&str, f64> = ["floor-ids", "floor-strings", "engine", "reference"]
            .into_iter()
            .filter_map(|row| Some((row, median(output, &format!("authorize-{}", fact.bindings), row)?)))
            .map(|(row, nanoseconds)| (row, nanoseconds / float(batch)))
            .collect();
        let (ids, strings, engine) =
            (rows.get("floor-ids")?, rows.get("floor-strings")?, rows.get("engine")?);
        let linear = rows.get("reference").map_or("–".to_owned(), |value| format!("{value:.0} ns"));
        let compile = median(output, "compile", &fact.bindings.to_string())?;
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            text,
            "| {} | {ids:.1} ns | {strings:.1} ns | {engine:.1} ns | {:.2} | {:.2} | {linear} | {:.1} ms | {:.0} ms, {:.0} MB/s | {:.0} | {} |",
            fact.bindings,
            engine / ids,
            engine / strings,
            compile / 1e6,
            fact.load.as_secs_f64() * 1e3,
            float(usize::try_from(fact.file_bytes).unwrap_or(usize::MAX)) / 1e6 / fact.load.as_secs_f64(),
            float(fact.table_bytes) / float(fact.bindings),
            fact.tuples,
        );
    }
    Some(text)
}

/// Criterion's median of an iteration, in nanoseconds.
fn median(output: &Path, group: &str, row: &str) -> Option<f64> {
    let file = output.join(group).join(row).join("new").join("estimates.json");
    let estimates: serde_json::Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    estimates.pointer("/median/point_estimate")?.as_f64()
}

#[expect(clippy::cast_precision_loss, reason = "figures for reading")]
fn float(count: usize) -> f64 {
    count as f64
}
