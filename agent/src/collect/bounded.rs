//! Runs one collector within its budget.
//! It does not know what a collector reads; it counts, and stops it (docs/decisions/0034-budgets-of-collectors.md).
//! Invariant: a collector that was stopped or that panicked has failed, says so, and states nothing: half of what it saw could be wrong.

use super::{Collected, Collector, Gather};
use crate::access::{ALWAYS_THE_SAME, Budget, Cost, Host, Metered, Spent, remembered_look};
use daicho_schemas::batch::Outcome;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Runs one collector. The others and the agent go on, whatever becomes of it.
pub fn run(collector: &dyn Collector, host: &dyn Host) -> Collected {
    run_counted(collector, host).0
}

/// The same, with what it used.
pub fn run_counted(collector: &dyn Collector, host: &dyn Host) -> (Collected, Cost) {
    if !collector.platforms().contains(&host.platform()) {
        return (Gather::new().finish_not_applicable(), Cost::default());
    }
    let budget = collector.budget();
    let metered = Metered::new(host, budget);
    // A collector holds nothing beyond its own call, so nothing half-changed survives a panic.
    // Where it read nothing but files, and they are as they were, it says what it said.
    let look =
        || remembered_look(&metered, collector.id(), ALWAYS_THE_SAME, is_lasting, |host| collector.collect(host));
    let collected = catch_unwind(AssertUnwindSafe(look)).map(Arc::unwrap_or_clone);
    let cost = metered.cost();
    let collected = match (cost.spent, collected) {
        (Some(spent), _) => failed(collector, TroubleKind::Stopped, stopped(spent, &budget)),
        (None, Ok(collected)) => collected,
        (None, Err(_)) => {
            let text = "the collector stopped with an error of its own; please report this as a bug";
            failed(collector, TroubleKind::Unreadable, text.to_owned())
        }
    };
    (collected, cost)
}

/// What could not be read this time may be readable the next time, with the same stamps.
fn is_lasting(collected: &Collected) -> bool {
    let passes = |trouble: &Trouble| matches!(trouble.kind, TroubleKind::Unreadable | TroubleKind::NotPermitted);
    collected.outcome != Outcome::Failed && !collected.troubles.iter().any(passes)
}

fn failed(collector: &dyn Collector, kind: TroubleKind, text: String) -> Collected {
    let troubles = vec![Trouble::new(kind, collector.id(), text)];
    Collected { outcome: Outcome::Failed, sources: Vec::new(), troubles, items: Vec::new() }
}

/// The budget stands there, not what was used: that differs from look to look.
fn stopped(spent: Spent, budget: &Budget) -> String {
    let mebibytes = |bytes: u64| bytes >> 20;
    let budget = match spent {
        Spent::Time => format!("{} seconds", budget.time.as_secs()),
        Spent::Bytes => format!("{} MiB of files", mebibytes(budget.bytes)),
        Spent::Memory => format!("{} MiB of memory", mebibytes(budget.memory_bytes)),
    };
    format!(
        "the collector was stopped: it had used up its budget of {budget}; what was known of it before stays, and changes are not seen. \
         `daicho-agent inventory --costs` on the host shows what it reads"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::RecordedHost;
    use daicho_schemas::text::Text;

    struct Reads(fn(&dyn Host) -> Collected);

    impl Collector for Reads {
        fn id(&self) -> &'static str {
            "reads"
        }
        fn about(&self) -> Text {
            Text::same("reads")
        }
        fn places(&self) -> &'static [&'static str] {
            &[]
        }
        fn watches(&self) -> &'static [&'static str] {
            &[]
        }
        fn budget(&self) -> Budget {
            Budget { bytes: 1 << 20, ..Budget::USUAL }
        }
        fn collect(&self, host: &dyn Host) -> Collected {
            (self.0)(host)
        }
    }

    #[test]
    fn a_panic_becomes_a_failed_outcome() {
        let collected = run(&Reads(|_| panic!("on purpose")), &RecordedHost::image("/nonexistent"));
        assert_eq!(collected.outcome, Outcome::Failed);
        assert_eq!(collected.troubles[0].place, "reads");
    }

    /// It takes no notice of errors and believes that it is complete; it is not.
    #[test]
    fn a_collector_that_reads_too_much_states_nothing_and_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), vec![0; 700 << 10]).unwrap();
        let host = RecordedHost::image(folder.path());
        let (once, cost) = run_counted(&Reads(|host| look(host, 1)), &host);
        assert_eq!((once.outcome, cost.bytes, cost.spent), (Outcome::Complete, 700 << 10, None));
        let (thrice, cost) = run_counted(&Reads(|host| look(host, 3)), &host);
        assert_eq!((thrice.outcome, thrice.items.len()), (Outcome::Failed, 0));
        assert_eq!((thrice.troubles[0].kind, cost.spent), (TroubleKind::Stopped, Some(Spent::Bytes)));
        assert!(thrice.troubles[0].text.contains("1 MiB of files"), "{}", thrice.troubles[0].text);
        assert_eq!(cost.bytes, 1400 << 10, "nothing more was read");
    }

    fn look(host: &dyn Host, times: usize) -> Collected {
        let mut gather = Gather::new();
        for _ in 0..times {
            if host.read("/file", usize::MAX / 2).is_ok() {
                gather.source("/file");
            }
        }
        gather.finish()
    }
}
