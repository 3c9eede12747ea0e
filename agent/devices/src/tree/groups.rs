//! Groups of Junos: statements that are written once and hold wherever `apply-groups` names them.
//! It does not know the meaning of a statement: who wants one value takes the first, which is the one written directly.
//! Invariant: what a group would add and could not be added is told as a gap.

use super::{At, Tree};
use crate::draft;
use daicho_schemas::fact::device::GapSort;

/// Words that one group may add.
const ADDED_MAX: usize = 100_000;

impl<'t> Tree<'t> {
    /// Puts what the groups say where it holds.
    pub(crate) fn apply_groups(&mut self) {
        let names: Vec<(&'t str, u32)> = self.root().below("apply-groups").map(|at| (at.word(), at.line())).collect();
        for (name, line) in names {
            let group = self.root().get("groups").and_then(|groups| groups.named(name)).map(|at| at.id);
            match group {
                Some(group) => {
                    let mut left = ADDED_MAX;
                    self.merge(group, 0, &mut left, 0);
                    if left == 0 {
                        let (ja, en) = ("グループが大きすぎます", "a group is too large");
                        self.tell(GapSort::TooLarge, line, ja, en);
                    }
                }
                // One group for each node of a cluster, which says names and the management port.
                None if name == "${node}" && self.nodes_are_plain() => {}
                None => self.gaps.push(draft::gap(
                    GapSort::Elsewhere,
                    Some(line),
                    format!("グループ {} の中身を当てはめられません", draft::word(name)),
                    format!("what the group {} says could not be put in its places", draft::word(name)),
                )),
            }
        }
        let groups = self.root().get("groups").map_or(0, |at| at.id);
        let inner =
            self.index.iter().find(|((under, word), _)| *word == "apply-groups" && *under != 0 && *under != groups);
        if let Some(line) = inner.and_then(|(_, id)| self.node(*id)).map(|node| node.line) {
            self.tell(
                GapSort::NotUnderstood,
                line,
                "途中の階層の apply-groups は読んでいません",
                "`apply-groups` below the top is not read",
            );
        }
    }

    fn nodes_are_plain(&self) -> bool {
        let plain = |group: At<'_, '_>| {
            group.children().all(|at| match at.word() {
                "system" => at.children().all(|at| ["host-name", "backup-router"].contains(&at.word())),
                "interfaces" => at.children().all(|at| at.word() == "fxp0"),
                _ => false,
            })
        };
        self.root().below("groups").filter(|group| group.word().starts_with("node")).all(plain)
    }

    fn merge(&mut self, from: u32, to: u32, left: &mut usize, depth: usize) {
        if depth > super::DEPTH_MAX || *left == 0 {
            return;
        }
        let children: Vec<(u32, &'t str, u32)> =
            At { tree: self, id: from }.children().map(|at| (at.id, at.word(), at.line())).collect();
        for (id, word, line) in children {
            if let Some(pattern) = word.strip_prefix('<').and_then(|word| word.strip_suffix('>')) {
                let fits: Vec<u32> = At { tree: self, id: to }
                    .all()
                    .filter(|at| pattern == "*" || pattern.strip_suffix('*').is_some_and(|p| at.word().starts_with(p)))
                    .map(|at| at.id)
                    .collect();
                for to in fits {
                    self.merge(id, to, left, depth + 1);
                }
                continue;
            }
            *left = left.saturating_sub(1);
            let known = self.index.contains_key(&(to, word));
            let Some(place) = self.put(to, word, line) else { return };
            // What the file switches off stays off, whatever a group says.
            if !(known && At { tree: self, id: place }.is_off()) {
                self.merge(id, place, left, depth + 1);
            }
        }
    }
}
