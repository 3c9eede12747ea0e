//! Programs of no package and changed files, chosen by bytes; and the bytes of programs, units and tables of cron themselves.
//! It does not know admission. Invariant: a choice is well-formed; whether its words and digests make sense is left to chance.

use super::choices::Choices;
use daicho_schemas::fact::observation::{
    ChangedFile, ChangedFilePart, Observation, Ownership, PackageDigestSort, Program, ProgramPlace, ProgramSort,
    Starter, StarterSort,
};

/// Takes bytes apart as a program's file, a unit, a table of cron and a command line.
pub(super) fn files(bytes: &[u8]) {
    for word in daicho_agent::collect::take_apart(bytes) {
        assert!(word.len() < 8_192 && !word.contains(['\0', '\n', '$', '`']), "{word:?}");
    }
}

/// A program that tells everything, and lines of every table.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let program = include_bytes!("../../../agent/fixtures/programs/vendor_host/root/opt/example/bin/agent");
    let lines = [
        "[Service]\nWorkingDirectory=/opt\nExecStart=-/opt/x/run --token \"a b\" \\\n --more\n",
        "*/5 * * * * root cd /opt/app && nice -n 5 ./run.sh %input\n@reboot flock -n /run/x /bin/sh -c '/opt/a; /opt/b'\n",
        "DAEMON=\"/opt/x/bin/xd\"\nstart-stop-daemon --start --exec $DAEMON\n/opt/x/start &\n",
        "java -Xmx1g -jar /opt/app.jar\0--password\0EXAMPLE-SECRET-1\0",
    ];
    lines.iter().map(|line| line.as_bytes().to_vec()).chain([program.to_vec()]).collect()
}

/// What an agent shows of programs.
pub(super) fn observation(choices: &mut Choices) -> Observation {
    let path = if choices.rarely(3) { choices.text() } else { ["/opt/x/run", "/usr/sbin/x"][choices.below(2)].into() };
    let digest = |choices: &mut Choices| match choices.below(4) {
        0 => choices.text(),
        n => ["ab", "cd", "ef"][n - 1].repeat(32),
    };
    if choices.below(3) == 0 {
        return Observation::ChangedFile(ChangedFile {
            path,
            part: [ChangedFilePart::Program, ChangedFilePart::Unit][choices.below(2)],
            ecosystem: choices.text(),
            package: choices.text(),
            expected_sort: [PackageDigestSort::Md5, PackageDigestSort::Sha256][choices.below(2)],
            expected: digest(choices),
            sha256: digest(choices),
            size_bytes: u64::from(choices.byte()) << 56,
        });
    }
    Observation::Program(Program {
        path,
        place: [ProgramPlace::Host, ProgramPlace::Deleted, ProgramPlace::OtherRoot][choices.below(3)],
        sort: [ProgramSort::Executable, ProgramSort::Script][choices.below(2)],
        ownership: [Ownership::NoPackage, Ownership::Unknown][choices.below(2)],
        sha256: (!choices.rarely(4)).then(|| digest(choices)),
        size_bytes: Some(u64::from(choices.byte()) << 56),
        build_id: choices.maybe(),
        name: choices.maybe(),
        version: choices.maybe(),
        told_by: None,
        signed_by: None,
        interpreter: choices.maybe(),
        seen_running: choices.rarely(2),
        started_by: vec![Starter { sort: StarterSort::Cron, name: choices.text(), line: Some(u32::MAX) }],
    })
}
