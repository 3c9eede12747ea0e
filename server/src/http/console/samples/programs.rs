//! A program of no package and a file that differs from its package's, as the golden vectors have them, and one in a container.
//! It does not know any real host. Invariant: every sort that the page words differently stands here.

use daicho_schemas::fact::observation::{Observation, ProgramPlace, ProgramSort, StarterSort};

const GOLDEN: [&str; 2] = [
    include_str!("../../../../../schemas/golden/program.v1.json"),
    include_str!("../../../../../schemas/golden/changed_file.v1.json"),
];

pub(super) fn programs() -> Vec<Observation> {
    let mut all: Vec<Observation> = GOLDEN.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    let Some(Observation::Program(golden)) = all.first().cloned() else { unreachable!("the golden is a program") };
    let sorts = [StarterSort::Timer, StarterSort::RcScript, StarterSort::Process];
    for (place, sort) in [ProgramPlace::Deleted, ProgramPlace::OtherRoot, ProgramPlace::Host].into_iter().zip(sorts) {
        let mut program = golden.clone();
        program.place = place;
        program.path = format!("/srv/<{place:?}>");
        program.sort = ProgramSort::Script;
        program.interpreter = place.is_host().then(|| "/usr/bin/python3.11".into());
        program.seen_running = place.is_host();
        program.started_by.iter_mut().for_each(|starter| starter.sort = sort);
        all.push(Observation::Program(program));
    }
    all
}
