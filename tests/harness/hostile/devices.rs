//! Configurations of devices that a person or a drop folder hands in. The first byte picks the parser, so that a fuzzer
//! gets past recognition. It does not know any maker's words.
//! Invariant: whatever the bytes are, there is a refusal in words that can be printed, or readings within their limits.

use daicho_schemas::fact::device::{Answer, GAPS_MAX, GROUNDS_MAX, WAYS_IN_MAX};

pub(super) fn read(bytes: &[u8]) {
    let (pick, file) = bytes.split_first().map_or((0, bytes), |(pick, file)| (usize::from(*pick), file));
    let families = daicho_devices::families();
    let outcome = match families.get(pick % (families.len() + 1)) {
        Some(family) => daicho_devices::read_as(family, file),
        None => daicho_devices::read(file),
    };
    let readings = match outcome {
        Err(refused) => {
            assert!(!refused.text.ja.is_empty() && !refused.remedy.en.is_empty());
            return;
        }
        Ok(readings) => readings,
    };
    for reading in &readings {
        assert!(reading.ways_in.len() <= WAYS_IN_MAX && reading.gaps.len() <= GAPS_MAX);
        for answered in
            reading.ways_in.iter().flat_map(|way| [&way.enabled, &way.restriction.restricted, &way.second_factor])
        {
            assert!(answered.because.len() <= GROUNDS_MAX);
            assert!(!matches!(answered.answer, Answer::Yes | Answer::No) || !answered.because.is_empty());
        }
        let again = serde_json::from_str(&serde_json::to_string(reading).unwrap()).unwrap();
        assert_eq!(*reading, again);
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let files: [&[u8]; 7] = [
        include_bytes!("../../../agent/devices/fixtures/yamaha_rt/caterer_shift_jis/input.txt"),
        include_bytes!("../../../agent/devices/fixtures/yamaha_rt/console_residue/input.txt"),
        include_bytes!("../../../agent/devices/fixtures/nec_ix/clinic_l2tp/input.txt"),
        include_bytes!("../../../agent/devices/fixtures/fortios/backup_open/input.conf"),
        include_bytes!("../../../agent/devices/fixtures/cisco_asa/hospital_open/input.txt"),
        include_bytes!("../../../agent/devices/fixtures/cisco_ios/branch_open/input.txt"),
        include_bytes!("../../../agent/devices/fixtures/cisco_ios/flat_restricted/input.txt"),
    ];
    let picks = u8::try_from(daicho_devices::families().len()).unwrap();
    files.iter().flat_map(|file| (0..=picks).map(|pick| [&[pick], *file].concat())).collect()
}
