//! The script for hosts without systemd, run by the shells that such hosts have, with a real agent and a real server.
//! It does not install a package; `tests/packages/run` does. Invariant: exit codes are those of the Linux Standard Base, and no process is
//! touched that is not the agent.

use harness::executables::{Child, command, executables, said};
use harness::server::TestServer;
use std::path::{Path, PathBuf};

/// The script under one shell, with a state folder and a pid file of its own.
struct Script {
    shell: &'static [&'static str],
    folder: PathBuf,
}

impl Script {
    fn new(shell: &'static [&'static str], folder: &Path) -> Self {
        let image = folder.join("image");
        std::fs::create_dir_all(image.join("etc")).unwrap();
        std::fs::write(image.join("etc/os-release"), "ID=debian\nVERSION_ID=\"10\"\n").unwrap();
        let script = Self { shell, folder: folder.to_owned() };
        let settings = format!(
            "PROGRAM={}\nSTATE={}\nPIDFILE={}\nOPTIONS='--root {}'\nSTART_SECONDS=5\n",
            executables().agent.display(),
            script.state().display(),
            script.pid_file().display(),
            image.display()
        );
        std::fs::write(folder.join("settings"), settings).unwrap();
        script
    }

    fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    fn pid_file(&self) -> PathBuf {
        self.folder.join("agent.pid")
    }

    fn does(&self, action: &str) -> (Option<i32>, String) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("agent/packaging/daicho-agent.init");
        let mut run = command(Path::new(self.shell[0]));
        run.args(&self.shell[1..]).arg(file).arg(action);
        said(run.env("DAICHO_AGENT_SETTINGS", self.folder.join("settings")))
    }

    fn expect(&self, action: &str, code: i32) -> String {
        let (found, said) = self.does(action);
        assert_eq!(found, Some(code), "{:?} {action}: {said}", self.shell);
        said
    }

    fn pid(&self) -> String {
        std::fs::read_to_string(self.pid_file()).unwrap().trim().to_owned()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.does("stop");
    }
}

/// `dash` is what Debian's init runs; `busybox` what small systems have.
fn shells() -> Vec<&'static [&'static str]> {
    let known: [&[&str]; 3] = [&["/usr/bin/dash"], &["/usr/bin/busybox", "sh"], &["/bin/sh"]];
    known.into_iter().filter(|shell| Path::new(shell[0]).exists()).collect()
}

#[test]
fn starting_stopping_and_asking_as_the_standard_says() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(&folder.path().join("server")).await;
        for (number, shell) in shells().into_iter().enumerate() {
            let own = folder.path().join(number.to_string());
            std::fs::create_dir_all(&own).unwrap();
            let script = Script::new(shell, &own);
            script.expect("", 2);
            script.expect("status", 3);
            script.expect("stop", 0);
            script.expect("try-restart", 0);
            assert!(script.expect("start", 6).contains("not enrolled"), "{shell:?}");
            script.expect("status", 3);

            harness::real_agent::enrol(&server.api, &script.state()).await;
            script.expect("start", 0);
            let first = script.pid();
            script.expect("status", 0);
            script.expect("start", 0);
            assert_eq!(script.pid(), first, "{shell:?}: it runs already");
            script.expect("restart", 0);
            let second = script.pid();
            assert!(second != first && !running(&first) && running(&second), "{shell:?}: {first}, then {second}");
            script.expect("try-restart", 0);
            assert_ne!(script.pid(), second, "{shell:?}");
            let last = script.pid();
            script.expect("stop", 0);
            assert!(!running(&last), "{shell:?}");
            script.expect("status", 3);
        }
    });
}

#[test]
fn a_pid_file_that_was_left_behind_stops_nobody_else() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(&folder.path().join("server")).await;
        let script = Script::new(shells()[0], folder.path());
        harness::real_agent::enrol(&server.api, &script.state()).await;
        // The number was given to another program since.
        let other = Child(command(Path::new("sleep")).arg("600").spawn().unwrap());
        std::fs::write(script.pid_file(), format!("{}\n", other.0.id())).unwrap();
        script.expect("status", 1);
        script.expect("stop", 0);
        assert!(running(&other.0.id().to_string()), "a bystander was ended");
        std::fs::write(script.pid_file(), format!("{}\n", other.0.id())).unwrap();
        script.expect("start", 0);
        assert_ne!(script.pid(), other.0.id().to_string());
        script.expect("status", 0);
    });
}

#[test]
fn an_agent_that_does_not_stay_up_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let script = Script::new(shells()[0], folder.path());
    // Enrolled by the look of it, but with nothing the agent could use.
    std::fs::create_dir_all(script.state()).unwrap();
    std::fs::write(script.state().join("identity.json"), "{}").unwrap();
    assert!(script.expect("start", 1).contains("did not stay up"));
    script.expect("status", 3);
}

fn running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}
