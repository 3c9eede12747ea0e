//! What every page has: the reader's language, the person, the counts of the navigation; and how a page becomes an answer.
//! It does not know what any page shows.
//! Invariant: a page about anything is only made from a [`Visitor`], and a visitor only from a proof that `auth` gave.

use super::assets;
use super::i18n::{self, FluentValue};
use crate::http::App;
use crate::http::answers::Refused;
use crate::http::auth::StaffIdentity;
use crate::http::moment::{Moment, question};
use crate::intake::devices;
use crate::intake::tickets::ROLES;
use crate::model::Model;
use crate::model::rows::{DutyOutcome, DutyRow, FindingState};
use crate::past::Stand;
use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::header::{CONTENT_TYPE, LOCATION, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use daicho_schemas::fact::decision::Role;
use daicho_schemas::refusal::Refusal;
use daicho_schemas::text::{Language, Text};
use daicho_schemas::time::{CalendarDate, UtcMicros};
use std::fmt::Display;
use std::sync::Arc;

/// How the console asks who is there: [`crate::http::auth::staff`], or a test's own answer.
#[derive(Clone, Copy)]
pub struct Gate(pub fn(&App, &HeaderMap) -> Result<StaffIdentity, Refusal>);

/// The part of the console a page belongs to; the navigation marks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named as its page")]
pub enum Section {
    Start,
    Duties,
    Findings,
    Tickets,
    Equipment,
    Hosts,
    Devices,
    Paths,
    Networks,
    Components,
    Suppliers,
    Plans,
    Computers,
    CheckLists,
    Ledger,
    None,
}

/// One line of the navigation.
pub struct NavItem {
    /// Where it leads.
    pub href: &'static str,
    /// The key of its words; also tells the browser's script which count is which.
    pub key: &'static str,
    /// Whether this page is in it.
    pub current: bool,
    /// How many things wait there, where that is counted.
    pub waiting: Option<u64>,
}

const NAVIGATION: &[(Section, &str, &str)] = &[
    (Section::Start, "/", "nav-start"),
    (Section::Duties, "/duties", "nav-duties"),
    (Section::Findings, "/findings", "nav-findings"),
    (Section::Tickets, "/tickets", "nav-tickets"),
    (Section::Equipment, "/equipment", "nav-equipment"),
    (Section::Hosts, "/hosts", "nav-hosts"),
    (Section::Devices, "/devices", "nav-devices"),
    (Section::Paths, "/paths", "nav-paths"),
    (Section::Networks, "/networks", "nav-networks"),
    (Section::Components, "/components", "nav-components"),
    (Section::Suppliers, "/suppliers", "nav-suppliers"),
    (Section::Plans, "/plans", "nav-plans"),
    (Section::Computers, "/computers", "nav-computers"),
    (Section::CheckLists, "/check-lists", "nav-check-lists"),
    (Section::Ledger, "/ledger", "nav-ledger"),
];

/// What waits, for the navigation, and the newest finding, for the announcement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Duties that ask for something and are not known to be settled.
    pub duties: u64,
    /// Open findings.
    pub findings: u64,
    /// The entry that opened the newest open finding, and its title.
    pub newest: Option<(u64, Text)>,
}

impl Waiting {
    /// What the model counts.
    pub fn of(model: &Model) -> Self {
        Self {
            duties: model.duties_waiting() as u64,
            findings: model.findings_total(Some(FindingState::Open), None) as u64,
            newest: model.newest_finding().map(|row| (row.opened_seq, row.title)),
        }
    }
}

/// Whether a duty still asks something of a person.
pub fn waits(duty: &DutyRow) -> bool {
    !duty.state.is_settled() && duty.outcome != DutyOutcome::Nothing
}

/// A number that can be said in a sentence.
pub trait Count {
    /// Its value.
    fn value(&self) -> u64;
}

impl Count for u64 {
    fn value(&self) -> u64 {
        *self
    }
}

impl Count for usize {
    fn value(&self) -> u64 {
        *self as u64
    }
}

impl<T: Count> Count for &T {
    fn value(&self) -> u64 {
        (*self).value()
    }
}

/// What a template needs besides its rows. Templates call it `ctx`.
#[derive(Clone, Debug)]
pub struct PageContext {
    /// The reader's language.
    pub language: Language,
    /// Who reads; absent on the sign-in page.
    pub person: Option<String>,
    /// Path and query of this page, without `lang`.
    pub here: String,
    /// The part of the console.
    pub section: Section,
    /// The day it is in Japan.
    pub today: CalendarDate,
    /// What waits.
    pub waiting: Waiting,
    /// Why nothing can be written now, if that is so.
    pub trouble: Option<Text>,
    /// What forms of this session carry; absent without a session.
    pub form_token: Option<String>,
    /// Whether the reader may move duties.
    pub keeps_duties: bool,
    /// Which state of the past is shown; absent for the present.
    pub stand: Option<Stand>,
    /// Whether the reader may open and move tickets.
    pub plans_changes: bool,
    /// Whether the reader may hand in configurations of devices.
    pub keeps_devices: bool,
}

impl PageContext {
    /// The words of a paper about a state of the past, for nobody in particular.
    pub fn printed(language: Language, stand: &Stand) -> Self {
        Self::on_paper(language, stand.day, Some(stand.clone()))
    }

    /// The words of a paper of a day, for nobody in particular.
    pub fn on_paper(language: Language, today: CalendarDate, stand: Option<Stand>) -> Self {
        Self {
            language,
            person: None,
            here: "/".into(),
            section: Section::None,
            today,
            waiting: Waiting::default(),
            trouble: None,
            form_token: None,
            keeps_duties: false,
            stand,
            plans_changes: false,
            keeps_devices: false,
        }
    }

    /// The words behind a key.
    pub fn t(&self, key: &str) -> String {
        i18n::lookup(self.language, key, &[])
    }

    /// The words behind a key, with a number `$n` in them.
    pub fn tn(&self, key: &str, n: impl Count) -> String {
        i18n::lookup(self.language, key, &[("n", FluentValue::from(n.value())), ("shown", grouped(n.value()).into())])
    }

    /// The words behind a key, with a word `$x` in them.
    pub fn tx(&self, key: &str, x: impl Display) -> String {
        i18n::lookup(self.language, key, &[("x", x.to_string().into())])
    }

    /// A text of the model in the reader's language.
    pub fn say<'a>(&self, text: &'a Text) -> &'a str {
        text.get(self.language)
    }

    /// An instant in Japan time, to the second.
    pub fn when(&self, instant: &UtcMicros) -> String {
        instant.for_people_in_japan()
    }

    /// A count with its thousands set apart.
    pub fn number(&self, n: impl Count) -> String {
        grouped(n.value())
    }

    /// The reader's language as a tag.
    pub fn lang(&self) -> &'static str {
        i18n::tag(self.language)
    }

    /// Whether a text is in Japanese, so that templates need no second lookup.
    pub fn japanese(&self) -> bool {
        self.language == Language::Ja
    }

    /// This page in the other language.
    pub fn other_language_href(&self) -> String {
        let other = if self.japanese() { "en" } else { "ja" };
        let join = if self.here.contains('?') { '&' } else { '?' };
        format!("{}{join}lang={other}", self.here)
    }

    /// Which of the two questions about the past this page answers.
    pub fn past_title(&self, stand: &Stand) -> String {
        self.tx(if stand.hindsight { "as-of-title-hindsight" } else { "as-of-title" }, &stand.as_of)
    }

    /// This page as of today.
    pub fn today_href(&self) -> String {
        let (path, query) = self.here.split_once('?').unwrap_or((&self.here, ""));
        let past = |pair: &&str| !pair.starts_with("as_of=") && !pair.starts_with("hindsight=");
        let rest: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).filter(past).collect();
        // Empty, it chooses today, and the page's own day is not added to it.
        format!("{path}?{}as_of=", rest.iter().map(|pair| format!("{pair}&")).collect::<String>())
    }

    /// The path of this page, for a form that asks it anew.
    pub fn path(&self) -> &str {
        self.here.split('?').next().unwrap_or("/")
    }

    /// The URL of an asset.
    pub fn asset(&self, name: &str) -> String {
        assets::asset_url(name)
    }

    /// The lines of the navigation.
    pub fn navigation(&self) -> Vec<NavItem> {
        let waiting = |section| match section {
            Section::Duties => Some(self.waiting.duties),
            Section::Findings => Some(self.waiting.findings),
            _ => None,
        };
        let item =
            |&(section, href, key)| NavItem { href, key, current: section == self.section, waiting: waiting(section) };
        NAVIGATION.iter().map(item).collect()
    }
}

fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Somebody who reads, known or not: has a language and a place.
#[derive(Clone, Debug)]
pub struct Reader {
    language: Language,
    here: String,
}

impl Reader {
    /// From a request; the answer is a redirect when the request chooses a language.
    pub fn of(uri: &Uri, headers: &HeaderMap) -> Result<Self, Response> {
        let (here, chosen) = without_language(uri);
        match chosen {
            Some(language) => Err(choose_language(&here, language)),
            None => Ok(Self { language: i18n::of_request(headers), here }),
        }
    }

    /// A context without a person and without counts.
    pub fn context(&self, app: &App) -> PageContext {
        PageContext {
            language: self.language,
            person: None,
            here: self.here.clone(),
            section: Section::None,
            today: app.clock.now().date_in_japan(),
            waiting: Waiting::default(),
            trouble: app.trouble(),
            form_token: None,
            keeps_duties: false,
            stand: None,
            plans_changes: false,
            keeps_devices: false,
        }
    }
}

impl FromRequestParts<Arc<App>> for Reader {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _app: &Arc<App>) -> Result<Self, Response> {
        Self::of(&parts.uri, &parts.headers)
    }
}

/// A signed-in person who opened a page.
#[derive(Clone, Debug)]
pub struct Visitor {
    reader: Reader,
    person: StaffIdentity,
    form_token: Option<String>,
    /// The state of the past that was asked for.
    past: Option<Moment>,
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let reader = Reader::of(&parts.uri, &parts.headers)?;
        // Without a gate nobody can be proved: the router was built wrongly, and nothing is shown.
        let Some(Gate(ask)) = parts.extensions.get::<Gate>() else {
            return Err(StatusCode::INTERNAL_SERVER_ERROR.into_response());
        };
        let person = ask(app, &parts.headers).map_err(|_| see_other("/sign-in"))?;
        let past = match question(&parts.uri).map_err(Refused::from) {
            Ok(None) => Ok(None),
            Ok(asked) => Moment::of(app, asked).await.map(Some),
            Err(refused) => Err(refused),
        };
        let past = past.map_err(|refused| super::pages::trouble::no_past(&reader.context(app), &refused))?;
        Ok(Self { reader, person, form_token: super::forms::token(&parts.headers), past })
    }
}

impl Visitor {
    /// Who this is.
    pub fn person(&self) -> &StaffIdentity {
        &self.person
    }

    /// Reads rows from the model and makes the page's context, both from one state of it.
    pub fn read<T>(
        &self,
        app: &App,
        section: Section,
        rows: impl FnOnce(&Model, CalendarDate) -> T,
    ) -> Result<(PageContext, T), Response> {
        let mut ctx = self.reader.context(app);
        ctx.section = section;
        ctx.person = Some(self.person.person_id.to_string());
        ctx.form_token = self.form_token.clone();
        ctx.plans_changes = self.person.require(ROLES).is_ok();
        ctx.keeps_devices = self.person.require(devices::ROLES).is_ok();
        ctx.keeps_duties = self.person.require(&[Role::Compliance]).is_ok();
        if let Some(Moment { model, today, stand }) = &self.past {
            // Nothing can be done in the past.
            (ctx.form_token, ctx.keeps_duties, ctx.plans_changes) = (None, false, false);
            ctx.keeps_devices = false;
            (ctx.today, ctx.stand, ctx.waiting) = (*today, stand.clone(), Waiting::of(model));
            let rows = rows(model, *today);
            return Ok((ctx, rows));
        }
        // A poisoned lock means that a fold stopped half-way: what it holds may be wrong, and wrong is worse than nothing.
        let model = app.model.read().map_err(|_| super::pages::trouble::fault(&ctx))?.clone();
        ctx.waiting = Waiting::of(&model);
        let rows = rows(&model, ctx.today);
        Ok((ctx, rows))
    }
}

/// A page as an answer.
pub fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// `303 See Other` to a place on this server.
pub fn see_other(place: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, place)]).into_response()
}

fn choose_language(here: &str, language: Language) -> Response {
    let cookie =
        format!("{}={}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly", i18n::LANGUAGE_COOKIE, i18n::tag(language));
    (StatusCode::SEE_OTHER, [(LOCATION, here.to_string()), (SET_COOKIE, cookie)]).into_response()
}

/// Path and query of a request without `lang`, and the language that it chose.
/// The path begins with exactly one slash: two, or one and a backslash, would lead a browser to another server.
fn without_language(uri: &Uri) -> (String, Option<Language>) {
    let mut chosen = None;
    let mut rest = Vec::new();
    for pair in uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        match pair.strip_prefix("lang=") {
            Some(tag) => chosen = i18n::from_tag(tag).or(chosen),
            None => rest.push(pair),
        }
    }
    let path = uri.path().trim_start_matches(['/', '\\']);
    let here = if rest.is_empty() { format!("/{path}") } else { format!("/{path}?{}", rest.join("&")) };
    (here, chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choosing_a_language_leads_back_to_the_same_page_and_never_to_another_server() {
        let case = |uri: &str| without_language(&uri.parse().unwrap());
        assert_eq!(case("/components?q=bash&lang=en"), ("/components?q=bash".into(), Some(Language::En)));
        assert_eq!(case("/?lang=xx"), ("/".into(), None));
        assert_eq!(case("//elsewhere.example/?lang=ja").0, "/elsewhere.example/");
        assert_eq!(case("http://a.example//b?lang=ja").0, "/b");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
