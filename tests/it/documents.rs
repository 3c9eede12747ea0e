//! Inventories as documents: what the agent writes passes public validators, comes back into a server as what it was, and stands there
//! beside what other tools say; and reading an image touches nothing outside of it.
//! It does not test what a format can say; `daicho-formats` does. Invariant: a validator or tracer that is not there is said, not passed.

use harness::executables::{command, executables, said};
use harness::server::TestServer;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// An image of a host with two packages.
fn image(folder: &Path) -> PathBuf {
    let image = folder.join("image");
    let write = |path: &str, text: &str| {
        let path = image.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("etc/os-release", "ID=debian\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n");
    write("etc/hostname", "tos-1\n");
    let package = |name: &str, maintainer: &str| {
        format!(
            "Package: {name}\nStatus: install ok installed\nMaintainer: {maintainer}\nArchitecture: amd64\nVersion: 1.0-1\n\n"
        )
    };
    let packages =
        [package("bash", "Example <x@lists.debian.org>"), package("reiji-tos", "Reiji <packages@reiji.example>")];
    write("var/lib/dpkg/status", &packages.concat());
    image
}

fn inventory(image: &Path, format: &str) -> String {
    let mut run = command(&executables().agent);
    let output = run.args(["inventory", "--format", format, "--root"]).arg(image).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a program of the machine; absent where it has none.
#[expect(clippy::disallowed_methods, reason = "running public validators is the point")]
fn program(name: &str, arguments: &[&str]) -> Option<(bool, String)> {
    let output = Command::new(name).args(arguments).output().ok()?;
    Some((output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()))
}

const CYCLONEDX: &str = "import sys\ntry:\n  from cyclonedx.validation.json import JsonStrictValidator as V\n  from cyclonedx.schema import SchemaVersion as S\n  v = V(S.V1_6)\n  e = v.validate_str(open(sys.argv[1]).read())\nexcept Exception as e:\n  print('skipped:', e); sys.exit(0)\nif e: print(e); sys.exit(1)";
const SPDX: &str = "import sys\ntry:\n  from spdx_tools.spdx.parser.parse_anything import parse_file\n  from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document as v\nexcept Exception as e:\n  print('skipped:', e); sys.exit(0)\ne = v(parse_file(sys.argv[1]))\nif e: print(e); sys.exit(1)";

#[test]
fn what_the_agent_writes_passes_public_validators() {
    let folder = tempfile::tempdir().unwrap();
    let image = image(folder.path());
    for (format, name, script) in [("cyclonedx", "host.cdx.json", CYCLONEDX), ("spdx", "host.spdx.json", SPDX)] {
        let (file, text) = (folder.path().join(name), inventory(&image, format));
        assert_eq!(text, inventory(&image, format), "the same host gives the same bytes");
        std::fs::write(&file, text).unwrap();
        match program("python3", &["-c", script, file.to_str().unwrap()]) {
            None => eprintln!("skipped: no python3 for the validator of {format}"),
            Some((fits, said)) => {
                assert!(fits, "{format}: {said}");
                eprintln!("{format}: {}", if said.is_empty() { "valid" } else { said.trim() });
            }
        }
    }
}

fn plan() -> Value {
    let part = |id: &str, category: &str, supplier: &str| {
        json!({ "part_id": id, "category": category, "category_as_filed": "ソフトウェア", "name": id, "function": "機能",
            "supplier_id": supplier })
    };
    json!({ "format": "daicho.plan.v1", "plan_id": "plan-1", "plan_kind": "installation", "regime": "jp-espa",
        "operator": { "name": { "ja": "例示港運", "en": "Example Port" }, "business": "一般港湾運送" },
        "equipment": { "equipment_id": "tos", "equipment_type": "TOS", "name": { "ja": "例示", "en": "Example" },
            "function": "例示", "place": "例示県", "hosts": ["tos-1", "tos-2"] },
        "dates": { "submitted_on": "2026-01-05", "accepted_on": "2026-01-10", "introduced_on": "2026-06-01" },
        "parts": [part("os", "operating_system", "debian")] })
}

/// What `daicho host import` says of a file.
fn import(data: &Path, file: &Path, more: &[&str]) -> (Option<i32>, String) {
    let mut run = command(&executables().daicho);
    said(run.args(["--lang", "en", "host", "import"]).args(more).arg("--data").arg(data).arg(file))
}

#[test]
fn a_host_that_another_tool_tells_of_is_judged_and_marked() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let server = TestServer::start(&data).await;
        let api = &server.api;
        let debian = json!({ "format": "daicho.suppliers.v1", "suppliers": [{ "supplier_id": "debian",
            "name": { "ja": "Debian", "en": "Debian" }, "source": "test", "as_of": "2026-11-01",
            "recognise": { "os_ids": ["debian"], "maintainer_domains": ["lists.debian.org"] } }] });
        assert_eq!(api.post("/suppliers", debian).await.0, 201);
        assert_eq!(api.post("/plans", plan()).await.0, 201);

        let bom = folder.path().join("host.cdx.json");
        std::fs::write(&bom, inventory(&image(folder.path()), "cyclonedx")).unwrap();
        let (code, said) = import(&data, &bom, &[]);
        assert_eq!(code, Some(0), "{said}");
        let hosts = api.list("/hosts").await;
        assert_eq!(hosts.len(), 1);
        assert_eq!((&hosts[0]["hostname"], &hosts[0]["components"]), (&json!("tos-1"), &json!(3)), "{hosts:?}");
        assert!(hosts[0]["told"]["tool"].as_str().unwrap().starts_with("daicho-agent"), "{hosts:?}");
        let undeclared = api.get("/findings?state=open").await;
        assert!(undeclared.to_string().contains("reiji-tos"), "{undeclared}");

        // The same file again says nothing new, and one of another tool that names no host wants a name.
        assert!(import(&data, &bom, &[]).1.contains("nothing new"));
        let syft = folder.path().join("syft.json");
        let found = json!({ "artifacts": [{ "name": "zsh", "version": "5.9", "purl": "pkg:deb/debian/zsh@5.9?arch=amd64" }],
            "descriptor": { "name": "syft", "version": "1.20.0", "timestamp": "2026-11-20T03:00:00Z" }, "schema": { "version": "16.0.0" } });
        std::fs::write(&syft, found.to_string()).unwrap();
        let (code, said) = import(&data, &syft, &[]);
        assert!(code == Some(2) && said.contains("--host"), "{said}");
        assert_eq!(import(&data, &syft, &["--host", "tos-2"]).0, Some(0));
        let hosts = api.list("/hosts").await;
        assert_eq!((&hosts[1]["hostname"], &hosts[1]["told"]["tool"]), (&json!("tos-2"), &json!("syft 1.20.0")));
        let (status, page) = api.page(&format!("/hosts/{}", hosts[1]["agent_id"].as_str().unwrap())).await;
        assert!(status == 200 && page.contains("syft 1.20.0"), "{status}");
        server.stop().await;
    });
}

/// The paths that a trace shows as opened, listed or asked about, without those that every program of the machine needs to start.
fn touched(trace: &str) -> Vec<String> {
    let calls = trace.lines().filter(|line| !line.contains("ENOENT") && !line.contains("execve("));
    let paths = calls.filter_map(|line| line.split('"').nth(1)).filter(|path| path.starts_with('/'));
    paths.map(str::to_string).collect()
}

/// Lays what was recorded of many hosts over each other: packages of every sort, units, tunnels, accounts, programs, language packages.
fn full_image(folder: &Path) -> PathBuf {
    let image = image(folder);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../agent/fixtures");
    for collector in std::fs::read_dir(fixtures).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        for sample in std::fs::read_dir(collector.path()).unwrap().flatten() {
            let root = sample.path().join("root");
            // Machines of Windows are no part of this one.
            if !root.join("Windows").exists() && !root.join("registry.reg").exists() {
                copy(&root, &image);
            }
        }
    }
    // Links that mean another place on the host that reads than they mean on the image.
    for (link, target) in
        [("opt/away", "/usr/share"), ("usr/share/java/away.jar", "/bin/sh"), ("etc/cron.d/away", "/etc/passwd")]
    {
        std::fs::create_dir_all(image.join(link).parent().unwrap()).unwrap();
        let _there_already = std::os::unix::fs::symlink(target, image.join(link));
    }
    image
}

/// Copies plain files, folders and links; what is there already stays.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).into_iter().flatten().flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let sort = entry.file_type().unwrap();
        if sort.is_dir() {
            let _there_already = std::fs::create_dir(&to);
            copy(&from, &to);
        } else if to.symlink_metadata().is_err() {
            let _left_out = match sort.is_symlink() {
                true => std::fs::read_link(&from).and_then(|target| std::os::unix::fs::symlink(target, &to)),
                false => std::fs::copy(&from, &to).map(drop),
            };
        }
    }
}

#[test]
fn reading_an_image_touches_nothing_outside_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (image, trace) = (full_image(folder.path()).canonicalize().unwrap(), folder.path().join("trace"));
    let agent = &executables().agent;
    let (image, agent, file) = (image.to_str().unwrap(), agent.to_str().unwrap(), trace.to_str().unwrap());
    let calls = "trace=open,openat,openat2,creat,connect,bind,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat";
    let arguments =
        ["-f", "-qq", "-e", calls, "-o", file, agent, "inventory", "--format", "cyclonedx", "--root", image];
    let Some((worked, said)) = program("strace", &arguments) else {
        return eprintln!("skipped: no strace");
    };
    if !worked && !trace.exists() {
        return eprintln!("skipped: strace may not trace here: {said}");
    }
    assert!(worked, "{said}");
    let trace = std::fs::read_to_string(trace).unwrap();
    for call in ["connect(", "bind(", "unlink", "rename", "mkdir", "creat(", "O_CREAT"] {
        assert!(!trace.contains(call), "{call}: {trace}");
    }
    // The dynamic loader, random numbers, and what the runtime asks of the kernel about its own process.
    let own = [
        "/etc/ld.so.",
        "/lib/",
        "/lib64/",
        "/usr/lib/",
        "/proc/self/",
        "/proc/thread-self/",
        "/sys/fs/cgroup/",
        "/dev/null",
        "/dev/urandom",
    ];
    let outside: Vec<String> = touched(&trace)
        .into_iter()
        .filter(|path| !path.starts_with(image) && !own.iter().any(|own| path.starts_with(own)))
        .collect();
    assert!(outside.is_empty(), "{outside:?}");
    assert!(trace.contains("dpkg/status") || trace.contains("\"status\""), "the trace shows what was read");
    let inside =
        touched(&trace).into_iter().filter(|path| path.starts_with(image)).collect::<std::collections::BTreeSet<_>>();
    for place in ["/var/lib/rpm", "/opt/", "/etc/systemd/system", "/etc/cron.d", "/etc/passwd", "/etc/openvpn"] {
        assert!(inside.iter().any(|path| path.contains(place)), "{place} was not read: {inside:?}");
    }
}
