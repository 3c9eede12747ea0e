//! Containers and images, by reading the stores of Docker, Podman, CRI-O and containerd; no daemon is asked.
//! It does not know stores of single people, pods, or what is inside an image.
//! Invariant: commands, environments and labels are not even taken apart; a store that is there and not read is named.

mod bolt;
mod containerd;

use super::accounts::People;
use super::{Collected, Collector, Gather};
use crate::access::{AccessError, Host};
use daicho_schemas::fact::observation::{
    Container, ContainerImage, ContainerState, ContainerStore, IMAGE_NAMES_MAX, Observation,
};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

const DOCKER: &str = "/var/lib/docker";
const STORAGE: &str = "/var/lib/containers/storage";
/// One file of a store; lists of thousands of images have some MB.
const FILE_BYTES_MAX: usize = 32 * 1024 * 1024;
const NAMES_MAX: usize = 50_000;

/// Collects containers and images.
pub(crate) struct ContainersCollector;

impl Collector for ContainersCollector {
    fn id(&self) -> &'static str {
        "containers"
    }

    fn about(&self) -> Text {
        Text::new(
            "コンテナとイメージ（Docker、Podman、CRI-O、containerd の保管場所による。コマンドや環境変数は送らない）",
            "containers and images by the stores of Docker, Podman, CRI-O and containerd, never commands or environments",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            "/etc/passwd",
            "/etc/login.defs",
            "/var/lib/docker/containers",
            "/var/lib/docker/containers/*/config.v2.json",
            "/var/lib/docker/image",
            "/var/lib/docker/image/*/repositories.json",
            "/var/lib/docker/image/*/imagedb/content/sha256",
            "/var/lib/containers/storage/*-containers/containers.json",
            "/var/lib/containers/storage/*-images/images.json",
            STORAGE,
            "/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db",
            "/var/lib/rancher/k3s/agent/containerd/io.containerd.metadata.v1.bolt/meta.db",
            "/var/lib/rancher/rke2/agent/containerd/io.containerd.metadata.v1.bolt/meta.db",
            "/run/containerd/io.containerd.runtime.v2.task/*/*/init.pid",
            "/run/k3s/containerd/io.containerd.runtime.v2.task/*/*/init.pid",
            "/proc/*",
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[
            "/var/lib/docker/containers",
            "/var/lib/containers/storage/overlay-containers",
            "/var/lib/containerd/io.containerd.metadata.v1.bolt",
            "/var/lib/rancher/k3s/agent/containerd/io.containerd.metadata.v1.bolt",
            "/var/lib/rancher/rke2/agent/containerd/io.containerd.metadata.v1.bolt",
        ]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut look = Look { gather: Gather::new(), host, people: People::read(host) };
        look.docker();
        look.storage();
        containerd::collect(&mut look);
        if look.gather.has_read_nothing() {
            return look.gather.finish_not_applicable();
        }
        look.gather.finish_failed_when_empty()
    }
}

/// `config.v2.json` of Docker: what is not asked for is passed over.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerContainer {
    name: String,
    #[serde(default)]
    image: Option<String>,
    #[serde(default)]
    config: Option<DockerConfig>,
    #[serde(default)]
    state: Option<DockerState>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerConfig {
    #[serde(default)]
    image: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerState {
    #[serde(default)]
    running: Option<bool>,
}

/// `repositories.json` of Docker: names of images by repository.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerRepositories {
    #[serde(default)]
    repositories: BTreeMap<String, BTreeMap<String, String>>,
}

/// `containers.json` of containers/storage.
#[derive(Deserialize)]
struct StoredContainer {
    id: String,
    #[serde(default)]
    names: Option<Vec<String>>,
    #[serde(default)]
    image: Option<String>,
    /// JSON in a text.
    #[serde(default)]
    metadata: Option<String>,
}

#[derive(Deserialize)]
struct StoredMetadata {
    #[serde(default, rename = "image-name")]
    image_name: Option<String>,
}

/// `images.json` of containers/storage.
#[derive(Deserialize)]
struct StoredImage {
    id: String,
    #[serde(default)]
    digest: Option<String>,
    #[serde(default)]
    names: Option<Vec<String>>,
}

struct Look<'a> {
    gather: Gather,
    host: &'a dyn Host,
    people: People,
}

impl Look<'_> {
    fn list(&mut self, folder: &str) -> Vec<String> {
        self.gather.names(self.host, folder, NAMES_MAX)
    }

    /// A file of JSON. What does not fit is named by its place, without a word of it.
    fn json<T: DeserializeOwned>(&mut self, place: &str) -> Option<T> {
        let reading = match self.host.read(place, FILE_BYTES_MAX) {
            Ok(reading) => reading,
            // A container that went between the listing and now.
            Err(AccessError::Missing { .. }) => return None,
            Err(error) => {
                self.gather.miss_access(&error);
                return None;
            }
        };
        self.gather.source(place);
        let parsed = serde_json::from_slice(&reading.bytes).ok();
        if parsed.is_none() {
            let text = "the file has another form than this release reads, or is damaged; it was left out";
            self.gather.miss(Trouble::new(TroubleKind::Malformed, place, text));
        }
        parsed
    }

    fn text(&mut self, place: &str, value: &str) -> String {
        let value = self.people.hide(value);
        self.gather.text(place, value.as_bytes())
    }

    fn docker(&mut self) {
        let folder = format!("{DOCKER}/containers");
        for id in self.list(&folder) {
            let place = format!("{folder}/{id}/config.v2.json");
            let Some(own) = self.json::<DockerContainer>(&place) else { continue };
            let state = match own.state.and_then(|state| state.running) {
                Some(true) => ContainerState::Running,
                Some(false) => ContainerState::Stopped,
                None => ContainerState::Unknown,
            };
            let image = own.config.and_then(|config| config.image).map(|image| self.text(&place, &image));
            let container = Container {
                store: ContainerStore::Docker,
                name: self.text(&place, own.name.trim_start_matches('/')),
                image,
                image_id: own.image.map(|id| self.text(&place, &id)),
                state,
            };
            self.gather.item(&place, Observation::Container(container));
        }
        let folder = format!("{DOCKER}/image");
        for driver in self.list(&folder) {
            self.docker_images(&format!("{folder}/{driver}"));
        }
    }

    fn docker_images(&mut self, folder: &str) {
        let mut images: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
        for digits in self.list(&format!("{folder}/imagedb/content/sha256")) {
            images.entry(format!("sha256:{digits}")).or_default();
        }
        let place = format!("{folder}/repositories.json");
        let named = self.json::<DockerRepositories>(&place).map(|own| own.repositories).unwrap_or_default();
        for (name, id) in named.into_values().flatten() {
            let (names, digests) = images.entry(id).or_default();
            match name.split_once('@') {
                Some((_, digest)) => digests.insert(digest.to_owned()),
                None => names.insert(name),
            };
        }
        for (id, (names, digests)) in images {
            self.image(ContainerStore::Docker, &place, &id, names, digests);
        }
    }

    fn storage(&mut self) {
        // One pair of folders for each driver: `overlay-containers`, `vfs-images`.
        for folder in self.list(STORAGE) {
            if folder.ends_with("-containers") {
                let place = format!("{STORAGE}/{folder}/containers.json");
                for own in self.json::<Vec<StoredContainer>>(&place).unwrap_or_default() {
                    let metadata = own.metadata.and_then(|text| serde_json::from_str::<StoredMetadata>(&text).ok());
                    let name = own.names.and_then(|names| names.into_iter().next()).unwrap_or(own.id);
                    let image = metadata.and_then(|metadata| metadata.image_name);
                    let container = Container {
                        store: ContainerStore::ContainersStorage,
                        name: self.text(&place, &name),
                        image: image.filter(|image| !image.is_empty()).map(|image| self.text(&place, &image)),
                        image_id: own.image.filter(|id| !id.is_empty()).map(|id| self.text(&place, &id)),
                        state: ContainerState::Unknown,
                    };
                    self.gather.item(&place, Observation::Container(container));
                }
            } else if folder.ends_with("-images") {
                let place = format!("{STORAGE}/{folder}/images.json");
                for own in self.json::<Vec<StoredImage>>(&place).unwrap_or_default() {
                    let names = own.names.unwrap_or_default().into_iter().collect();
                    let digests = own.digest.into_iter().collect();
                    self.image(ContainerStore::ContainersStorage, &place, &own.id, names, digests);
                }
            }
        }
    }

    fn image(
        &mut self,
        store: ContainerStore,
        place: &str,
        id: &str,
        names: BTreeSet<String>,
        digests: BTreeSet<String>,
    ) {
        let names = names.iter().map(|name| self.text(place, name)).collect();
        let digests = digests.iter().map(|digest| self.text(place, digest)).collect();
        let image = ContainerImage {
            store,
            image_id: self.text(place, id),
            names: self.gather.first_of(place, names, IMAGE_NAMES_MAX),
            digests: self.gather.first_of(place, digests, IMAGE_NAMES_MAX),
        };
        self.gather.item(place, Observation::ContainerImage(image));
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
