//! The blast radius: what a supplier, a holder, a country or a product touches, in what was declared and in what was seen, directly or
//! through tiers and ownership. It does not know what the law asks because of it; it names parts, equipment, places and plans.
//! Invariant: what cannot be decided is listed as such: a supplier whose country is not recorded is not "elsewhere".

mod carried;
mod question;

use super::super::Model;
use super::super::prepared::Label;
use super::super::views::declarations::PlanState;
use super::super::views::drift::{EquipmentDrift, Line, Listed};
use super::ownership::{AlikeHolder, Below, Ownership, OwnershipPath, Start, are_known};
use daicho_schemas::fact::declaration::{Category, DeclaredPart, Equipment, Plan, PlanKind};
use daicho_schemas::fact::supplier::SupplierRecord;
use daicho_schemas::ids::{EquipmentId, PartId, PlanId, RemotePathId, SupplierId};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use roaring::RoaringBitmap;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use question::{Centre, RadiusQuery};

/// Rows of each list in one answer; the totals count all.
pub const RADIUS_ROWS_MAX: usize = 1000;

/// Everything that a centre touches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Radius {
    /// What was asked about.
    pub centre: Centre,
    /// The suppliers in it, in order of ids.
    pub suppliers: Vec<ReachedSupplier>,
    /// What plans declare: at most [`RADIUS_ROWS_MAX`], in order of equipment and plan.
    pub declared: Vec<Touch>,
    /// What agents saw on equipment: at most [`RADIUS_ROWS_MAX`], in order of equipment.
    pub seen: Vec<SeenTouch>,
    /// The ways through ownership, the shortest first: at most [`super::ownership::PATHS_MAX`].
    pub paths: Vec<OwnershipPath>,
    /// There are more ways than are listed; what they lead to is in `suppliers` all the same.
    pub paths_cut: bool,
    /// How much all of it is.
    pub totals: RadiusTotals,
    /// What could not be decided.
    pub undecided: Undecided,
}

/// How much a centre touches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RadiusTotals {
    /// Distinct equipment, declared or seen.
    pub equipment: u64,
    /// Distinct places of installation and use, as plans write them.
    pub places: u64,
    /// Distinct plans.
    pub plans: u64,
    /// Declarations: parts, contractors and ways in.
    pub declared: u64,
    /// Lines of what was seen.
    pub seen: u64,
    /// Distinct hosts on which it was seen.
    pub hosts: u64,
}

/// What cannot be decided, because no record says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Undecided {
    /// Suppliers that plans name whose country of law or of address is not recorded, or of whom there is no record.
    pub suppliers: Vec<SupplierId>,
    /// Declared parts without a country of manufacture.
    pub parts: u64,
    /// Suppliers that plans name whose holders are not known to us: who stands behind them cannot be told.
    pub holders: Vec<SupplierId>,
    /// Holders without a record of their own that are named like a supplier in question; not followed.
    pub alike: Vec<AlikeHolder>,
}

/// Why a supplier is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The question is about it.
    Itself,
    /// Its 設立準拠法国等.
    CountryOfLaw,
    /// The country of its address.
    AddressCountry,
    /// What is made there: the part's country of manufacture.
    Manufacture,
    /// The name of the part or of what it covers.
    Name,
    /// The holder that was asked for holds a share of it.
    Holder,
    /// A holder of it is of that country.
    HolderCountry,
    /// Somebody in question holds it, directly or through others.
    Ownership,
}

/// A supplier in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReachedSupplier {
    /// Which.
    pub supplier_id: SupplierId,
    /// Its name; absent where a plan names it and no record stands.
    pub name: Option<Text>,
    /// Why, one reason at least.
    pub why: BTreeSet<Why>,
}

/// In which role a plan names what is touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "role")]
pub enum Role {
    /// 構成設備.
    Part {
        /// Its id in the plan.
        part_id: PartId,
        /// 名称 as filed.
        name: String,
        /// What it is.
        category: Category,
    },
    /// 特定重要設備の供給者.
    EquipmentSupplier,
    /// 導入に携わる者.
    IntroductionParty {
        /// 導入との関係, as filed.
        relation: String,
    },
    /// 委託の相手方 or 再委託の相手方.
    Contractor {
        /// Through whom the work came to it, from the operator's contractor down; empty where there is no one, or where no tiers are
        /// recorded.
        above: Vec<SupplierId>,
        /// Who works under it.
        below: BTreeSet<SupplierId>,
    },
    /// A declared way in from outside.
    RemotePath {
        /// Its id in the plan.
        remote_path_id: RemotePathId,
        /// The host and the interface it ends on.
        ends_on: String,
    },
}

/// One declaration that is touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Touch {
    /// 特定重要設備.
    pub equipment_id: EquipmentId,
    /// Its name.
    pub equipment_name: Text,
    /// 設置及び使用する場所.
    pub place: String,
    /// The plan.
    pub plan_id: PlanId,
    /// Its kind.
    pub plan_kind: PlanKind,
    /// Whether it was filed; a draft binds nobody.
    pub filed: bool,
    /// What in it.
    #[serde(flatten)]
    pub role: Role,
    /// By whom.
    pub supplier_id: SupplierId,
    /// Why it is touched.
    pub why: BTreeSet<Why>,
}

/// Components on an equipment that are touched, as agents saw them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeenTouch {
    /// 特定重要設備.
    pub equipment_id: EquipmentId,
    /// Its name.
    pub equipment_name: Text,
    /// 設置及び使用する場所.
    pub place: String,
    /// What a plan would call it.
    pub product: String,
    /// What it is.
    pub category: Category,
    /// Who supplies it, where a record fits.
    pub supplier_id: Option<SupplierId>,
    /// The part that covers it: none, and it is undeclared.
    pub covered_by: Option<(PlanId, PartId)>,
    /// The package of the hosts that carries it and is judged in its place; empty where that could not be looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carried_by: Option<String>,
    /// Distinct components.
    pub components: u64,
    /// Hosts of the equipment that have any of it.
    pub hosts: u64,
}

/// Suppliers that are touched, and why.
type Reached = BTreeMap<SupplierId, BTreeSet<Why>>;

impl Model {
    /// What a supplier, a holder, a country or a product touches. Shares are those of `day`.
    pub fn radius(&self, centre: &Centre, day: CalendarDate) -> Radius {
        let ownership = Ownership::on(&self.state.declarations, day);
        let (reached, below) = self.reached(centre, &ownership);
        let mut declared: Vec<Touch> =
            self.state.declarations.plans().flat_map(|state| touches(state, centre, &reached)).collect();
        declared.sort_by(|a, b| (&a.equipment_id, &a.plan_id).cmp(&(&b.equipment_id, &b.plan_id)));
        let mut hosts = RoaringBitmap::new();
        let mut seen = Vec::new();
        for (id, drift) in &self.drift.equipment {
            let Some(equipment) = self.state.declarations.equipment_described(id) else { continue };
            for line in drift.lines() {
                if let Some((components, on)) = self.of_line(drift, line, centre, &reached) {
                    seen.push(seen_touch(equipment, line, components, on.len()));
                    hosts |= on;
                }
            }
        }
        seen.extend(self.carried_of(centre, &mut hosts));
        let mut suppliers = reached;
        for touch in &declared {
            suppliers.entry(touch.supplier_id.clone()).or_default().extend(&touch.why);
        }
        let totals = totals(&declared, &seen, hosts.len());
        let undecided = self.undecided(centre, &ownership, &suppliers);
        declared.truncate(RADIUS_ROWS_MAX);
        seen.truncate(RADIUS_ROWS_MAX);
        let named = |(supplier_id, why): (SupplierId, BTreeSet<Why>)| ReachedSupplier {
            name: self.record(&supplier_id).map(|record| record.name.clone()),
            supplier_id,
            why,
        };
        Radius {
            centre: centre.clone(),
            suppliers: suppliers.into_iter().map(named).collect(),
            declared,
            seen,
            paths: below.paths,
            paths_cut: below.cut,
            totals,
            undecided,
        }
    }

    fn record(&self, id: &SupplierId) -> Option<&SupplierRecord> {
        self.state.declarations.supplier_state(id).map(|state| &state.record)
    }

    /// The suppliers that the question is about whatever they supply: by themselves, and through who holds them.
    fn reached(&self, centre: &Centre, ownership: &Ownership) -> (Reached, Below) {
        let mut reached = self.by_themselves(centre);
        let by_themselves: Vec<SupplierId> = reached.keys().cloned().collect();
        let (held, why) = match centre {
            Centre::Supplier(_) | Centre::Product(_) => (Vec::new(), Why::Ownership),
            Centre::Holder(asked) => (ownership.named(asked, &self.state.declarations), Why::Holder),
            Centre::Country(country) => {
                (ownership.which(|holding| holding.country_of_law.as_ref() == Some(country)), Why::HolderCountry)
            }
        };
        let mut starts: Vec<Start<'_>> = by_themselves.iter().map(Start::Supplier).collect();
        starts.extend(held.iter().map(|at| Start::Holding(*at)));
        let below = ownership.below(&starts);
        let direct: BTreeSet<&SupplierId> = held.iter().filter_map(|at| ownership.held(*at)).collect();
        for id in &below.suppliers {
            let through = if direct.contains(id) { why } else { Why::Ownership };
            // Whoever holds a share of whom it is held by is still asked about itself.
            if by_themselves.len() != 1 || !by_themselves.contains(id) {
                reached.entry(id.clone()).or_default().insert(through);
            }
        }
        (reached, below)
    }

    fn by_themselves(&self, centre: &Centre) -> Reached {
        match centre {
            Centre::Supplier(id) => [(id.clone(), [Why::Itself].into())].into(),
            Centre::Holder(_) | Centre::Product(_) => BTreeMap::new(),
            Centre::Country(country) => {
                let of = |record: &SupplierRecord| {
                    let law = record.country_of_law.as_ref() == Some(country);
                    let address = record.address_country.as_ref() == Some(country);
                    let why = [(law, Why::CountryOfLaw), (address, Why::AddressCountry)];
                    why.into_iter().filter_map(|(holds, why)| holds.then_some(why)).collect::<BTreeSet<_>>()
                };
                let all = self.state.declarations.suppliers().map(|(id, state)| (id.clone(), of(&state.record)));
                all.filter(|(_, why)| !why.is_empty()).collect()
            }
        }
    }

    /// How much of a line is touched: components and hosts. `None` where nothing is.
    fn of_line(
        &self,
        drift: &EquipmentDrift,
        line: &Line,
        centre: &Centre,
        reached: &Reached,
    ) -> Option<(u64, RoaringBitmap)> {
        let whole = || Some((line.components.len() as u64, line.hosts.clone()));
        match centre {
            Centre::Supplier(_) | Centre::Holder(_) | Centre::Country(_) => {
                line.key.supplier.recorded().filter(|id| reached.contains_key(*id)).and_then(|_| whole())
            }
            Centre::Product(name) if line.key.product.eq_ignore_ascii_case(name) => whole(),
            Centre::Product(name) => {
                let named = components_named(line, name);
                let mut hosts = RoaringBitmap::new();
                named.iter().for_each(|listed| hosts |= self.drift.sightings.hosts(listed.item));
                hosts &= &drift.members;
                (!named.is_empty()).then_some((named.len() as u64, hosts))
            }
        }
    }

    fn undecided(&self, centre: &Centre, ownership: &Ownership, suppliers: &Reached) -> Undecided {
        if matches!(centre, Centre::Product(_)) {
            return Undecided::default();
        }
        let alike = ownership.alike(suppliers.keys().filter_map(|id| self.record(id)));
        let mut undecided = Undecided { alike, ..Undecided::default() };
        let mut named = BTreeSet::new();
        for state in self.state.declarations.plans() {
            named.extend(suppliers_of(&state.plan));
        }
        let unheld = |id: &&&SupplierId| self.record(id).is_none_or(|record| !are_known(record));
        undecided.holders = named.iter().filter(unheld).map(|id| SupplierId::clone(id)).collect();
        if !matches!(centre, Centre::Country(_)) {
            return undecided;
        }
        for state in self.state.declarations.plans() {
            let plan = &state.plan;
            undecided.parts += plan.parts.iter().filter(|part| part.manufacturing_country.is_none()).count() as u64;
        }
        let unsaid = |id: &&SupplierId| {
            self.record(id).is_none_or(|record| record.country_of_law.is_none() || record.address_country.is_none())
        };
        undecided.suppliers = named.into_iter().filter(unsaid).cloned().collect();
        undecided
    }
}

/// Everybody whom a plan names.
pub fn suppliers_of(plan: &Plan) -> impl Iterator<Item = &SupplierId> {
    let parts = plan.parts.iter().map(|part| &part.supplier_id);
    let filed = plan.filing.introduction_parties.iter().map(|party| &party.supplier_id);
    let paths = plan.remote_paths.iter().map(|path| &path.supplier_id);
    parts.chain(&plan.contractors).chain(paths).chain(&plan.filing.equipment_supplier).chain(filed)
}

/// The way of the work down to a contractor, and everybody who works under it. Tiers that lead in a circle end where they meet.
fn tiers(plan: &Plan, id: &SupplierId) -> Role {
    let parent = |id: &SupplierId| {
        plan.contractor_tiers.iter().find(|tier| tier.supplier_id == *id).and_then(|tier| tier.parent.clone())
    };
    let mut above = Vec::new();
    let mut next = parent(id);
    while let Some(one) = next.filter(|one| one != id && !above.contains(one)) {
        next = parent(&one);
        above.insert(0, one);
    }
    let (mut below, mut open) = (BTreeSet::new(), vec![id.clone()]);
    while let Some(one) = open.pop() {
        let under = plan.contractor_tiers.iter().filter(|tier| tier.parent.as_ref() == Some(&one));
        for tier in under.filter(|tier| tier.supplier_id != *id) {
            if below.insert(tier.supplier_id.clone()) {
                open.push(tier.supplier_id.clone());
            }
        }
    }
    Role::Contractor { above, below }
}

/// The components of a line with this name, as it is written or in lower case, as packages spell themselves.
fn components_named(line: &Line, name: &str) -> BTreeSet<Listed> {
    let mut found = BTreeSet::new();
    for name in BTreeSet::from([name.to_string(), name.to_ascii_lowercase()]) {
        let first = Listed { label: Arc::new(Label { name: name.clone(), version: None }), item: 0 };
        let named = line.components.range(first..).map(|(listed, _)| listed);
        found.extend(named.take_while(|listed| listed.label.name == name).cloned());
    }
    found
}

fn touches(state: &PlanState, centre: &Centre, reached: &Reached) -> Vec<Touch> {
    let plan = &state.plan;
    let touch = |role: Role, supplier_id: &SupplierId, why: BTreeSet<Why>| {
        (!why.is_empty()).then(|| Touch {
            equipment_id: plan.equipment.equipment_id.clone(),
            equipment_name: plan.equipment.name.clone(),
            place: plan.equipment.place.clone(),
            plan_id: plan.plan_id.clone(),
            plan_kind: plan.plan_kind,
            filed: state.filed(),
            role,
            supplier_id: supplier_id.clone(),
            why,
        })
    };
    let by_supplier = |id: &SupplierId| reached.get(id).cloned().unwrap_or_default();
    let parts = plan.parts.iter().map(|part| {
        let mut why = by_supplier(&part.supplier_id);
        why.extend(of_part(part, centre));
        let (part_id, name) = (part.part_id.clone(), part.name.clone());
        touch(Role::Part { part_id, name, category: part.category }, &part.supplier_id, why)
    });
    let contractors = plan.contractors.iter().map(|id| touch(tiers(plan, id), id, by_supplier(id)));
    let equipment = plan.filing.equipment_supplier.iter().map(|id| touch(Role::EquipmentSupplier, id, by_supplier(id)));
    let parties = plan.filing.introduction_parties.iter().map(|party| {
        let role = Role::IntroductionParty { relation: party.relation.clone() };
        touch(role, &party.supplier_id, by_supplier(&party.supplier_id))
    });
    let paths = plan.remote_paths.iter().map(|path| {
        let (remote_path_id, ends_on) = (path.remote_path_id.clone(), path.ends_on());
        touch(Role::RemotePath { remote_path_id, ends_on }, &path.supplier_id, by_supplier(&path.supplier_id))
    });
    parts.chain(contractors).chain(paths).chain(equipment).chain(parties).flatten().collect()
}

/// Why a part is touched whoever supplies it.
fn of_part(part: &DeclaredPart, centre: &Centre) -> Option<Why> {
    match centre {
        Centre::Supplier(_) | Centre::Holder(_) => None,
        Centre::Country(country) => (part.manufacturing_country.as_ref() == Some(country)).then_some(Why::Manufacture),
        Centre::Product(name) => {
            let named =
                part.name.eq_ignore_ascii_case(name) || part.covers.iter().any(|c| c.eq_ignore_ascii_case(name));
            named.then_some(Why::Name)
        }
    }
}

fn seen_touch(equipment: &Equipment, line: &Line, components: u64, hosts: u64) -> SeenTouch {
    SeenTouch {
        equipment_id: equipment.equipment_id.clone(),
        equipment_name: equipment.name.clone(),
        place: equipment.place.clone(),
        product: line.key.product.clone(),
        category: line.key.category,
        supplier_id: line.key.supplier.recorded().cloned(),
        covered_by: line.key.cover.clone(),
        carried_by: None,
        components,
        hosts,
    }
}

fn totals(declared: &[Touch], seen: &[SeenTouch], hosts: u64) -> RadiusTotals {
    let equipment: BTreeSet<&EquipmentId> =
        declared.iter().map(|touch| &touch.equipment_id).chain(seen.iter().map(|touch| &touch.equipment_id)).collect();
    let places: BTreeSet<&str> = declared
        .iter()
        .map(|touch| touch.place.as_str())
        .chain(seen.iter().map(|touch| touch.place.as_str()))
        .collect();
    let plans: BTreeSet<&PlanId> = declared.iter().map(|touch| &touch.plan_id).collect();
    RadiusTotals {
        equipment: equipment.len() as u64,
        places: places.len() as u64,
        plans: plans.len() as u64,
        declared: declared.len() as u64,
        seen: seen.len() as u64,
        hosts,
    }
}

#[cfg(test)]
#[path = "radius_tests.rs"]
mod tests;
