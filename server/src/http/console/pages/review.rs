//! What waits for a person's decision about components: the queue, and one group of it with the form that settles it.
//! It does not decide or propose anything (`model/queries/review.rs`), nor what may be decided (`intake/components.rs`).
//! Invariant: a proposal is never chosen beforehand, and a refused form keeps what was typed.

use super::trouble;
use crate::http::App;
use crate::http::api::new_decision_id;
use crate::http::console::forms::{self, Complaint};
use crate::http::console::layout::{PageContext, Section, Visitor, page, see_other};
use crate::http::console::paging::{Listing, PageQuery};
use crate::intake::components::{GroupDecision, for_group};
use crate::model::Model;
use crate::model::queries::decisions::DecisionRow;
use crate::model::queries::review::{ProposalWhy, ReviewRow};
use crate::model::rows::SeenRow;
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::declaration::Category;
use daicho_schemas::ids::SupplierId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::Text;
use serde::Deserialize;
use std::sync::Arc;

/// Suppliers that the form suggests while one types.
const SUGGESTED_MAX: usize = 500;

/// Every category, in the order of the forms.
const CATEGORIES: [(Category, &str); 7] = [
    (Category::ServerHardware, "server_hardware"),
    (Category::OperatingSystem, "operating_system"),
    (Category::Middleware, "middleware"),
    (Category::Application, "application"),
    (Category::NetworkDevice, "network_device"),
    (Category::Firmware, "firmware"),
    (Category::Auxiliary, "auxiliary"),
];

/// The queue.
#[derive(Template)]
#[template(path = "review.html")]
pub struct Review {
    /// Shared.
    pub ctx: PageContext,
    /// The groups.
    pub list: Listing<ReviewRow>,
    /// How much is really seen.
    pub seen: SeenRow,
}

/// One group.
#[derive(Template)]
#[template(path = "review_group.html")]
pub struct ReviewGroup {
    /// Shared.
    pub ctx: PageContext,
    /// The group.
    pub row: ReviewRow,
    /// The decision that stands about it and leaves something open.
    pub before: Option<DecisionRow>,
    /// Suppliers to choose from.
    pub suppliers: Vec<(SupplierId, Text)>,
    /// What was typed, where it was refused.
    pub typed: Typed,
    /// Why it was refused.
    pub complaint: Option<Complaint>,
}

/// What the form says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// The token of the session's forms.
    pub form: String,
    /// `proposal:ID`, `other`, `category` or `outside`.
    pub choice: String,
    /// Another supplier's id.
    pub supplier_id: String,
    /// What it is, in the word of files; empty leaves it open.
    pub category: String,
    /// From which day.
    pub valid_from: String,
    /// Why.
    pub reason: String,
    /// On what it rests.
    pub evidence: String,
}

impl Typed {
    /// What was typed, as a decision.
    fn said(&self) -> Result<GroupDecision, Refusal> {
        let wrong = |field: &str| Refusal::new(RefusalCode::DecisionMalformed).with(field);
        let supplier = match self.choice.split_once(':') {
            Some(("proposal", id)) => Some(id),
            _ if self.choice == "other" => Some(self.supplier_id.trim()),
            _ => None,
        };
        let outside = self.choice == "outside";
        if supplier.is_none() && !outside && self.choice != "category" {
            return Err(wrong("choice"));
        }
        let category = CATEGORIES.iter().find(|(_, word)| *word == self.category).map(|(category, _)| *category);
        if self.choice == "category" && category.is_none() {
            return Err(wrong("category"));
        }
        Ok(GroupDecision {
            supplier_id: supplier.map(SupplierId::new).transpose().map_err(|_| wrong("supplier_id"))?,
            category: category.filter(|_| !outside),
            part_of_equipment: outside.then_some(false),
            valid_from: forms::typed(RefusalCode::DecisionMalformed, "valid_from", &self.valid_from)?,
            reason: forms::words(&self.reason),
            evidence: self.evidence.trim().to_string(),
        })
    }
}

impl Review {
    fn waits(&self, row: &ReviewRow) -> String {
        waits(&self.ctx, row)
    }

    fn subject(&self, row: &ReviewRow) -> String {
        subject(&self.ctx, row)
    }
}

impl ReviewGroup {
    fn waits(&self) -> String {
        waits(&self.ctx, &self.row)
    }

    fn subject(&self) -> String {
        subject(&self.ctx, &self.row)
    }

    fn why(&self, why: &ProposalWhy) -> String {
        self.ctx.t(match why {
            ProposalWhy::DecidedElsewhere => "review-why-decided",
            ProposalWhy::SameName => "review-why-same-name",
            ProposalWhy::AlikeName => "review-why-alike-name",
        })
    }

    fn categories(&self) -> Vec<(&'static str, String)> {
        CATEGORIES.iter().map(|(category, word)| (*word, self.ctx.category(category))).collect()
    }

    fn chosen(&self, choice: &str) -> bool {
        self.typed.choice == choice
    }

    fn proposal(&self, id: &SupplierId) -> String {
        format!("proposal:{id}")
    }
}

/// What a group is called: its vendor's words and its name, as far as it has them.
fn subject(ctx: &PageContext, row: &ReviewRow) -> String {
    let said: Vec<&str> =
        [&row.components.vendor, &row.components.name].into_iter().flatten().map(String::as_str).collect();
    if said.is_empty() { ctx.t("unknown") } else { said.join(" / ") }
}

fn waits(ctx: &PageContext, row: &ReviewRow) -> String {
    ctx.t(match (row.supplier_open, row.category_open) {
        (true, true) => "review-waits-both",
        (true, false) => "review-waits-supplier",
        _ => "review-waits-category",
    })
}

/// `GET /review`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<PageQuery>) -> Response {
    let rows = visitor.read(&app, Section::Components, |model, _| {
        let some = |skip, take| model.review_from(skip, take);
        (Listing::of(model.review_total(), query.number(), some), model.seen())
    });
    match rows {
        Ok((ctx, (list, seen))) => page(StatusCode::OK, &Review { ctx, list, seen }),
        Err(fault) => fault,
    }
}

/// `GET /review/{id}`.
pub async fn group(State(app): State<Arc<App>>, visitor: Visitor, Path(id): Path<String>) -> Response {
    render(&app, &visitor, &id, Typed::default(), None)
}

/// `POST /review/{id}`: a person settles the group. Done, it leads back to the queue; refused, the page says why.
pub async fn decide(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
    form: Result<Form<Typed>, FormRejection>,
) -> Response {
    let Ok(Form(typed)) = form else { return StatusCode::BAD_REQUEST.into_response() };
    match enter(&app, &visitor, &id, &headers, &typed).await {
        Ok(()) => see_other("/review"),
        Err(refusal) => render(&app, &visitor, &id, typed, Some(refusal)),
    }
}

/// What the page of a group reads from the model.
struct Shown {
    row: ReviewRow,
    before: Option<DecisionRow>,
    suppliers: Vec<(SupplierId, Text)>,
}

fn shown(model: &Model, id: &str) -> Option<Shown> {
    let row = model.review_row_of(id)?;
    let before = row.decision_id.as_ref().and_then(|id| model.decision_row(id));
    let suppliers = model.supplier_names().take(SUGGESTED_MAX).collect();
    Some(Shown { row, before, suppliers })
}

fn render(app: &App, visitor: &Visitor, id: &str, typed: Typed, refusal: Option<Refusal>) -> Response {
    match visitor.read(app, Section::Components, |model, _| shown(model, id)) {
        Ok((ctx, Some(Shown { row, before, suppliers }))) => {
            let status = forms::status(refusal.as_ref());
            let complaint = refusal.map(|refusal| ctx.complaint(&refusal));
            page(status, &ReviewGroup { ctx, row, before, suppliers, typed, complaint })
        }
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}

async fn enter(app: &App, visitor: &Visitor, id: &str, headers: &HeaderMap, typed: &Typed) -> Result<(), Refusal> {
    forms::ours(headers, &typed.form)?;
    let model = app.model();
    let group = model.review_row_of(id).ok_or(RefusalCode::NotFound)?;
    let decision_id = new_decision_id().map_err(|refused| refused.refusal)?;
    let fact = Fact::ComponentDecided(for_group(&model, &group, typed.said()?, decision_id));
    app.state(visitor.person().author(), fact).await.map(|_| ())
}
