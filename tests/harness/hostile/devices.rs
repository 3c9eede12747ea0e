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
        reading.check().unwrap();
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

/// One sample of each family; more where what people paste differs much.
const SAMPLES: [(&str, &[u8]); 18] = [
    ("yamaha_rt", include_bytes!("../../../agent/devices/fixtures/yamaha_rt/caterer_shift_jis/input.txt")),
    ("yamaha_rt", include_bytes!("../../../agent/devices/fixtures/yamaha_rt/console_residue/input.txt")),
    ("nec_ix", include_bytes!("../../../agent/devices/fixtures/nec_ix/clinic_l2tp/input.txt")),
    ("fortios", include_bytes!("../../../agent/devices/fixtures/fortios/backup_open/input.conf")),
    ("cisco_asa", include_bytes!("../../../agent/devices/fixtures/cisco_asa/hospital_open/input.txt")),
    ("cisco_ios", include_bytes!("../../../agent/devices/fixtures/cisco_ios/branch_open/input.txt")),
    ("cisco_ios", include_bytes!("../../../agent/devices/fixtures/cisco_ios/flat_restricted/input.txt")),
    ("fitelnet", include_bytes!("../../../agent/devices/fixtures/fitelnet/tunnels/input.txt")),
    ("century_nxr", include_bytes!("../../../agent/devices/fixtures/century_nxr/tunnels/input.txt")),
    ("netscaler", include_bytes!("../../../agent/devices/fixtures/netscaler/gateway_open/input.conf")),
    ("netscaler", include_bytes!("../../../agent/devices/fixtures/netscaler/restricted/input.txt")),
    ("awplus", include_bytes!("../../../agent/devices/fixtures/awplus/clinic_open/input.txt")),
    ("awplus", include_bytes!("../../../agent/devices/fixtures/awplus/plant_firewall/input.txt")),
    ("si_r", include_bytes!("../../../agent/devices/fixtures/si_r/tunnels/input.txt")),
    ("softether", include_bytes!("../../../agent/devices/fixtures/softether/server/input.config")),
    ("openvpn", include_bytes!("../../../agent/devices/fixtures/openvpn/server/input.conf")),
    ("strongswan", include_bytes!("../../../agent/devices/fixtures/strongswan/swanctl/input.conf")),
    ("wireguard", include_bytes!("../../../agent/devices/fixtures/wireguard/wg_quick/input.conf")),
];

/// Each is read by the parser of its own family, by the next one's, and by whichever recognises it.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let families = daicho_devices::families();
    let mut seeds = Vec::new();
    for (family, file) in SAMPLES {
        let own = families.iter().position(|known| *known == family).unwrap();
        let picks = [own, (own + 1) % families.len(), families.len()];
        seeds.extend(picks.map(|pick| [&[u8::try_from(pick).unwrap()], file].concat()));
    }
    seeds
}
