//! Golden samples of programs without a package and of files that differ from their package's.
//! It does not know what is done with them. Invariant: a released sample is never changed.

use crate::fact::observation::*;

pub(super) fn observations() -> Vec<Observation> {
    vec![
        Observation::Program(Program {
            path: "/opt/example/bin/agent".into(),
            place: ProgramPlace::Host,
            sort: ProgramSort::Executable,
            ownership: Ownership::NoPackage,
            sha256: Some("ab".repeat(32)),
            size_bytes: Some(1_048_576),
            build_id: Some("00112233445566778899aabbccddeeff00112233".into()),
            name: Some("example.com/agent".into()),
            version: Some("v1.2.3".into()),
            told_by: Some(ProgramToldBy::GoBuildInfo),
            signed_by: None,
            interpreter: None,
            seen_running: true,
            started_by: vec![
                Starter { sort: StarterSort::Unit, name: "example-agent.service".into(), line: None },
                Starter { sort: StarterSort::Cron, name: "/etc/cron.d/example".into(), line: Some(3) },
            ],
        }),
        Observation::ChangedFile(ChangedFile {
            path: "/usr/sbin/sshd".into(),
            part: ChangedFilePart::Program,
            ecosystem: "deb".into(),
            package: "openssh-server".into(),
            expected_sort: PackageDigestSort::Md5,
            expected: "0123456789abcdef0123456789abcdef".into(),
            sha256: "cd".repeat(32),
            size_bytes: 1_001,
        }),
    ]
}
