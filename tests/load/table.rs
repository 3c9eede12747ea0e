//! Lines of figures as the table of `docs/benchmarks.md`.
//! It does not measure. Invariant: a row shows one line, and nothing that is not in it.

use crate::figures::Figures;
use std::fmt::Write as _;

const HEAD: &str = "| scenario | hosts x packages | requests | answers | server CPU each, us | of that the ledger's thread, us | p50 / p99, ms | wire, B | handshake, B | resumed | memory, MB | entries stored |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
";

/// The table of lines of JSON.
pub(crate) fn of(lines: &str) -> anyhow::Result<String> {
    let mut table = HEAD.to_string();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let figures: Figures = serde_json::from_str(line)?;
        let answers: Vec<String> = figures.answers.iter().map(|(status, count)| format!("{status}: {count}")).collect();
        let millis = |micros: u64| micros as f64 / 1000.0;
        writeln!(
            table,
            "| {} {} | {} x {} | {} | {} | {:.0} | {:.0} | {:.1} / {:.1} | {} | {} | {} | {} | {} |",
            figures.scenario,
            figures.what,
            figures.hosts,
            figures.packages,
            figures.requests,
            answers.join(", "),
            figures.cpu_us,
            figures.door_us,
            millis(figures.p50_us),
            millis(figures.p99_us),
            figures.wire_bytes,
            figures.handshake_bytes,
            figures.resumed,
            figures.memory_bytes >> 20,
            figures.after.entries.saturating_sub(figures.before.entries),
        )?;
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_row() {
        let line =
            serde_json::to_string(&Figures { scenario: "churn".into(), hosts: 3, ..Figures::default() }).unwrap();
        let table = of(&format!("{line}\n\n{line}\n")).unwrap();
        assert_eq!(table.lines().filter(|row| row.starts_with("| churn ")).count(), 2);
        assert!(of("not a line").is_err());
    }
}
