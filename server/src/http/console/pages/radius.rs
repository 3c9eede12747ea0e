//! What a supplier, a holder, a country or a product touches, as a picture and as tables.
//! It does not know how the model finds it; it hands the question over.
//! Invariant: a question that cannot be understood shows why, and never an empty answer that looks like "nothing".

use crate::http::App;
use crate::http::console::diagram::{Diagram, way};
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::model::queries::ownership::{AlikeHolder, OwnershipPath};
use crate::model::queries::radius::{Centre, Radius, RadiusQuery, Role, Touch, Why};
use crate::model::rows::SupplierRow;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use daicho_schemas::fact::declaration::PlanKind;
use daicho_schemas::ids::SupplierId;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "radius.html")]
pub struct RadiusPage {
    /// Shared.
    pub ctx: PageContext,
    /// The question as it was sent.
    pub query: RadiusQuery,
    /// Every supplier, to choose from.
    pub suppliers: Vec<SupplierRow>,
    /// The answer with its picture; absent while nothing was asked, or where the question makes no sense.
    pub answer: Option<(Radius, Diagram)>,
}

impl RadiusPage {
    /// From rows.
    pub fn new(ctx: PageContext, query: RadiusQuery, suppliers: Vec<SupplierRow>, radius: Option<Radius>) -> Self {
        let answer = radius.map(|radius| {
            let recorded = |row: &&SupplierRow| row.record.supplier_id.as_str() == query.q.trim();
            let name = match &radius.centre {
                Centre::Supplier(id) => {
                    suppliers.iter().find(recorded).map_or(id.to_string(), |row| ctx.say(&row.record.name).to_string())
                }
                Centre::Country(country) => country.to_string(),
                Centre::Holder(name) | Centre::Product(name) => name.clone(),
            };
            let diagram = Diagram::of_radius(&ctx, &name, &radius);
            (radius, diagram)
        });
        Self { ctx, query, suppliers, answer }
    }

    fn role(&self, touch: &Touch) -> String {
        match &touch.role {
            Role::Part { name, category, .. } => format!("{name} ({})", self.ctx.category(category)),
            Role::EquipmentSupplier => self.ctx.t("radius-equipment-supplier"),
            Role::IntroductionParty { relation } => format!("{}: {relation}", self.ctx.t("radius-introduction-party")),
            Role::Contractor { above, below } => {
                let mut words = self.ctx.t("radius-contractor");
                if !above.is_empty() {
                    words.push_str(&format!(" – {}", self.ctx.tx("radius-tier-above", joined(above, " → "))));
                }
                if !below.is_empty() {
                    words.push_str(&format!(" – {}", self.ctx.tx("radius-tier-below", joined(below, ", "))));
                }
                words
            }
            Role::RemotePath { ends_on, .. } => format!("{}: {ends_on}", self.ctx.t("radius-remote-path")),
        }
    }

    fn way(&self, path: &OwnershipPath) -> String {
        way(&self.ctx, &path.links)
    }

    fn alike(&self, alike: &AlikeHolder) -> String {
        format!("{} ≟ {}", way(&self.ctx, std::slice::from_ref(&alike.holding)), alike.may_be)
    }

    fn kind(&self, touch: &Touch) -> String {
        self.ctx.t(match touch.plan_kind {
            PlanKind::Installation => "plan-kind-installation",
            PlanKind::Entrustment => "plan-kind-entrustment",
        })
    }

    fn why(&self, why: &Why) -> String {
        self.ctx.t(match why {
            Why::Itself => "radius-why-itself",
            Why::CountryOfLaw => "radius-why-law",
            Why::AddressCountry => "radius-why-address",
            Why::Manufacture => "radius-why-manufacture",
            Why::Name => "radius-why-name",
            Why::Holder => "radius-why-holder",
            Why::HolderCountry => "radius-why-holder-country",
            Why::Ownership => "radius-why-ownership",
        })
    }
}

fn joined<'a>(ids: impl IntoIterator<Item = &'a SupplierId>, between: &str) -> String {
    ids.into_iter().map(SupplierId::as_str).collect::<Vec<_>>().join(between)
}

/// `GET /radius`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<RadiusQuery>) -> Response {
    let asked = query.centre();
    let rows = visitor.read(&app, Section::Suppliers, |model, today| {
        (model.suppliers(), asked.as_ref().ok().map(|centre| model.radius(centre, today)))
    });
    match rows {
        Ok((ctx, (suppliers, radius))) => {
            let status = if radius.is_some() || query.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
            page(status, &RadiusPage::new(ctx, query, suppliers, radius))
        }
        Err(fault) => fault,
    }
}
