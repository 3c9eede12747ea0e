//! What each collector's look used, as a table: the dearest first.
//! It does not measure.
//! Invariant: every collector has its row, and the last row is their sum.

use super::table;
use crate::access::{Cost, Spent};
use std::time::Duration;

/// The table, from rows of a collector's name and what it used.
pub fn costs_table(costs: &[(&str, Cost)]) -> String {
    let mut sorted: Vec<&(&str, Cost)> = costs.iter().collect();
    sorted.sort_by_key(|(name, cost)| (std::cmp::Reverse((cost.processor, cost.time)), *name));
    let mut rows = table([
        "collector / 収集器",
        "CPU ms",
        "time ms / 経過",
        "read kB / 読取",
        "accesses / 回数",
        "peak kB / 最大",
    ]);
    let sum = |of: fn(&Cost) -> u64| costs.iter().map(|(_, cost)| of(cost)).sum::<u64>();
    let total = Cost {
        time: costs.iter().map(|(_, cost)| cost.time).sum(),
        processor: costs.iter().map(|(_, cost)| cost.processor).sum(),
        bytes: sum(|cost| cost.bytes),
        accesses: sum(|cost| cost.accesses),
        memory_bytes: costs.iter().map(|(_, cost)| cost.memory_bytes).sum(),
        spent: None,
    };
    for (name, cost) in sorted.into_iter().chain([&("all / 合計", total)]) {
        let stopped = match cost.spent {
            None => "",
            Some(Spent::Time) => " (STOPPED: time)",
            Some(Spent::Bytes) => " (STOPPED: bytes)",
            Some(Spent::Memory) => " (STOPPED: memory)",
        };
        let milliseconds = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1000.0);
        rows.add_row([
            format!("{name}{stopped}"),
            cost.processor.map_or_else(|| "–".into(), milliseconds),
            milliseconds(cost.time),
            (cost.bytes / 1024).to_string(),
            cost.accesses.to_string(),
            cost.memory_bytes.map_or_else(|| "–".into(), |bytes| format!("+{}", bytes / 1024)),
        ]);
    }
    rows.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dearest_comes_first_and_the_sum_last() {
        let cost = |milliseconds, spent| Cost {
            processor: Some(Duration::from_millis(milliseconds)),
            bytes: 2048,
            spent,
            ..Cost::default()
        };
        let text = costs_table(&[("small", cost(1, None)), ("large", cost(20, Some(Spent::Bytes)))]);
        let rows: Vec<&str> = text.lines().filter(|line| line.contains(".0 ")).collect();
        assert!(rows[0].contains("large (STOPPED: bytes)") && rows[0].contains(" 20.0 "), "{text}");
        assert!(rows[1].contains("small") && rows[2].contains(" 21.0 ") && rows[2].contains(" 4 "), "{text}");
    }
}
