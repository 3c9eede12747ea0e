//! Texts from hosts and from files are hostile: markup, quotes, direction overrides, very long names.
//! It does not test askama; it tests that no page leaves its escaping.
//! Invariant: whatever a host calls itself, a page shows it as text in its own direction.

use crate::http::console::layout::Section;
use crate::http::console::pages::{component, components, equipment, finding, host, suppliers};
use crate::http::console::paging::Listing;
use crate::http::console::samples::{self, context};
use crate::model::rows::Page;
use askama::Template;
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::text::{Language, Text};
use std::sync::Arc;

const MARKUP: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u{202e}gpj.exe";

fn long() -> String {
    format!("{MARKUP}{}", "長".repeat(10_000 / 3))
}

fn hostile_pages() -> Vec<String> {
    let ctx = |section| context(Language::Ja, section);
    let mut detail = samples::equipment_detail();
    detail.row.name = Text::same(long());
    detail.hosts_without_agent = vec![long()];
    for line in &mut detail.drift {
        line.product = long();
        line.supplier.name = Text::same(long());
        line.supplier.evidence = long();
        line.examples = vec![long()];
        line.hosts = vec![long()];
    }
    Arc::make_mut(&mut detail.row.plans[0].plan).parts[0].name = long();
    let mut host = samples::host_detail();
    host.row.hostname = Some(long());
    host.losses = vec![long()];
    for row in &mut host.coverage {
        row.sources = vec![long()];
        row.troubles.iter_mut().for_each(|trouble| trouble.text = long());
    }
    for fact in &mut host.facts {
        if let Observation::NetworkInterface(body) = fact {
            body.name = long();
        }
    }
    let mut rows = samples::components();
    rows[0].component_id = MARKUP.into();
    rows[0].name = long();
    let mut one = samples::component_detail();
    one.row.name = long();
    if let Observation::Package(package) = &mut one.observation {
        package.maintainer = Some(long());
    }
    let mut supplier = samples::suppliers();
    supplier[0].record.name = Text::same(long());
    supplier[0].record.source = long();
    let mut found = samples::findings().remove(0);
    found.title = Text::same(long());
    found.components = vec![long()];
    let form = components::ComponentsForm {
        q: long(),
        status: MARKUP.into(),
        cursor: MARKUP.into(),
        agent_id: MARKUP.into(),
        ..Default::default()
    };
    let list = Page { items: rows, next: Some(MARKUP.into()) };
    vec![
        equipment::Equipment::new(ctx(Section::Equipment), detail, &supplier).render().unwrap(),
        host::Host::new(ctx(Section::Hosts), host).render().unwrap(),
        components::Components { ctx: ctx(Section::Components), form, rows: Some(list), equipment: vec![] }
            .render()
            .unwrap(),
        component::Component::new(ctx(Section::Components), one).render().unwrap(),
        suppliers::Suppliers { ctx: ctx(Section::Suppliers), list: Listing::cut(supplier, None) }.render().unwrap(),
        finding::Finding {
            ctx: ctx(Section::Findings),
            finding: found,
            equipment_name: None,
            hosts: vec![],
            duties: vec![],
        }
        .render()
        .unwrap(),
    ]
}

#[test]
fn markup_from_outside_stays_text() {
    for html in hostile_pages() {
        assert!(html.contains("&#60;script&#62;alert(1)"), "the text is shown");
        assert!(!html.contains("<script>") && !html.contains("<img src=x"), "and is not markup");
        assert!(!html.contains("\"'><"), "and leaves no attribute");
    }
}

/// Where a text from a host stands beside other words, it stands in an element that keeps its direction to itself.
#[test]
fn a_direction_override_stays_in_its_own_element() {
    let html = &hostile_pages()[1];
    let (_, headline) = html.split_once("<h1>").unwrap();
    assert!(headline.starts_with("<bdi>"), "{}", &headline[..40]);
}

#[test]
fn an_address_made_from_a_hostile_id_holds_only_safe_letters() {
    let html = &hostile_pages()[2];
    for href in html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        let plain = href.replace("&amp;", "&").replace("&#38;", "&");
        assert!(plain.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '\'' | '"')), "{href}");
    }
}
