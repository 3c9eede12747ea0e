//! The families that are read: one file or folder each, and one line in the list.
//! It does not know how a file is taken apart into devices.
//! Invariant: the list is explicit and ordered; recognition never depends on that order.

pub(crate) mod awplus;
pub(crate) mod century_nxr;
pub(crate) mod checkpoint_gaia;
mod cisco;
pub(crate) mod cisco_asa;
pub(crate) mod cisco_ios;
pub(crate) mod fitelnet;
pub(crate) mod fortios;
pub(crate) mod junos;
pub(crate) mod nec_ix;
pub(crate) mod netscaler;
pub(crate) mod openvpn;
pub(crate) mod panos;
pub(crate) mod si_r;
pub(crate) mod softether;
pub(crate) mod sonicwall;
pub(crate) mod strongswan;
pub(crate) mod wireguard;
pub(crate) mod yamaha_rt;

use crate::split::Device;
use daicho_schemas::fact::device::DeviceReading;

/// How one maker's devices write down what they are.
pub(crate) trait Family: Sync {
    /// The name in a reading.
    fn id(&self) -> &'static str;

    /// How much a line speaks for this family: 0 nothing, 1 a little, 5 hardly anybody else writes so.
    fn weight(&self, line: &str) -> u32;

    /// Whether a line is where a configuration or the output of a command begins.
    fn mark(&self, _line: &str) -> Option<Mark> {
        None
    }

    /// Whether the file is this family's and encrypted.
    fn sealed(&self, _bytes: &[u8]) -> bool {
        false
    }

    /// Fills the reading.
    fn read(&self, device: &Device<'_>, reading: &mut DeviceReading);
}

/// The weight of a line by how it begins: with what hardly anybody else writes, or with what some others write, too.
pub(crate) fn weigh(line: &str, sure: &[&str], some: &[&str]) -> u32 {
    let begins = |words: &&str| line.starts_with(*words);
    if sure.iter().any(begins) { 5 } else { u32::from(some.iter().any(begins)) }
}

/// A line where something begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mark {
    /// What: `config`, or the command's name.
    pub(crate) sort: &'static str,
    /// The device's name, where the line says it.
    pub(crate) name: Option<String>,
    /// The model, where the line says it.
    pub(crate) model: Option<String>,
    /// Whether another mark of the same sort right after it goes on with the same output.
    pub(crate) goes_on: bool,
}

impl Mark {
    /// Where a configuration begins.
    pub(crate) const CONFIG: &'static str = "config";

    pub(crate) fn config() -> Self {
        Self { sort: Self::CONFIG, ..Self::default() }
    }

    pub(crate) fn status(sort: &'static str) -> Self {
        Self { sort, ..Self::default() }
    }
}

/// All of them.
pub(crate) const FAMILIES: &[&dyn Family] = &[
    &yamaha_rt::YamahaRt,
    &nec_ix::NecIx,
    &fortios::FortiOs,
    &cisco_asa::CiscoAsa,
    &cisco_ios::CiscoIos,
    &panos::PanOs,
    &junos::Junos,
    &sonicwall::SonicWall,
    &checkpoint_gaia::CheckPointGaia,
    &fitelnet::Fitelnet,
    &century_nxr::CenturyNxr,
    &netscaler::NetScaler,
    &awplus::AwPlus,
    &si_r::SiR,
    &softether::SoftEther,
    &openvpn::OpenVpn,
    &strongswan::StrongSwan,
    &wireguard::WireGuard,
];
