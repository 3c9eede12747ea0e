//! The form that decides about computers: what a browser sends, and the decisions that it makes.
//! It does not check what may be decided; the door does.
//! Invariant: computers that are notified alike are one decision; a product enters only for a computer that shows it, or if typed.

use crate::http::console::forms;
use crate::model::duties::computers::proposal::{Unit, UnitSort};
use crate::model::queries::computers::ComputerRow;
use daicho_schemas::fact::computer::{ComputerJudged, NamedComputer, NotifiedProduct, PRODUCTS_MAX};
use daicho_schemas::ids::{EquipmentId, PlanId};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::CalendarDate;

/// Lines for products that are typed by hand.
const BLANK_LINES: usize = 2;
/// Products that are offered at most.
const OFFERED_MAX: usize = 50;

/// What the form says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// The token of the session's forms.
    pub form: String,
    /// The equipment.
    pub equipment: String,
    /// The computer of its own page; empty on the list.
    pub one: String,
    /// `in` or `out`.
    pub act: String,
    /// The computers that were chosen: name, a tab, the decision seen.
    pub computers: Vec<String>,
    /// Devices without an agent, one a line.
    pub named: String,
    /// The category.
    pub scope_id: String,
    /// Why.
    pub reason: String,
    /// The day of a change.
    pub changed_on: String,
    /// The products.
    pub products: Vec<ProductField>,
}

/// One line of products.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductField {
    /// It is notified.
    pub chosen: bool,
    /// It was typed by hand.
    pub by_hand: bool,
    /// What sort of thing.
    pub unit_id: String,
    /// 製品名.
    pub product: String,
    /// 製造者の名称.
    pub maker: String,
    /// The day of introduction.
    pub introduced_on: String,
    /// The exemption.
    pub exempt_by: String,
    /// The plan that stands in.
    pub filed_in: String,
    /// The name that the host shows.
    pub seen_as: String,
}

/// A row as the form's box says it.
pub(super) fn pick(row: &ComputerRow) -> String {
    let seen = row.decided.as_ref().map_or_else(String::new, |state| state.seq.to_string());
    format!("{}\t{seen}", row.name)
}

fn unit_id(sort: UnitSort) -> &'static str {
    match sort {
        UnitSort::ApplianceHardware => "appliance",
        UnitSort::OperatingSystem | UnitSort::Declared => "installed-software",
    }
}

impl ProductField {
    fn of_unit(unit: &Unit) -> Option<Self> {
        let product = unit.facts.product.clone()?;
        let by_host = unit.sort != UnitSort::Declared;
        Some(Self {
            // The hardware counts only where the computer is an appliance: a person says so.
            chosen: unit.sort != UnitSort::ApplianceHardware,
            unit_id: unit_id(unit.sort).into(),
            seen_as: if by_host { product.clone() } else { String::new() },
            product,
            maker: unit.facts.maker.clone().unwrap_or_default(),
            introduced_on: unit.facts.introduced_on.map_or_else(String::new, |on| on.to_string()),
            ..Self::default()
        })
    }

    fn of_product(product: &NotifiedProduct) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Self {
            chosen: true,
            by_hand: false,
            unit_id: product.unit_id.clone(),
            product: product.product.clone(),
            maker: text(&product.maker),
            introduced_on: product.introduced_on.map_or_else(String::new, |on| on.to_string()),
            exempt_by: text(&product.exempt_by),
            filed_in: product.filed_in.as_ref().map_or_else(String::new, ToString::to_string),
            seen_as: text(&product.seen_as),
        }
    }

    /// Whether it is the same thing, whatever is said of it.
    fn is(&self, other: &Self) -> bool {
        (&self.unit_id, &self.product) == (&other.unit_id, &other.product)
    }

    fn product(&self) -> Result<NotifiedProduct, Refusal> {
        let filled = |text: &str| Some(text.trim().to_string()).filter(|text| !text.is_empty());
        let wrong = |field: &str| Refusal::new(RefusalCode::ComputerWrong).with(format!("{}: {field}", self.product));
        let day = filled(&self.introduced_on).map(|text| text.parse::<CalendarDate>()).transpose();
        let plan = filled(&self.filed_in).map(PlanId::new).transpose();
        Ok(NotifiedProduct {
            unit_id: self.unit_id.clone(),
            product: self.product.trim().into(),
            maker: filled(&self.maker),
            introduced_on: day.map_err(|_| wrong("introduced_on"))?,
            exempt_by: filled(&self.exempt_by),
            filed_in: plan.map_err(|_| wrong("filed_in"))?,
            seen_as: filled(&self.seen_as),
        })
    }
}

impl Typed {
    /// What is offered before anything is typed: the products that stand or are shown, and blank lines.
    pub(super) fn offered(rows: &[ComputerRow], one: &str) -> Self {
        let mut products: Vec<ProductField> = Vec::new();
        let mut typed = Self { one: one.into(), ..Self::default() };
        let mut offer = |field: ProductField| {
            if products.len() < OFFERED_MAX && !products.iter().any(|known| known.is(&field)) {
                products.push(field);
            }
        };
        let open = rows.iter().filter(|row| !one.is_empty() || row.decided.is_none() && row.proposed.declared);
        for row in open {
            let decided = row.decided.as_ref().filter(|_| !one.is_empty());
            if let Some(state) = decided {
                typed.scope_id = state.judged.scope_id.clone().unwrap_or_default();
                typed.reason = state.judged.reason.clone();
                state.judged.products.iter().map(ProductField::of_product).for_each(&mut offer);
            }
            let shown = row.proposed.units.iter().filter_map(ProductField::of_unit);
            shown.map(|field| ProductField { chosen: field.chosen && decided.is_none(), ..field }).for_each(&mut offer);
        }
        let unit_id = unit_id(UnitSort::OperatingSystem).to_string();
        let blank = ProductField { chosen: true, by_hand: true, unit_id, ..ProductField::default() };
        products.extend(std::iter::repeat_n(blank, BLANK_LINES));
        Self { products, ..typed }
    }

    /// From what a browser sent. Names that the form does not have are left aside.
    pub(super) fn of(pairs: &[(String, String)]) -> Self {
        let mut typed = Self::default();
        for (key, value) in pairs {
            let Some((field, at)) = key.split_once('.') else {
                match key.as_str() {
                    "form" => typed.form = value.clone(),
                    "equipment" => typed.equipment = value.clone(),
                    "one" => typed.one = value.clone(),
                    "act" => typed.act = value.clone(),
                    "computer" => typed.computers.push(value.clone()),
                    "named" => typed.named = value.clone(),
                    "scope_id" => typed.scope_id = value.clone(),
                    "reason" => typed.reason = forms::words(value),
                    "changed_on" => typed.changed_on = value.clone(),
                    _ => {}
                }
                continue;
            };
            let Some(at) = at.parse::<usize>().ok().filter(|at| *at < PRODUCTS_MAX) else { continue };
            if typed.products.len() <= at {
                typed.products.resize_with(at + 1, ProductField::default);
            }
            if let Some(line) = typed.products.get_mut(at) {
                line.take(field, value);
            }
        }
        typed
    }

    /// The decisions that it makes: one for all computers that are alike.
    pub(super) fn decisions(&self, id: &EquipmentId, rows: &[ComputerRow]) -> Result<Vec<ComputerJudged>, Refusal> {
        let in_scope = self.act == "in";
        let wrong = |detail: &str| Refusal::new(RefusalCode::ComputerWrong).with(detail);
        let changed_on = match self.changed_on.trim() {
            "" => None,
            text => Some(text.parse::<CalendarDate>().map_err(|_| wrong("changed_on"))?),
        };
        let mut alike: Vec<(Vec<NotifiedProduct>, Vec<NamedComputer>)> = Vec::new();
        for named in self.chosen()? {
            let products = if in_scope { self.products_of(&named.name, rows)? } else { Vec::new() };
            match alike.iter_mut().find(|(same, _)| *same == products) {
                Some((_, computers)) => computers.push(named),
                None => alike.push((products, vec![named])),
            }
        }
        if alike.is_empty() {
            return Err(wrong("computers: choose at least one, or name one"));
        }
        let of = |(products, computers)| ComputerJudged {
            equipment_id: id.clone(),
            computers,
            in_scope,
            scope_id: Some(self.scope_id.clone()).filter(|id| in_scope && !id.is_empty()),
            reason: self.reason.clone(),
            products,
            changed_on,
        };
        Ok(alike.into_iter().map(of).collect())
    }

    fn chosen(&self) -> Result<Vec<NamedComputer>, Refusal> {
        let boxes = self.computers.iter().map(|text| {
            let (name, seen) = text.split_once('\t').unwrap_or((text, ""));
            let replaces = Some(seen).filter(|seen| !seen.is_empty()).map(str::parse).transpose();
            let replaces =
                replaces.map_err(|_| Refusal::new(RefusalCode::ComputerWrong).with("computers: replaces"))?;
            Ok(NamedComputer { name: name.into(), replaces })
        });
        let named = self.named.lines().map(str::trim).filter(|line| !line.is_empty());
        let named = named.map(|name| Ok(NamedComputer { name: name.into(), replaces: None }));
        boxes.chain(named).collect()
    }

    /// The chosen products that this computer shows or had, and those that were typed by hand.
    fn products_of(&self, name: &str, rows: &[ComputerRow]) -> Result<Vec<NotifiedProduct>, Refusal> {
        let row = rows.iter().find(|row| row.name == name);
        let shown = row.into_iter().flat_map(|row| row.proposed.units.iter().filter_map(ProductField::of_unit));
        let stood = row.and_then(|row| row.decided.as_ref()).into_iter().flat_map(|state| &state.judged.products);
        let known: Vec<ProductField> = shown.chain(stood.map(ProductField::of_product)).collect();
        let meant = |line: &&ProductField| {
            line.chosen && !line.product.trim().is_empty() && (line.by_hand || known.iter().any(|own| own.is(line)))
        };
        self.products.iter().filter(meant).map(ProductField::product).collect()
    }
}

impl ProductField {
    fn take(&mut self, field: &str, value: &str) {
        let place = match field {
            "chosen" => {
                self.chosen = true;
                return;
            }
            "by_hand" => {
                (self.by_hand, self.chosen) = (true, true);
                return;
            }
            "unit_id" => &mut self.unit_id,
            "product" => &mut self.product,
            "maker" => &mut self.maker,
            "introduced_on" => &mut self.introduced_on,
            "exempt_by" => &mut self.exempt_by,
            "filed_in" => &mut self.filed_in,
            "seen_as" => &mut self.seen_as,
            _ => return,
        };
        *place = value.into();
    }
}
