//! containerd's own store: images and containers by namespace, from its metadata and from what runs.
//! It does not know what is inside an image, nor snapshots and leases; of labels it takes the names that Kubernetes and nerdctl give.
//! Invariant: specifications, environments and other labels are read past and never kept.
//! Form: containerd's `core/metadata/buckets.go`; what runs has a folder in `/run/containerd/io.containerd.runtime.v2.task`.

use super::Look;
use super::bolt::{Bolt, BoltError, Entry};
use daicho_schemas::fact::observation::{Container, ContainerState, ContainerStore, Observation};
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::{BTreeMap, BTreeSet};

/// Where containerd keeps what it knows, and what runs: a folder for each namespace, in it one for each container that has a task.
/// Its own places, and those of k3s and RKE2.
const STORES: [(&str, &str); 3] = [
    ("/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db", "/run/containerd/io.containerd.runtime.v2.task"),
    (
        "/var/lib/rancher/k3s/agent/containerd/io.containerd.metadata.v1.bolt/meta.db",
        "/run/k3s/containerd/io.containerd.runtime.v2.task",
    ),
    (
        "/var/lib/rancher/rke2/agent/containerd/io.containerd.metadata.v1.bolt/meta.db",
        "/run/k3s/containerd/io.containerd.runtime.v2.task",
    ),
];
/// The number of the task's first process.
const PID_BYTES_MAX: usize = 32;
/// Tries where containerd commits meanwhile.
const TRIES: usize = 3;

/// What the metadata says.
#[derive(Default)]
struct Stored {
    containers: Vec<Own>,
    /// Names by digest of the manifest.
    images: BTreeMap<String, BTreeSet<String>>,
}

struct Own {
    namespace: String,
    id: String,
    image: Option<String>,
    called: Option<String>,
}

pub(super) fn collect(look: &mut Look<'_>) {
    for (metadata, tasks) in STORES {
        store(look, metadata, tasks);
    }
}

fn store(look: &mut Look<'_>, metadata: &str, tasks: &str) {
    let mut tries = 0;
    let read = loop {
        tries += 1;
        match look.host.open_anywhere(metadata) {
            Ok(file) => match stored(file) {
                Err(BoltError::Changing) if tries < TRIES => {}
                read => break read,
            },
            Err(error) if error.is_missing() => return,
            Err(error) => return look.gather.miss_access(&error),
        }
    };
    look.gather.source(metadata);
    let stored = match read {
        Ok(stored) => stored,
        Err(error) => {
            let text = format!("{error}; containers and images of containerd are not listed");
            return look.gather.miss(Trouble::new(TroubleKind::Malformed, metadata, text));
        }
    };
    // By digest, so that one image under several names is one image.
    let digests: BTreeMap<&str, &str> = stored
        .images
        .iter()
        .flat_map(|(digest, names)| names.iter().map(|name| (name.as_str(), digest.as_str())))
        .collect();
    for own in &stored.containers {
        let state = state(look, tasks, own);
        let name = own.called.as_deref().unwrap_or(&own.id);
        let container = Container {
            store: ContainerStore::Containerd,
            // The number stays in the name: Kubernetes keeps what ended beside what runs, under one name.
            name: look.text(
                metadata,
                &match own.called {
                    Some(_) => format!("{}/{name}/{}", own.namespace, own.id),
                    None => format!("{}/{name}", own.namespace),
                },
            ),
            image: own.image.as_deref().map(|image| look.text(metadata, image)),
            image_id: own.image.as_deref().and_then(|image| digests.get(image)).map(|id| look.text(metadata, id)),
            state,
        };
        look.gather.item(metadata, Observation::Container(container));
    }
    for (digest, names) in stored.images {
        look.image(ContainerStore::Containerd, metadata, &digest, names, [digest.clone()].into());
    }
}

fn stored(file: Box<dyn crate::access::AnyPlace>) -> Result<Stored, BoltError> {
    let mut bolt = Bolt::open(file)?;
    let mut stored = Stored::default();
    let root = Entry::Bucket(bolt.root());
    let versions = below(&mut bolt, Some(&root))?;
    for (namespace, own) in below(&mut bolt, versions.get("v1"))? {
        let own = below(&mut bolt, Some(&own))?;
        for (name, image) in below(&mut bolt, own.get("images"))? {
            let image = below(&mut bolt, Some(&image))?;
            let target = below(&mut bolt, image.get("target"))?;
            let Some(digest) = value(&target, "digest") else { continue };
            // What the interface of Kubernetes adds to each image: its own number as a second name.
            let names = stored.images.entry(digest).or_default();
            if !name.starts_with("sha256:") {
                names.insert(name);
            }
        }
        for (id, container) in below(&mut bolt, own.get("containers"))? {
            if let Entry::Bucket(_) = container {
                let container = below(&mut bolt, Some(&container))?;
                let image = value(&container, "image").filter(|image| !image.is_empty());
                let called = called(&below(&mut bolt, container.get("labels"))?);
                stored.containers.push(Own { namespace: namespace.clone(), id, image, called });
            }
        }
    }
    bolt.is_still_as_opened()?;
    Ok(stored)
}

/// What stands in a bucket, by its key; nothing where there is no bucket.
fn below(bolt: &mut Bolt, entry: Option<&Entry>) -> Result<BTreeMap<String, Entry>, BoltError> {
    match entry {
        Some(Entry::Bucket(bucket)) => {
            Ok(bolt.entries(bucket)?.into_iter().map(|(key, entry)| (text(&key), entry)).collect())
        }
        Some(Entry::Value(_)) | None => Ok(BTreeMap::new()),
    }
}

fn value(entries: &BTreeMap<String, Entry>, key: &str) -> Option<String> {
    match entries.get(key) {
        Some(Entry::Value(value)) => Some(text(value)),
        Some(Entry::Bucket(_)) | None => None,
    }
}

/// `namespace/pod/container` of Kubernetes, or the name that nerdctl was given.
fn called(labels: &BTreeMap<String, Entry>) -> Option<String> {
    const KUBERNETES: [&str; 3] =
        ["io.kubernetes.pod.namespace", "io.kubernetes.pod.name", "io.kubernetes.container.name"];
    let told = |key: &str| value(labels, key).filter(|value| !value.is_empty());
    let parts: Vec<String> = KUBERNETES.iter().filter_map(|key| told(key)).collect();
    // The sandbox of a pod has no container's name.
    if parts.len() >= 2 { Some(parts.join("/")) } else { told("nerdctl/name") }
}

/// Runs where its task's first process does. A task without one, and an image of a machine, tell nothing.
fn state(look: &mut Look<'_>, tasks: &str, own: &Own) -> ContainerState {
    // Names that could lead elsewhere are none of containerd's (its `identifiers` allow neither `/` nor a leading dot).
    let plain = |name: &str| !name.is_empty() && !name.contains('/') && !name.starts_with('.');
    if !look.host.is_live() || !plain(&own.namespace) || !plain(&own.id) {
        return ContainerState::Unknown;
    }
    let place = format!("{tasks}/{}/{}/init.pid", own.namespace, own.id);
    match look.host.read(&place, PID_BYTES_MAX) {
        Ok(reading) => {
            look.gather.source(format!("{tasks}/*/*/init.pid"));
            let pid = std::str::from_utf8(&reading.bytes).ok().and_then(|text| text.trim().parse::<u32>().ok());
            match pid.map(|pid| look.host.exists(&format!("/proc/{pid}"))) {
                Some(true) => ContainerState::Running,
                Some(false) => ContainerState::Stopped,
                None => ContainerState::Unknown,
            }
        }
        Err(error) if error.is_missing() => ContainerState::Stopped,
        Err(_) => ContainerState::Unknown,
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
