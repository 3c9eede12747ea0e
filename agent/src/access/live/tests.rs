//! What the door does with a hostile root: links that point out, loops, pipes, huge files, deep folders.
//! It does not know collectors.
//! Invariant tested: nothing outside the root is read and nothing hangs.

use super::*;
use std::os::unix::fs::symlink;

/// A root with a secret beside it that must never be read.
fn root_beside_a_secret() -> (tempfile::TempDir, LiveHost) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("secret"), "secret").unwrap();
    fs::create_dir_all(folder.path().join("root/etc")).unwrap();
    fs::write(folder.path().join("root/etc/inside"), "inside").unwrap();
    let host = LiveHost::new(folder.path().join("root"));
    (folder, host)
}

fn text(host: &LiveHost, path: &str) -> Option<String> {
    host.read(path, 100).ok().map(|reading| String::from_utf8(reading.bytes).unwrap())
}

#[test]
fn links_resolve_inside_the_root_and_never_leave_it() {
    let (folder, host) = root_beside_a_secret();
    let etc = folder.path().join("root/etc");
    symlink("/etc/inside", etc.join("absolute")).unwrap();
    symlink("inside", etc.join("relative")).unwrap();
    symlink("../../../secret", etc.join("climbing")).unwrap();
    symlink(folder.path().join("secret"), etc.join("pointing_out")).unwrap();
    symlink("../../..", etc.join("folder_out")).unwrap();
    assert_eq!(text(&host, "/etc/absolute").as_deref(), Some("inside"));
    assert_eq!(text(&host, "/etc/relative").as_deref(), Some("inside"));
    for path in ["/etc/climbing", "/etc/pointing_out", "/etc/folder_out/secret", "/../secret", "/etc/../../secret"] {
        assert!(host.read(path, 100).unwrap_err().is_missing(), "{path}");
        assert!(host.real_path(path).unwrap_err().is_missing(), "{path}");
        assert!(!host.exists(path), "{path}");
    }
    // A folder that climbs out is the root itself.
    assert_eq!(host.list("/etc/folder_out", 10).unwrap().names, ["etc"]);
}

#[test]
fn a_loop_of_links_ends() {
    let (folder, host) = root_beside_a_secret();
    symlink("b", folder.path().join("root/a")).unwrap();
    symlink("a", folder.path().join("root/b")).unwrap();
    symlink("self/self/self", folder.path().join("root/self")).unwrap();
    assert!(matches!(host.read("/a", 1), Err(AccessError::Special { .. })));
    assert!(matches!(host.read("/self", 1), Err(AccessError::Special { .. })));
}

#[test]
fn pipes_sockets_and_folders_are_not_opened() {
    let (folder, host) = root_beside_a_secret();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("root/socket")).unwrap();
    #[expect(clippy::disallowed_methods, reason = "std has no mkfifo; only this test needs a pipe")]
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("root/pipe")).status();
    assert!(made.unwrap().success());
    for path in ["/socket", "/pipe", "/etc"] {
        assert!(matches!(host.read(path, 1), Err(AccessError::Special { .. })), "{path}");
        assert!(matches!(host.open(path), Err(AccessError::Special { .. })), "{path}");
        assert!(matches!(host.real_path(path), Err(AccessError::Special { .. })), "{path}");
    }
}

#[test]
fn a_huge_file_is_read_up_to_the_limit() {
    let (folder, host) = root_beside_a_secret();
    let huge = File::create(folder.path().join("root/huge")).unwrap();
    huge.set_len(1 << 40).unwrap();
    let reading = host.read("/huge", 1000).unwrap();
    assert_eq!((reading.bytes.len(), reading.cut), (1000, true));
    assert!(!host.read("/etc/inside", 6).unwrap().cut);
    let whole = host.read("/etc/inside", 6).unwrap().bytes;
    let end = host.read_end("/etc/inside", 2).unwrap();
    assert_eq!((end.bytes.as_slice(), end.cut), (&whole[whole.len() - 2..], true));
    assert_eq!(host.read_end("/etc/inside", 6).unwrap().bytes, whole);
}

#[test]
fn a_deep_path_and_a_crowded_folder_end_at_their_limits() {
    let (folder, host) = root_beside_a_secret();
    let deep = "/x".repeat(5000);
    assert!(host.read(&deep, 1).is_err());
    for number in 0..20 {
        fs::write(folder.path().join(format!("root/etc/{number}")), "").unwrap();
    }
    let listing = host.list("/etc", 10).unwrap();
    assert_eq!((listing.names.len(), listing.cut), (10, true));
}

#[test]
fn an_image_says_nothing_of_the_running_machine() {
    let (_folder, host) = root_beside_a_secret();
    assert!(!host.is_live());
    assert_eq!(host.machine(), Machine::default());
    let live = LiveHost::new("/");
    assert!(live.is_live());
    assert!(live.machine().memory_bytes.is_some());
}
