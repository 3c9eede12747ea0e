//! What a device answered when a person had it asked, and how sure it is that it is one that we know.
//! It does not know what was sent, nor the device's ways in: an answer says nothing of them.
//! Invariant: maker and serial number together make it the same device; an address, a hardware address or an engine id never does.

use super::{Shown, mark};
use crate::model::numbers::HostNo;
use daicho_schemas::fact::device::{Answer, DeviceIdentity, Firmware};
use daicho_schemas::fact::observation::{DeviceProbed, ProbeRung, ProbedValue};
use daicho_schemas::ids::AgentId;
use serde::{Deserialize, Serialize};

/// An answer with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbedState {
    /// What it says.
    pub probed: DeviceProbed,
    /// The agent that asked: its log holds what was sent.
    pub agent: AgentId,
    /// The entry.
    pub seq: u64,
}

/// Answers of a device, with the device of its own that they are where nobody recorded it.
pub(super) type Probed = Shown<ProbedState>;

/// Where an answer stands among what agents show.
pub(super) fn place(host: HostNo, probed: &DeviceProbed) -> (HostNo, String) {
    (host, format!("probed:{}", probed.key()))
}

impl ProbedState {
    /// What makes it the same device as another reading.
    pub(crate) fn mark(&self) -> Option<String> {
        let DeviceProbed { maker, serial, .. } = &self.probed;
        mark(&maker.as_ref()?.value, &serial.as_ref()?.value)
    }

    /// Who the device is, as far as it showed. That its firmware runs is only certain where the device said so to a credential.
    pub(super) fn identity(&self) -> DeviceIdentity {
        let own = &self.probed;
        let text = |value: &Option<ProbedValue>| value.as_ref().map(|own| own.value.clone());
        let firmware = own.firmware.as_ref().map(|own| Firmware {
            version: own.value.clone(),
            build: None,
            running: if own.rung == ProbeRung::SnmpGet { Answer::Yes } else { Answer::Unknown },
        });
        DeviceIdentity {
            name: None,
            maker: text(&own.maker),
            model: text(&own.model),
            serial: text(&own.serial),
            macs: own.mac.iter().cloned().collect(),
            firmware: firmware.into_iter().collect(),
        }
    }
}
