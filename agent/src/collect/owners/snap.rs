//! Owners by snap: what lies under `/snap/NAME/` is of that snap, where snapd keeps its image.
//! It does not open the image: snapd mounts it read-only, and keeps no digest of single files.
//! Invariant: a folder under `/snap` without its image is nobody's, not the snap's.

use super::{Manager, Match, Owned, Search};

const IMAGES: &str = "/var/lib/snapd/snaps";

pub(super) fn read(search: &mut Search<'_>) {
    let inside = |path: &str| Some(path.strip_prefix("/snap/")?.split_once('/')?.0.to_owned());
    let asked: Vec<(usize, String)> =
        search.asked.iter().enumerate().filter_map(|(at, one)| Some((at, inside(&one.canonical)?))).collect();
    if asked.is_empty() {
        return;
    }
    let images = search.list(IMAGES).unwrap_or_default();
    for (at, snap) in asked {
        let is_of = |image: &String| image.rsplit_once('_').is_some_and(|(name, _)| name == snap);
        if images.iter().any(is_of) {
            search.read(IMAGES);
            let owned = Owned { ecosystem: Manager::Snap, name: snap, digest: None, may_differ: false };
            search.own(Match(at), owned);
        }
    }
}
