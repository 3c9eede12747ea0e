//! Which microcode the processors run (Linux, `Documentation/ABI/testing/sysfs-devices-system-cpu`): firmware that is replaced
//! at start, by the machine's maker or by the distribution.
//! It does not know which revision is current or which flaw it mends; `hardware` tells which processors they are.
//! Invariant: one observation per revision that runs; processors that differ are all named.

use super::{Collected, Collector, Gather};
use crate::access::Host;
use daicho_schemas::fact::observation::{Hardware, HardwarePart, Observation};
use daicho_schemas::text::Text;
use std::collections::BTreeMap;

const CPUS: &str = "/sys/devices/system/cpu";
/// One folder per processor and about twenty others; the largest machines have a few thousand.
const CPUS_MAX: usize = 10_000;

/// Collects the microcode revisions.
pub(crate) struct CpuMicrocodeCollector;

impl Collector for CpuMicrocodeCollector {
    fn id(&self) -> &'static str {
        "cpu_microcode"
    }

    fn about(&self) -> Text {
        Text::new("CPU のマイクロコードの版", "processor microcode revisions")
    }

    fn places(&self) -> &'static [&'static str] {
        &[CPUS, "/sys/devices/system/cpu/cpu*/microcode/version"]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let Ok(listing) = host.list(CPUS, CPUS_MAX) else { return gather.finish_not_applicable() };
        let numbered = |name: &&String| name.strip_prefix("cpu").is_some_and(|number| number.parse::<u32>().is_ok());
        let mut revisions: BTreeMap<String, u64> = BTreeMap::new();
        for name in listing.names.iter().filter(numbered) {
            if let Some(revision) = gather.value(host, &format!("{CPUS}/{name}/microcode/version")) {
                *revisions.entry(revision).or_default() += 1;
            }
        }
        // ARM processors, and many virtual machines, have none to show.
        if revisions.is_empty() {
            return gather.finish_not_applicable();
        }
        gather.source(CPUS);
        for (revision, count) in revisions {
            let slot = format!("microcode-{revision}");
            let known = Hardware::new(HardwarePart::Cpu, slot, CPUS);
            let microcode = Hardware { firmware: Some(revision), count: Some(count), ..known };
            gather.item(CPUS, Observation::Hardware(microcode));
        }
        gather.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Machine;
    use crate::collect::golden;
    use daicho_schemas::batch::Outcome;

    #[test]
    fn samples_give_their_goldens_from_documented_places_only() {
        let host = golden::running(&CpuMicrocodeCollector, "two_revisions", Machine::default());
        let collected = golden::check(&CpuMicrocodeCollector, "two_revisions", &host);
        assert_eq!((collected.outcome, collected.items.len()), (Outcome::Complete, 2));
        golden::every_documented_place(&CpuMicrocodeCollector, &[&host]);
    }

    #[test]
    fn a_machine_that_shows_none_is_not_applicable() {
        let host = golden::running(&CpuMicrocodeCollector, "none", Machine::default());
        assert_eq!(golden::check(&CpuMicrocodeCollector, "none", &host).outcome, Outcome::NotApplicable);
    }
}
