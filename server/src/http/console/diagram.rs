//! Pictures in three columns, drawn as SVG by the server: equipment -> part -> supplier, and what a supplier, holder, country
//! or product touches. They do not know the model's rules; the tables beside them say the same.
//! Invariant: text stays text, status has a shape and a word beside its colour, and what is cut is counted.

use super::layout::PageContext;
use crate::model::queries::ownership::Holding;
use crate::model::queries::radius::{Centre, Radius, Role, Touch};
use crate::model::rows::{DriftLine, DriftStatus, EquipmentDetail, SupplierRow};
use askama::Template;
use askama::filters::HtmlSafe;
use daicho_schemas::ids::SupplierId;

/// Parts and undeclared products that are drawn; the rest is one box with their number.
pub const MIDDLE_BOXES_MAX: usize = 20;

const ROW_PX: usize = 58;
const BOX_HEIGHT_PX: usize = 46;
const LEFT: Column = Column { x_px: 1, width_px: 210 };
const MIDDLE: Column = Column { x_px: 280, width_px: 330 };
const RIGHT: Column = Column { x_px: 680, width_px: 279 };
const WIDTH_PX: usize = 960;

#[derive(Clone, Copy)]
struct Column {
    x_px: usize,
    width_px: usize,
}

/// One box with up to two lines of text.
pub struct DiagramBox {
    x_px: usize,
    y_px: usize,
    width_px: usize,
    class: &'static str,
    first: String,
    second: String,
    /// Everything, for a pointer that rests on it.
    full: String,
}

/// A line between two boxes.
pub struct Edge {
    path: String,
    class: &'static str,
}

/// The picture.
#[derive(Template)]
#[template(path = "diagram.html")]
pub struct Diagram {
    title: String,
    width_px: usize,
    height_px: usize,
    box_height_px: usize,
    edges: Vec<Edge>,
    boxes: Vec<DiagramBox>,
}

impl HtmlSafe for Diagram {}

/// What stands in the middle: a declared part, or a product that no part covers; and what it leads to.
struct Middle {
    name: String,
    word: String,
    class: &'static str,
    right: (String, String),
}

/// What stands at one end: its class and its two lines.
type End<'a> = (&'static str, &'a str, &'a str);

impl Diagram {
    /// Draws one equipment. `suppliers` gives the names and countries of the records.
    pub fn of(ctx: &PageContext, detail: &EquipmentDetail, suppliers: &[SupplierRow]) -> Self {
        let mut middle = undeclared(ctx, &detail.drift, suppliers);
        middle.extend(declared(ctx, detail, suppliers));
        let name = ctx.say(&detail.row.name);
        let left = ("equipment", name, detail.row.equipment_type.as_str());
        Self::three(ctx, ctx.tx("diagram-title", name), left, middle, "supplier")
    }

    /// Draws what something touches. `name` is what was asked about.
    pub fn of_radius(ctx: &PageContext, name: &str, radius: &Radius) -> Self {
        let mut middle: Vec<Middle> = radius.declared.iter().map(|touch| touched(ctx, touch, radius)).collect();
        let undeclared = radius.seen.iter().filter(|seen| seen.covered_by.is_none() && seen.carried_by.is_none());
        middle.extend(undeclared.map(|seen| Middle {
            name: seen.product.clone(),
            word: format!("◆ {} · {}", ctx.t("drift-undeclared"), ctx.category(&seen.category)),
            class: "undeclared",
            right: (ctx.say(&seen.equipment_name).to_string(), seen.place.clone()),
        }));
        let about = ctx.t(match radius.centre {
            Centre::Supplier(_) => "radius-supplier",
            Centre::Holder(_) => "radius-holder",
            Centre::Country(_) => "radius-country",
            Centre::Product(_) => "radius-product",
        });
        Self::three(ctx, ctx.tx("radius-diagram-title", name), ("supplier", name, &about), middle, "equipment")
    }

    fn three(
        ctx: &PageContext,
        title: String,
        left: End<'_>,
        mut middle: Vec<Middle>,
        right_class: &'static str,
    ) -> Self {
        let cut = middle.len().saturating_sub(MIDDLE_BOXES_MAX);
        middle.truncate(MIDDLE_BOXES_MAX);
        let mut right: Vec<(String, String)> = Vec::new();
        for box_ in &middle {
            if !right.contains(&box_.right) {
                right.push(box_.right.clone());
            }
        }
        let rows = (middle.len() + usize::from(cut > 0)).max(right.len()).max(1);
        let mut diagram = Self {
            title,
            width_px: WIDTH_PX,
            height_px: rows * ROW_PX,
            box_height_px: BOX_HEIGHT_PX,
            edges: Vec::new(),
            boxes: Vec::new(),
        };
        let left_y = middle_of(rows, 1, 0);
        diagram.draw(LEFT, left_y, left.0, left.1, left.2);
        for (index, box_) in middle.iter().enumerate() {
            let y = middle_of(rows, middle.len() + usize::from(cut > 0), index);
            diagram.draw(MIDDLE, y, box_.class, &box_.name, &box_.word);
            diagram.join((LEFT, left_y), (MIDDLE, y), box_.class);
            let at = right.iter().position(|end| *end == box_.right).unwrap_or(0);
            diagram.join((MIDDLE, y), (RIGHT, middle_of(rows, right.len(), at)), box_.class);
        }
        if cut > 0 {
            let y = middle_of(rows, middle.len() + 1, middle.len());
            diagram.draw(MIDDLE, y, "rest", &ctx.tn("diagram-rest", cut), &ctx.t("diagram-rest-where"));
            diagram.join((LEFT, left_y), (MIDDLE, y), "rest");
        }
        for (index, (name, second)) in right.iter().enumerate() {
            diagram.draw(RIGHT, middle_of(rows, right.len(), index), right_class, name, second);
        }
        diagram
    }

    fn draw(&mut self, column: Column, y_px: usize, class: &'static str, first: &str, second: &str) {
        let room_px = column.width_px - 24;
        self.boxes.push(DiagramBox {
            x_px: column.x_px,
            y_px,
            width_px: column.width_px,
            class,
            first: fit(first, room_px, 14),
            second: fit(second, room_px, 12),
            full: format!("{} / {}", shortened(first), shortened(second)),
        });
    }

    fn join(&mut self, from: (Column, usize), to: (Column, usize), class: &'static str) {
        let (from_x, from_y) = (from.0.x_px + from.0.width_px, from.1 + BOX_HEIGHT_PX / 2);
        let (to_x, to_y) = (to.0.x_px, to.1 + BOX_HEIGHT_PX / 2);
        let bend = usize::midpoint(from_x, to_x);
        let path = format!("M{from_x} {from_y} C{bend} {from_y} {bend} {to_y} {to_x} {to_y}");
        self.edges.push(Edge { path, class });
    }
}

fn undeclared(ctx: &PageContext, drift: &[DriftLine], suppliers: &[SupplierRow]) -> Vec<Middle> {
    let lines = drift.iter().filter(|line| line.status == DriftStatus::Undeclared);
    let box_of = |line: &DriftLine| Middle {
        name: line.product.clone(),
        word: format!("◆ {} · {}", ctx.t("drift-undeclared"), ctx.category(&line.category)),
        class: "undeclared",
        right: match &line.supplier.supplier_id {
            Some(id) => recorded(ctx, id, suppliers),
            None if ctx.say(&line.supplier.name).trim().is_empty() => (ctx.t("unknown"), ctx.t("claim-unrecorded")),
            None => (ctx.say(&line.supplier.name).to_string(), ctx.t("claim-unrecorded")),
        },
    };
    lines.map(box_of).collect()
}

fn declared(ctx: &PageContext, detail: &EquipmentDetail, suppliers: &[SupplierRow]) -> Vec<Middle> {
    let mut boxes = Vec::new();
    for plan in &detail.row.plans {
        for part in &plan.plan.parts {
            let of_part = |line: &&DriftLine| {
                line.plan_id.as_ref() == Some(&plan.plan_id) && line.part_id.as_ref() == Some(&part.part_id)
            };
            let status = detail.drift.iter().filter(of_part).map(|line| line.status).min();
            let (class, shape, key) = match status {
                Some(DriftStatus::Covered) => ("covered", "●", "drift-covered"),
                Some(DriftStatus::NotPart) => ("not-observable", "○", "drift-not-part"),
                Some(DriftStatus::NotSeen) => ("not-seen", "▲", "drift-not-seen"),
                Some(DriftStatus::Undeclared) => ("undeclared", "◆", "drift-undeclared"),
                Some(DriftStatus::NotObservable) => ("not-observable", "?", "drift-not-observable"),
                None => ("not-observable", "?", "drift-not-compared"),
            };
            boxes.push(Middle {
                name: part.name.clone(),
                word: format!("{shape} {} · {}", ctx.t(key), ctx.category(&part.category)),
                class,
                right: recorded(ctx, &part.supplier_id, suppliers),
            });
        }
    }
    boxes
}

/// One way through ownership, from the top down, with the exact share on each step.
pub fn way(ctx: &PageContext, links: &[Holding]) -> String {
    let top = links.first().map_or_else(String::new, |top| match (&top.holder_supplier_id, &top.holder) {
        (Some(id), _) => id.to_string(),
        (None, Some(name)) => ctx.say(name).to_string(),
        (None, None) => ctx.tx("radius-holder-person", &top.holder_id),
    });
    let steps = links.iter().map(|link| format!(" →({}) {}", link.share, link.supplier_id));
    format!("{top}{}", steps.collect::<String>())
}

/// One declaration that is touched, leading to its equipment.
fn touched(ctx: &PageContext, touch: &Touch, radius: &Radius) -> Middle {
    let (name, word) = match &touch.role {
        Role::Part { name, category, .. } => (name.clone(), ctx.category(category)),
        Role::EquipmentSupplier => (touch.supplier_id.to_string(), ctx.t("radius-equipment-supplier")),
        Role::IntroductionParty { .. } => (touch.supplier_id.to_string(), ctx.t("radius-introduction-party")),
        Role::Contractor { .. } => (touch.supplier_id.to_string(), ctx.t("radius-contractor")),
        Role::RemotePath { ends_on, .. } => (ends_on.clone(), ctx.t("radius-remote-path")),
    };
    let (class, shape, filed) =
        if touch.filed { ("covered", "●", "radius-filed") } else { ("not-observable", "?", "radius-draft") };
    Middle {
        name,
        word: match radius.paths.iter().find(|path| path.supplier_id == touch.supplier_id) {
            Some(path) => format!("{shape} {} · {}", ctx.t(filed), way(ctx, &path.links)),
            None => format!("{shape} {} · {word}", ctx.t(filed)),
        },
        class,
        right: (ctx.say(&touch.equipment_name).to_string(), touch.place.clone()),
    }
}

/// A supplier's name and country of law; its id where no record is there.
fn recorded(ctx: &PageContext, id: &SupplierId, suppliers: &[SupplierRow]) -> (String, String) {
    match suppliers.iter().find(|row| row.record.supplier_id == *id) {
        Some(row) => {
            let country = row.record.country_of_law.as_ref().map_or_else(|| ctx.t("unknown"), ToString::to_string);
            (ctx.say(&row.record.name).to_string(), ctx.tx("diagram-country", country))
        }
        None => (id.to_string(), ctx.t("claim-unrecorded")),
    }
}

/// The top of box `index` of `count`, spread evenly over `rows` rows.
fn middle_of(rows: usize, count: usize, index: usize) -> usize {
    let slot_px = rows * ROW_PX / count.max(1);
    slot_px * index + (slot_px - BOX_HEIGHT_PX) / 2
}

/// Cuts a text to a width. East Asian letters are as wide as they are high, others about 0.58 of that.
fn fit(text: &str, room_px: usize, size_px: usize) -> String {
    let mut used = 0;
    let mut out = String::new();
    for letter in text.chars() {
        let wide = letter as u32 >= 0x1100;
        used += if wide { size_px * 100 } else { size_px * 58 };
        if used > room_px * 100 {
            out.pop();
            out.push('…');
            return out;
        }
        out.push(letter);
    }
    out
}

/// At most 200 letters, for the text that appears under a resting pointer.
fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_it_would_leave_its_box() {
        assert_eq!(fit("短い", 200, 14), "短い");
        assert_eq!(fit(&"広".repeat(40), 140, 14), format!("{}…", "広".repeat(9)));
        assert!(fit(&"x".repeat(10_000), 200, 14).chars().count() < 30);
    }

    #[test]
    fn boxes_of_one_column_never_overlap() {
        for count in 1..=MIDDLE_BOXES_MAX {
            let tops: Vec<usize> = (0..count).map(|index| middle_of(count, count, index)).collect();
            assert!(tops.windows(2).all(|pair| pair[1] >= pair[0] + BOX_HEIGHT_PX), "{tops:?}");
        }
    }
}
