//! `container.v1` and `container_image.v1`: containers and images in the stores of Docker, Podman, CRI-O and containerd.
//! They do not know what is inside an image, nor what a container is told to do: commands and environments stay out.
//! Invariant: an image is told by its digest; names are those that the store gives it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names of one image; more are counted in a trouble of the report.
pub const IMAGE_NAMES_MAX: usize = 32;

/// Whose store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContainerStore {
    /// `/var/lib/docker`.
    Docker,
    /// `/var/lib/containers/storage`: Podman, Buildah, CRI-O.
    ContainersStorage,
    /// `/var/lib/containerd`: containerd, and what stands on it: Kubernetes, k3s, RKE2, nerdctl, newer Docker for images.
    Containerd,
}

impl ContainerStore {
    /// As it stands in keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::ContainersStorage => "containers_storage",
            Self::Containerd => "containerd",
        }
    }
}

/// Whether it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContainerState {
    /// It runs, by the store's last word.
    Running,
    /// It is there and does not.
    Stopped,
    /// The store does not say.
    Unknown,
}

/// One container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Container {
    /// Whose store.
    pub store: ContainerStore,
    /// Its name; of containerd's with the namespace before it: `k8s.io/tos/web-0/web/3f1c…`, `default/historian`.
    pub name: String,
    /// The image by the name that it was started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The image's own number in the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    /// Whether it runs.
    pub state: ContainerState,
}

impl Container {
    /// Store and name.
    pub fn key(&self) -> String {
        format!("container:{}:{}", self.store.as_str(), self.name)
    }
}

/// One image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContainerImage {
    /// Whose store.
    pub store: ContainerStore,
    /// Its own number in the store: the SHA-256 of its configuration, with containerd that of its manifest or index.
    pub image_id: String,
    /// Names with tags, sorted: `docker.io/library/nginx:1.27`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Digests of its manifest as registries give them, sorted: `sha256:…`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<String>,
}

impl ContainerImage {
    /// Store and number.
    pub fn key(&self) -> String {
        format!("image:{}:{}", self.store.as_str(), self.image_id)
    }
}
