//! Bytes as a row of choices, for targets that build something well-formed from them.
//! It does not know what is built. Invariant: any bytes are choices; where they end, every choice is the first one.

use daicho_schemas::fact::observation::{
    Ecosystem, Hardware, HardwarePart, InterfaceKind, ListeningSocket, NetworkInterface, Observation, OperatingSystem,
    OriginMatch, Package, PackageOrigin, PackageState, Provenance, SocketProcess, SocketProtocol,
};

/// Words that mean something to the model, and some that try to.
const WORDS: [&str; 14] = [
    "debian",
    "Debian",
    "libexample1",
    "Example Maintainers <example@lists.debian.org>",
    "tos-db-1",
    "TOS-DB-1.example.org",
    "wg0",
    "Debian*",
    "*",
    "",
    "a:b:c",
    "１２",
    "\u{202e}x\u{0}",
    "\"}\\",
];

/// What is left to choose from.
pub(super) struct Choices<'a>(pub &'a [u8]);

impl Choices<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub(super) fn below(&mut self, bound: u8) -> usize {
        usize::from(self.byte() % bound)
    }

    /// True once in about `of` times, and never at the end.
    pub(super) fn rarely(&mut self, of: u8) -> bool {
        self.byte() % of == of - 1
    }

    /// A known word, or the bytes themselves.
    pub(super) fn text(&mut self) -> String {
        let choice = self.below(20);
        if let Some(word) = WORDS.get(choice) {
            return (*word).into();
        }
        let length = self.below(40).min(self.0.len());
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }

    pub(super) fn maybe(&mut self) -> Option<String> {
        (self.byte() % 2 == 1).then(|| self.text())
    }

    /// One observation of any kind.
    pub(super) fn observation(&mut self) -> Observation {
        let ecosystem = Ecosystem::ALL[self.below(10)];
        match self.below(14) {
            6 | 7 => super::ways::observation(self),
            8 | 9 => super::programs::observation(self),
            10 => super::machine::observation(self),
            11 => super::languages::observation(self),
            12 | 13 => super::guarded::observation(self),
            0 => Observation::Package(Package {
                ecosystem,
                name: self.text(),
                version: self.text(),
                architecture: self.maybe(),
                state: [PackageState::Installed, PackageState::ConfigFiles, PackageState::Unfinished][self.below(3)],
                source: self.maybe(),
                maintainer: self.maybe(),
                vendor: self.maybe(),
                multi_arch: None,
                provenance: Provenance::default(),
            }),
            1 => Observation::OperatingSystem(OperatingSystem {
                hostname: self.maybe(),
                family: "linux".into(),
                os_id: self.maybe(),
                os_id_like: vec![self.text()],
                name: self.maybe(),
                version_id: self.maybe(),
                version: None,
                codename: None,
                kernel_release: self.maybe(),
                edition: self.maybe(),
                release: self.maybe(),
                installation: self.maybe(),
                architecture: None,
            }),
            2 => Observation::PackageOrigin(PackageOrigin {
                ecosystem,
                name: self.text(),
                architecture: self.text(),
                origin: self.text(),
                suite: None,
                matched: [OriginMatch::Version, OriginMatch::NameAndMaintainer][self.below(2)],
            }),
            3 => Observation::NetworkInterface(self.interface()),
            4 => Observation::ListeningSocket(ListeningSocket {
                protocol: [SocketProtocol::Tcp, SocketProtocol::Udp6][self.below(2)],
                address: self.text(),
                port: u16::from(self.byte()),
                processes: vec![SocketProcess {
                    name: self.text(),
                    executable: self.maybe(),
                    carried_by: super::guarded::carried_by(self),
                    unit: self.maybe(),
                }],
            }),
            _ => Observation::Hardware(Hardware {
                maker: self.maybe(),
                model: self.maybe(),
                serial: self.maybe(),
                serial_is_placeholder: self.rarely(4),
                firmware: self.maybe(),
                capacity_bytes: Some(u64::from(self.byte()) << 56),
                ..Hardware::new(
                    [HardwarePart::System, HardwarePart::Bios, HardwarePart::Nic][self.below(3)],
                    self.text(),
                    self.text(),
                )
            }),
        }
    }

    fn interface(&mut self) -> NetworkInterface {
        NetworkInterface {
            name: self.text(),
            interface_kind: match self.below(4) {
                0 => InterfaceKind::Wireguard,
                1 => InterfaceKind::Ethernet,
                2 => InterfaceKind::Ppp,
                _ => InterfaceKind::Other(self.text()),
            },
            mac: None,
            driver: self.maybe(),
            member_of: self.maybe(),
            stands_on: vec![self.text()],
        }
    }
}
