//! What can happen to accounts, protection, services, jobs, containers, sockets and modules: they come, change and go.
//! It does not check anything. Invariant: the same number makes the same step of the same ledger.

use crate::model::testing::Script;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::Observation;
use serde_json::{Value, json};

pub(super) fn happens(script: &mut Script, n: usize, outcome: Outcome) {
    let carried = [
        json!(null),
        json!({ "by": "nobody" }),
        json!({ "by": "unknown" }),
        json!({ "by": "package", "ecosystem": "deb", "name": "a" }),
    ][n / 16 % 4]
        .clone();
    let (collector, items) = match n % 6 {
        0 => ("accounts", accounts(n / 6)),
        1 => ("protection", protections(n / 6)),
        2 => ("services", started(n / 6, &carried)),
        3 => ("containers", containers(n / 6)),
        4 => ("listening_sockets", sockets(n / 6, &carried)),
        _ => ("kernel_modules", modules(n / 6, &carried)),
    };
    let taken = items.into_iter().take(n / 2 % 4).map(|item| serde_json::from_value::<Observation>(item).unwrap());
    script.report(collector, outcome, taken.collect());
}

fn accounts(n: usize) -> Vec<Value> {
    let password = ["set", "locked", "disabled", "empty", "unreadable"][n % 5];
    let account = |uid: u32, sort: &str, name: Value| {
        json!({ "kind": "account.v1", "uid": uid, "sort": sort, "name": name, "has_shell": n.is_multiple_of(2),
            "password": password, "last_login": { "known": "never", "by": "lastlog" }, "ssh_keys": n % 3,
            "rights": [{ "place": "/etc/sudoers:1", "every_command": n.is_multiple_of(3) }] })
    };
    vec![
        account(0, "system", json!("root")),
        account(1000, "person", json!(null)),
        account(1001, "person", json!(null)),
    ]
}

fn protections(n: usize) -> Vec<Value> {
    let state = [json!(null), json!("running"), json!("enabled"), json!("disabled")][n % 4].clone();
    let on = [json!(null), json!("2026-11-20"), json!("2024-06-30")][n / 4 % 3].clone();
    let protection = |aspect: &str| {
        json!({ "kind": "protection.v1", "aspect": aspect, "subject": "x", "state": state, "on": on, "count": n % 3,
            "read_from": ["/x"] })
    };
    ["antivirus", "system_support", "updates_pending"].map(protection).to_vec()
}

fn started(n: usize, carried: &Value) -> Vec<Value> {
    let state = [json!(null), json!("enabled"), json!("disabled"), json!("masked")][n % 4].clone();
    let unit = |name: &str| {
        json!({ "kind": "service_unit.v1", "name": name, "state": state, "executable": "/opt/x/run",
            "executable_carried_by": carried, "carried_by": { "by": "nobody" } })
    };
    let job = json!({ "kind": "scheduled_job.v1", "sort": "cron", "place": "/etc/cron.d/x:1", "account": "root",
        "carried_by": carried });
    vec![unit("x.service"), job, unit("y.timer")]
}

fn containers(n: usize) -> Vec<Value> {
    let state = ["running", "stopped", "unknown"][n % 3];
    let container = |name: &str| json!({ "kind": "container.v1", "store": "docker", "name": name, "image": "registry.example/x:1", "state": state });
    let image = json!({ "kind": "container_image.v1", "store": "docker", "image_id": "sha256:0", "names": ["x:1"] });
    vec![container("x"), image, container("y")]
}

fn sockets(n: usize, carried: &Value) -> Vec<Value> {
    let address = ["0.0.0.0", "192.0.2.1"][n % 2];
    let socket = |port: u16| {
        let process = json!({ "name": "x", "executable": "/opt/x/run", "carried_by": carried, "unit": "x.service" });
        json!({ "kind": "listening_socket.v1", "protocol": "tcp", "address": address,
            "port": port, "processes": [process] })
    };
    [22, 389, 8080].map(socket).to_vec()
}

fn modules(n: usize, carried: &Value) -> Vec<Value> {
    let module = |name: &str| json!({ "kind": "kernel_module.v1", "name": name, "loaded": n.is_multiple_of(2), "carried_by": carried });
    ["x", "y", "z"].map(module).to_vec()
}
