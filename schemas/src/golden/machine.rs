//! One sample of every kind of observation about what a host stands on and whom it speaks with.
//! Runs in tests only. It does not know how golden files are compared.
//! Invariant: a sample that was released is never changed.

use crate::fact::observation::*;

pub(super) fn observations() -> Vec<Observation> {
    vec![
        Observation::Platform(Platform {
            is_virtual: Some(false),
            grounds: vec!["/sys/class/dmi/id: Example Computer K.K.".into()],
            uefi: Some(true),
            secure_boot: Some(true),
            setup_mode: Some(false),
            lockdown: Some("integrity".into()),
            signed_modules_only: Some(true),
            ..Platform::default()
        }),
        Observation::KernelModule(KernelModule {
            name: "example_raid".into(),
            loaded: true,
            taint: Some("OE".into()),
            version: Some("7.4.1".into()),
            source_version: Some("0123456789ABCDEF01234567".into()),
            file: Some("/lib/modules/6.1.0-18-amd64/updates/dkms/example_raid.ko".into()),
            authors: vec!["Example Storage <drivers@storage.example>".into()],
            license: Some("Proprietary".into()),
            has_signature: Some(false),
            signer: None,
            package: Some("example-raid-dkms".into()),
            carried_by: None,
            started_by: Some("/etc/modules-load.d/raid.conf".into()),
        }),
        Observation::Session(Session {
            direction: SessionDirection::Outbound,
            remote: Some("198.51.100.20".into()),
            service_port: 8883,
            process: Some(SocketProcess {
                name: "collector".into(),
                executable: Some("/opt/example/bin/collector".into()),
                ..SocketProcess::default()
            }),
        }),
    ]
}

pub(super) fn listening_socket() -> Observation {
    Observation::ListeningSocket(ListeningSocket {
        protocol: SocketProtocol::Tcp6,
        address: "::".into(),
        port: 22,
        processes: vec![SocketProcess {
            name: "sshd".into(),
            executable: Some("/usr/sbin/sshd".into()),
            ..SocketProcess::default()
        }],
    })
}
