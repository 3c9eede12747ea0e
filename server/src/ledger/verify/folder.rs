//! The walk over a ledger that is kept in a folder of files, with what opening it finds: damaged files, an unfinished end.
//! It does not repair anything. Invariant: bytes that are not whole entries are never passed over, also not behind the last one.

use super::{BadPlace, Checker, Report, Wrong, verify_engine};
use crate::ledger::engine::{Engine as _, EngineFault};
use crate::ledger::engines::segments::{Looking, OpenFault, TornTail};
use daicho_schemas::canonical::Hash;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How often an unfinished end is looked at again.
const LOOKS_MAX: u32 = 4;

/// Walks a ledger in its folder, whether or not a server has it open. `progress` hears the number of entries so far.
///
/// A server that is appending leaves an unfinished end for moments. One that is still the same after `patience` is no such
/// thing: it is reported. Only a failure of the disk is an error; what is wrong with the ledger is in the report.
pub fn verify_folder(
    folder: &Path,
    noted: Option<Hash>,
    patience: Duration,
    progress: &mut dyn FnMut(u64),
) -> Result<Report, OpenFault> {
    let (engine, opened) = match Looking::open(folder) {
        Err(OpenFault::Engine(EngineFault::Damaged { seq, path, what })) => {
            let wrong = Wrong::Damaged(format!("{what} ({})", path.display()));
            return Ok(Checker::new(noted).report(Some(BadPlace { seq, place: None, wrong }), false));
        }
        opened => opened?,
    };
    let mut report = verify_engine(&engine, noted, progress)?;
    let walked_to_the_end = report.head == engine.head();
    if walked_to_the_end && let Some(torn) = still_torn(folder, opened.torn, patience)? {
        let wrong = Wrong::Unfinished { bytes: torn.bytes, file: torn.segment.display().to_string() };
        report.bad = Some(BadPlace { seq: torn.from_seq, place: None, wrong });
    }
    Ok(report)
}

/// The unfinished end that was there at first, if it does not go away.
fn still_torn(folder: &Path, torn: Vec<TornTail>, patience: Duration) -> Result<Option<TornTail>, OpenFault> {
    let Some(first) = torn.into_iter().next_back() else { return Ok(None) };
    for _ in 0..LOOKS_MAX {
        thread::sleep(patience / LOOKS_MAX);
        let same = match Looking::open(folder) {
            Ok((_, opened)) => {
                opened.torn.iter().any(|torn| (&torn.segment, torn.from_seq) == (&first.segment, first.from_seq))
            }
            // What is damaged by now was not whole before either.
            Err(OpenFault::Engine(EngineFault::Damaged { .. })) => true,
            Err(fault) => return Err(fault),
        };
        if !same {
            return Ok(None);
        }
    }
    Ok(Some(first))
}
