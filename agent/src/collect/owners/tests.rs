//! What the search for owners makes of the lists of six package managers, and of the traps in them.
//! It does not know who asks. Invariant tested: nothing is "of no package" where a list could not be read.

use super::*;
use crate::access::{Budget, LiveHost, Metered, RecordedHost};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

struct Root(tempfile::TempDir);

impl Root {
    fn with(files: &[(&str, &str)]) -> Self {
        let root = Self(tempfile::tempdir().unwrap());
        files.iter().for_each(|(path, text)| root.write(path, text.as_bytes()));
        root
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path.trim_start_matches('/'))
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn link(&self, path: &str, target: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    fn host(&self) -> RecordedHost {
        RecordedHost::image(self.0.path())
    }

    fn owners(&self, paths: &[&str]) -> std::sync::Arc<Owners> {
        Owners::of(&self.host(), &paths.iter().map(|path| (*path).to_owned()).collect(), "test")
    }

    /// The owner of each path in a word: a package's name, `-` for nobody, `?` for unknown.
    fn names(&self, paths: &[&str]) -> Vec<String> {
        let owners = self.owners(paths);
        let word = |path: &&str| match owners.of_path(path) {
            Owner::Owned(owned) => owned.name.clone(),
            Owner::Unowned => "-".into(),
            Owner::Unknown => "?".into(),
        };
        paths.iter().map(word).collect()
    }
}

const MD5: &str = "0123456789abcdef0123456789abcdef";

fn debian() -> Root {
    let root = Root::with(&[
        (
            "/var/lib/dpkg/status",
            "Package: bash\nStatus: install ok installed\nArchitecture: amd64\n\nPackage: libx\nStatus: install ok installed\nArchitecture: amd64\n\nPackage: gone\nStatus: deinstall ok config-files\n\n",
        ),
        ("/var/lib/dpkg/info/bash.list", "/.\n/bin\n/bin/bash\n/etc/bash.bashrc\n/opt/bash\n"),
        ("/var/lib/dpkg/info/bash.md5sums", "0123456789abcdef0123456789abcdef  bin/bash\n"),
        ("/var/lib/dpkg/info/bash.conffiles", "/etc/bash.bashrc\n"),
        ("/var/lib/dpkg/info/libx:amd64.list", "/usr/lib/x/run\n/usr/bin/tool\n/usr/bin/linked\n"),
        ("/usr/bin/bash", "b"),
        ("/etc/bash.bashrc", "rc"),
        ("/usr/lib/x/run", "r"),
        ("/usr/bin/tool", "t"),
        ("/opt/own/linked", "mine"),
        ("/opt/bash", "another of the name"),
        ("/opt/evil/bash", "not theirs"),
    ]);
    root.link("/bin", "usr/bin");
    root.link("/usr/bin/alternative", "/etc/alternatives/alternative");
    root.link("/etc/alternatives/alternative", "/usr/lib/x/run");
    root.link("/usr/bin/linked", "/opt/own/linked");
    root
}

#[test]
fn dpkg_lists_are_joined_whichever_way_folders_are_linked() {
    let root = debian();
    let paths = ["/bin/bash", "/usr/bin/bash", "/usr/bin/alternative", "/usr/lib/x/run", "/opt/evil/bash", "/opt/bash"];
    assert_eq!(root.names(&paths), ["bash", "bash", "libx", "libx", "-", "bash"]);
    // A package that ships a link owns the link, not what somebody put at its end.
    assert_eq!(root.names(&["/usr/bin/linked", "/opt/own/linked"]), ["-", "-"]);
    // A program that was deleted since is asked for by its folder.
    assert_eq!(root.names(&["/bin/gone-program", "/usr/sbin/none"]), ["-", "-"]);
    let owners = root.owners(&["/usr/bin/bash", "/etc/bash.bashrc"]);
    let digest = Some(FileDigest { sort: PackageDigestSort::Md5, hex: MD5.into() });
    let bash =
        |digest, may_differ| Owner::Owned(Owned { ecosystem: Manager::Deb, name: "bash".into(), digest, may_differ });
    assert_eq!(owners.of_path("/usr/bin/bash"), &bash(digest, false));
    assert_eq!(owners.of_path("/etc/bash.bashrc"), &bash(None, true));
    assert_eq!(owners.of_path("/never/asked"), &Owner::Unknown);
}

#[test]
fn a_diverted_file_is_where_it_was_put_and_its_path_is_of_the_one_who_diverted() {
    let root = debian();
    root.write("/var/lib/dpkg/diversions", b"/usr/bin/tool\n/usr/bin/tool.real\nother\n/bin/bash\n/bin/bash.real\n:\n");
    root.write("/var/lib/dpkg/info/other.list", b"/usr/bin/tool\n");
    root.write("/usr/bin/tool.real", b"t");
    let paths = ["/usr/bin/tool", "/usr/bin/tool.real", "/usr/bin/bash", "/usr/bin/bash.real"];
    // The local diversion leaves the path to nobody: what lies there, a person put there.
    assert_eq!(root.names(&paths), ["other", "libx", "-", "bash"]);
}

#[test]
fn a_list_that_cannot_be_read_makes_nobody_into_unknown() {
    let root = debian();
    let closed = root.host().without_permission_for(&["/var/lib/dpkg/info/libx:amd64.list"]);
    let asked = ["/bin/bash", "/opt/evil/bash"].map(str::to_owned).into();
    let owners = Owners::of(&closed, &asked, "test");
    assert!(matches!(owners.of_path("/bin/bash"), Owner::Owned(_)));
    assert_eq!(owners.of_path("/opt/evil/bash"), &Owner::Unknown);
    assert_eq!(owners.troubles().len(), 1);
    fs::remove_file(root.path("/var/lib/dpkg/info/libx:amd64.list")).unwrap();
    assert_eq!(root.names(&["/opt/evil/bash"]), ["?"], "an installed package without a list");
    assert_eq!(Root::with(&[]).names(&["/opt/x"]), ["?"], "no package manager");
    assert_eq!(Root::with(&[("/var/lib/dpkg/status", "")]).names(&["/opt/x"]), ["?"]);
    assert_eq!(Root::with(&[("/var/lib/rpm/Packages", "x")]).names(&["/opt/x"]), ["?"]);
    let root = debian();
    root.write("/var/db/pkg/x", b"");
    root.write("/nix/store/x", b"");
    assert_eq!(root.names(&["/opt/evil/bash"]), ["?"], "another manager is there");
    assert_eq!(debian().names(&["/nix/store/x"]), ["?"]);
}

#[test]
fn a_very_long_line_is_a_trouble_and_not_a_path() {
    let root = debian();
    root.write("/var/lib/dpkg/info/bash.list", &vec![b'x'; 200_000]);
    assert_eq!(root.names(&["/bin/bash"]), ["?"]);
}

#[test]
fn apk_pacman_opkg_and_snap() {
    let sha1 = hex::encode([7_u8; 20]);
    let root = Root::with(&[
        (
            "/lib/apk/db/installed",
            "P:busybox\nV:1\nF:bin\nR:busybox\na:0:0:755\nZ:Q1BwcHBwcHBwcHBwcHBwcHBwcHBwc=\nF:etc\nR:securetty\n\nP:musl\nF:lib\nR:ld-musl.so\n\n",
        ),
        ("/bin/busybox", "x"),
    ]);
    let owners = root.owners(&["/bin/busybox", "/etc/securetty", "/lib/ld-musl.so", "/opt/x"]);
    let Owner::Owned(owned) = owners.of_path("/bin/busybox") else { panic!() };
    assert_eq!((owned.ecosystem, owned.name.as_str(), owned.may_differ), (Manager::Apk, "busybox", false));
    assert_eq!(owned.digest, Some(FileDigest { sort: PackageDigestSort::Sha1, hex: sha1 }));
    assert!(matches!(owners.of_path("/etc/securetty"), Owner::Owned(Owned { may_differ: true, .. })));
    assert!(matches!(owners.of_path("/lib/ld-musl.so"), Owner::Owned(Owned { digest: None, .. })));
    assert_eq!(owners.of_path("/opt/x"), &Owner::Unowned);

    let local = "/var/lib/pacman/local/lib-x-1.0-2";
    let files = format!("{local}/files");
    let root = Root::with(&[(files.as_str(), "%FILES%\nusr/bin/x\netc/x.conf\n\n%BACKUP%\netc/x.conf\tabc\n")]);
    let sha256 = "ab".repeat(32);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mtree = format!("#mtree\n./usr/bin/x time=1.0 size=1 sha256digest={sha256}\n");
    std::io::Write::write_all(&mut packed, mtree.as_bytes()).unwrap();
    root.write(&format!("{local}/mtree"), &packed.finish().unwrap());
    let owners = root.owners(&["/usr/bin/x", "/etc/x.conf"]);
    let digest = Some(FileDigest { sort: PackageDigestSort::Sha256, hex: sha256 });
    let of =
        |digest, may_differ| Owner::Owned(Owned { ecosystem: Manager::Alpm, name: "lib-x".into(), digest, may_differ });
    assert_eq!(owners.of_path("/usr/bin/x"), &of(digest, false));
    assert_eq!(owners.of_path("/etc/x.conf"), &of(None, true));

    let root = Root::with(&[("/usr/lib/opkg/info/dropbear.list", "/usr/sbin/dropbear\t0755\n")]);
    assert_eq!(root.names(&["/usr/sbin/dropbear", "/tmp/x"]), ["dropbear", "-"]);

    let root = debian();
    root.write("/var/lib/snapd/snaps/lxd_12.snap", b"");
    assert_eq!(root.names(&["/snap/lxd/12/bin/lxd", "/snap/other/1/bin/x"]), ["lxd", "-"]);
}

/// A header with folders, names, digests and flags of files, as rpm keeps it.
fn rpm_header(name: &str, folder: &str, files: &[(&str, &str, u32)], states: &[u8]) -> Vec<u8> {
    let (mut index, mut data) = (Vec::new(), Vec::new());
    let mut entry = |tag: u32, kind: u32, count: usize, bytes: Vec<u8>| {
        data.resize(data.len().next_multiple_of(4), 0);
        for number in [tag, kind, u32::try_from(data.len()).unwrap(), u32::try_from(count).unwrap()] {
            index.extend_from_slice(&number.to_be_bytes());
        }
        data.extend(bytes);
    };
    let texts = |texts: Vec<&str>| texts.iter().flat_map(|text| [text.as_bytes(), b"\0"].concat()).collect::<Vec<u8>>();
    entry(1000, 6, 1, texts(vec![name]));
    entry(1118, 8, 1, texts(vec![folder]));
    entry(1117, 8, files.len(), texts(files.iter().map(|file| file.0).collect()));
    entry(1035, 8, files.len(), texts(files.iter().map(|file| file.1).collect()));
    entry(1116, 4, files.len(), vec![0; files.len() * 4]);
    entry(1037, 4, files.len(), files.iter().flat_map(|file| file.2.to_be_bytes()).collect());
    entry(1029, 1, states.len(), states.to_vec());
    let count = u32::try_from(index.len() / 16).unwrap().to_be_bytes();
    let size = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&count[..], &size, &index, &data].concat()
}

#[test]
fn rpm_headers_with_their_flags_and_states() {
    let sha256 = "cd".repeat(32);
    let files = [("sshd", sha256.as_str(), 0), ("sshd_config", &sha256, 1 | 16), ("java", "", 64), ("old", &sha256, 0)];
    let root = Root::with(&[]);
    fs::create_dir_all(root.path("/var/lib/rpm")).unwrap();
    let database = rusqlite::Connection::open(root.path("/var/lib/rpm/rpmdb.sqlite")).unwrap();
    database.execute_batch("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)").unwrap();
    let blob = rpm_header("openssh-server", "/usr/sbin/", &files, &[0, 0, 0, 1]);
    database.execute("INSERT INTO Packages (blob) VALUES (?1)", [&blob]).unwrap();
    let paths = ["/usr/sbin/sshd", "/usr/sbin/sshd_config", "/usr/sbin/java", "/usr/sbin/old", "/opt/sshd"];
    let owners = root.owners(&paths);
    let digest = Some(FileDigest { sort: PackageDigestSort::Sha256, hex: sha256 });
    let told = paths.iter().map(|path| match owners.of_path(path) {
        Owner::Owned(owned) => Some((owned.may_differ, owned.digest.clone())),
        _ => None,
    });
    let told: Vec<_> = told.collect();
    assert_eq!(
        told,
        [Some((false, digest.clone())), Some((true, digest.clone())), Some((true, None)), Some((true, digest)), None]
    );
    assert_eq!(owners.of_path("/opt/sshd"), &Owner::Unowned);
    // A header that is cut anywhere gives no panic, and never "of no package".
    for end in 0..blob.len() {
        database.execute("UPDATE Packages SET blob = ?1", [&blob[..end]]).unwrap();
        assert_eq!(root.names(&["/opt/sshd"]), ["?"], "{end}");
    }
}

/// On a real Debian machine the answers are dpkg's own.
#[test]
#[expect(clippy::disallowed_methods, reason = "dpkg itself is the other half of this test")]
fn on_this_machine_the_owners_are_those_that_dpkg_names() {
    let Ok(names) = fs::read_dir("/usr/bin") else { return };
    if !std::path::Path::new("/usr/bin/dpkg-query").exists() {
        eprintln!("skipped: this machine has no dpkg");
        return;
    }
    let host = crate::access::LiveHost::new("/");
    let mut asked: BTreeSet<String> = names.map(|name| name.unwrap().path().to_str().unwrap().to_owned()).collect();
    asked.retain(|path| host.canonical(path).is_ok_and(|real| real == *path));
    let owners = Owners::of(&host, &asked, "test");
    let answer = std::process::Command::new("dpkg-query")
        .arg("-S")
        .args(asked.iter().flat_map(|path| [path.clone(), path.replacen("/usr", "", 1)]))
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    let answer = String::from_utf8(answer.stdout).unwrap();
    // Its own lists say `/bin/bash` for what lies in `/usr/bin`.
    let mut said: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for line in answer.lines().filter(|line| !line.starts_with("diversion by") && !line.starts_with("local diversion"))
    {
        let (packages, path) = line.rsplit_once(": ").unwrap();
        let path = if path.starts_with("/usr/") { path.to_owned() } else { format!("/usr{path}") };
        said.entry(path).or_default().extend(packages.split(", ").map(|name| name.split(':').next().unwrap()));
    }
    let diverted = fs::read_to_string("/var/lib/dpkg/diversions").unwrap_or_default();
    for path in asked.iter().filter(|path| !diverted.contains(path.as_str())) {
        match owners.of_path(path) {
            Owner::Owned(owned) => {
                assert!(said.get(path).is_some_and(|names| names.contains(owned.name.as_str())), "{path}: {owned:?}")
            }
            Owner::Unowned => assert_eq!(said.get(path), None, "{path}"),
            Owner::Unknown => panic!("{path}: {:?}", owners.troubles()),
        }
    }
}

/// Questions one after the other, of a machine whose looks are remembered: each list is read once, and then only where an asked name stands in it.
/// The answers are those of a machine that remembers nothing, diversions and links among them.
#[test]
fn a_second_question_opens_only_the_lists_that_can_answer_it() {
    let root = debian();
    root.write("/var/lib/dpkg/diversions", b"/usr/bin/tool\n/usr/bin/tool.real\nother\n");
    root.write("/var/lib/dpkg/info/other.list", b"/usr/bin/tool\n");
    root.write("/usr/bin/tool.real", b"t");
    for number in 0..50 {
        root.write(&format!("/var/lib/dpkg/info/more{number}.list"), "/usr/share/doc/nothing\n".repeat(100).as_bytes());
    }
    let remembering = LiveHost::new(root.0.path()).with_memory_by(|| std::time::Duration::from_secs(1 << 40));
    let bytes_for = |paths: &[&str]| {
        let host = Metered::new(&remembering, Budget::USUAL);
        let asked: BTreeSet<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        let owners = Owners::of(&host, &asked, "test");
        let plain = root.owners(paths);
        assert_eq!(
            (&owners.owners, &owners.sources, &owners.troubles),
            (&plain.owners, &plain.sources, &plain.troubles)
        );
        host.cost().bytes
    };
    let first = bytes_for(&["/bin/bash"]);
    assert!(first > 100_000, "{first}");
    for paths in
        [&["/usr/bin/tool.real"][..], &["/usr/bin/tool", "/etc/bash.bashrc"], &["/opt/evil/bash"], &["/x/none"]]
    {
        let bytes = bytes_for(paths);
        assert!(bytes < 2_000, "{bytes} bytes for {paths:?}");
    }
    root.write("/var/lib/dpkg/info/more7.list", b"/x/none\n");
    bytes_for(&["/x/none"]);
    fs::remove_file(root.path("/var/lib/dpkg/info/libx:amd64.list")).unwrap();
    bytes_for(&["/usr/lib/x/run", "/usr/bin/tool.real"]);
}
