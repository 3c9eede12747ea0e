//! Devices, remote paths and vendors' answers, chosen by bytes: what agents show, and what a person hands in.
//! It does not know admission. Invariant: a choice is well-formed JSON of its kind; whether it keeps to the limits is left to chance.

use super::choices::Choices;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::device::{Answer, DeviceReading, Extent, FarEnd, SourceSort};
use daicho_schemas::fact::device_networks::DeviceNetworks;
use daicho_schemas::fact::device_read::{DeviceRead, HeldBy};
use daicho_schemas::fact::observation::{DeviceConfiguration, DeviceProbed, Observation};
use daicho_schemas::fact::remote_path::{PathEntry, RemoteMaintenanceAnswered, RemotePathRecorded};
use daicho_schemas::ids::{DeviceId, EquipmentId, PlanId, RemotePathId, SupplierId};

const GOLDEN_READ: &str = include_str!("../../../schemas/golden/device_read.v1.json");
const GOLDEN_NETWORKS: &str = include_str!("../../../schemas/golden/device_read.v1-networks.json");
const GOLDEN_PROBED: &str = include_str!("../../../schemas/golden/device_probed.v1.json");
const GOLDEN_PATH: &str = include_str!("../../../schemas/golden/remote_path.v1.json");
const GOLDEN_ANSWER: &str = include_str!("../../../schemas/golden/remote_maintenance_answered.v1.json");
/// The equipment, plan and supplier of the golden plan that every life begins with, and some that are not there.
const EQUIPMENT: [&str; 3] = ["tos", "emr", "gate"];
const PLANS: [&str; 3] = ["plan-tos-1", "plan-emr-2", "plan-2"];
const SUPPLIERS: [&str; 3] = ["example-networks", "acme", "debian"];

fn reading(choices: &mut Choices) -> DeviceReading {
    let mut reading = *serde_json::from_str::<DeviceRead>(GOLDEN_READ).unwrap().reading;
    reading.extent = [Extent::Whole, Extent::Partial][choices.below(2)];
    reading.source.sort = [SourceSort::Configuration, SourceSort::StatusOutput, SourceSort::Opaque][choices.below(3)];
    if choices.rarely(6) {
        reading.source.sha256 = choices.text();
    }
    reading.identity.serial = (!choices.rarely(3)).then(|| ["S1", "s1", " S2 "][choices.below(3)].to_string());
    if choices.rarely(4) {
        reading.identity.name = Some(choices.text());
    }
    reading.identity.macs = vec![["00:00:5e:00:53:01", "x"][choices.below(2)].into()];
    reading.networks = choices.rarely(2).then(|| networks(choices));
    let first = reading.ways_in[0].clone();
    reading.ways_in = (0..choices.below(4))
        .map(|_| {
            let mut way = first.clone();
            way.key = if choices.rarely(4) { choices.text() } else { format!("tunnel {}", choices.below(3)) };
            way.enabled.answer = [Answer::Yes, Answer::No, Answer::Unknown][choices.below(3)];
            way.restriction.restricted.answer = [Answer::Yes, Answer::No, Answer::Unknown][choices.below(3)];
            way.far_end = [FarEnd::Anyone, FarEnd::Unknown, FarEnd::Name(choices.text())][choices.below(3)].clone();
            way
        })
        .collect();
    reading
}

fn networks(choices: &mut Choices) -> DeviceNetworks {
    let mut networks = serde_json::from_str::<DeviceRead>(GOLDEN_NETWORKS).unwrap().reading.networks.unwrap();
    let address = ["192.0.2.1/24", "10.0.0.1/8", "2001:db8::1/64", "192.0.2.1/33", "0.0.0.0/0"][choices.below(5)];
    for own in &mut networks.interfaces {
        own.addresses = vec![address.into()];
        own.shut_down = [Answer::Yes, Answer::No, Answer::Unknown][choices.below(3)];
        own.role = own.role.filter(|_| choices.rarely(2));
        if choices.rarely(5) {
            own.name = choices.text();
        }
    }
    if choices.rarely(4) {
        networks.routes[0].destination = address.into();
    }
    networks
}

/// What an agent shows of a device.
pub(super) fn observation(choices: &mut Choices) -> Observation {
    if choices.below(2) == 0 {
        let file_name = if choices.rarely(6) { choices.text() } else { "gw.txt".into() };
        return Observation::DeviceConfiguration(DeviceConfiguration {
            file_name,
            reading: Box::new(reading(choices)),
        });
    }
    let golden: serde_json::Value = serde_json::from_str(GOLDEN_PROBED).unwrap();
    let mut probed: DeviceProbed = match serde_json::from_value(golden).unwrap() {
        Observation::DeviceProbed(probed) => probed,
        other => unreachable!("{} is another kind", other.kind()),
    };
    probed.address = ["192.0.2.1", "2001:db8::1", "192.0.2.01", "wide"][choices.below(4)].into();
    if let Some(serial) = &mut probed.serial {
        serial.value = if choices.rarely(4) { choices.text() } else { "S1".into() };
    }
    if choices.rarely(4) {
        (probed.serial, probed.engine_id) = (None, Some(choices.text()));
    }
    if choices.rarely(6) {
        probed.answered.reverse();
    }
    Observation::DeviceProbed(probed)
}

/// What a person hands in.
pub(super) fn stated(choices: &mut Choices, seq: u64) -> Fact {
    let device =
        |choices: &mut Choices| DeviceId::new(["gw", "gw-2", "seen-0000000000000000"][choices.below(3)]).unwrap();
    let equipment = |choices: &mut Choices| EquipmentId::new(EQUIPMENT[choices.below(3)]).unwrap();
    let supplier = |choices: &mut Choices| SupplierId::new(SUPPLIERS[choices.below(3)]).unwrap();
    match choices.below(3) {
        0 => {
            let mut read: DeviceRead = serde_json::from_str(GOLDEN_READ).unwrap();
            read.device_id = device(choices);
            read.equipment_id = (!choices.rarely(3)).then(|| equipment(choices));
            read.owner = (!choices.rarely(3)).then(|| HeldBy::Supplier(supplier(choices)));
            read.reading = Box::new(reading(choices));
            Fact::DeviceRead(read)
        }
        1 => {
            let mut said: RemotePathRecorded = serde_json::from_str(GOLDEN_PATH).unwrap();
            said.remote_path_id = RemotePathId::new(["a", "b"][choices.below(2)]).unwrap();
            said.enters = match choices.below(3) {
                0 => PathEntry::DeviceWayIn {
                    device_id: device(choices),
                    way_in: format!("tunnel {}", choices.below(3)),
                },
                1 => PathEntry::HostInterface { host: choices.text(), interface: "wg0".into() },
                _ => PathEntry::Software { host: "TOS-DB-1".into(), software: choices.text() },
            };
            said.equipment_id = (!choices.rarely(3)).then(|| equipment(choices));
            said.supplier_id = (!choices.rarely(3)).then(|| supplier(choices));
            said.contract = choices.rarely(2).then(|| PlanId::new(PLANS[choices.below(3)]).unwrap());
            said.patched_by = None;
            said.removed_on = said.removed_on.filter(|_| choices.rarely(3));
            said.national_network = said.national_network.filter(|_| choices.rarely(4));
            said.purpose = choices.text();
            said.replaces = (!choices.rarely(2)).then_some(seq);
            Fact::RemotePath(said)
        }
        _ => {
            let mut said: RemoteMaintenanceAnswered = serde_json::from_str(GOLDEN_ANSWER).unwrap();
            (said.supplier_id, said.equipment_id) = (supplier(choices), equipment(choices));
            said.uses = choices.rarely(2);
            said.answered_by = choices.text();
            said.replaces = (!choices.rarely(2)).then_some(seq);
            Fact::RemoteMaintenanceAnswered(said)
        }
    }
}
