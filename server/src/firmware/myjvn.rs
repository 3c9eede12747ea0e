//! Alerts of IPA by the MyJVN API (`getAlertList`, feed=hnd), as Atom or JSON: which CVE a Japanese authority warned of.
//! Read are identifiers, CPE names and links wherever they stand in an entry; titles are used to recognise products and are
//! not kept. It has no versions, so it only marks.

use super::{Import, LeftOut, mark, pack};
use crate::model::firmware::products::{PRODUCTS, Product, of_cpe};
use daicho_schemas::fact::firmware::{FirmwarePack, PackConfidence};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

const LINK: &str = "https://jvndb.jvn.jp/apis/getAlertList_api_hnd.html";
/// Entries of one answer; the interface gives at most 50.
const ENTRIES_MAX: usize = 1000;
/// Texts of one entry.
const TEXTS_MAX: usize = 2000;

/// Everything that stands in an entry.
#[derive(Debug, Default)]
struct Entry {
    texts: Vec<String>,
}

impl Entry {
    fn add(&mut self, text: &str) {
        if self.texts.len() < TEXTS_MAX && !text.trim().is_empty() {
            self.texts.push(text.trim().to_string());
        }
    }
}

/// Whether a JSON file is of this source.
pub(super) fn is(value: &Value) -> bool {
    entries_of(value).is_some()
        && ["ipa.go.jp", "jvn.jp"].iter().any(|word| {
            let mut all = Entry::default();
            strings(value, &mut all, 0);
            all.texts.iter().any(|text| text.contains(word))
        })
}

/// Reads the JSON form.
pub(super) fn json(value: &Value, import: &mut Import) -> Result<FirmwarePack, String> {
    let rows = entries_of(value).ok_or("there is no list of entries")?;
    let entries = rows.iter().take(ENTRIES_MAX).map(|row| {
        let mut entry = Entry::default();
        strings(row, &mut entry, 0);
        entry
    });
    let feed = value.get("feed").unwrap_or(value);
    let updated = feed.get("updated").and_then(Value::as_str).map(str::to_string);
    alerts(entries.collect(), updated, import)
}

/// Reads the Atom form.
pub(super) fn atom(bytes: &[u8], import: &mut Import) -> Result<FirmwarePack, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8")?;
    let mut reader = Reader::from_str(text);
    let (mut entries, mut inside, mut updated, mut last) = (Vec::new(), false, None, String::new());
    let mut is_feed = false;
    loop {
        let event = reader.read_event().map_err(|error| format!("no whole XML: {error}"))?;
        match event {
            Event::Start(tag) | Event::Empty(tag) => {
                last = tag.local_name().as_ref().to_string();
                is_feed |= last == "feed";
                if last == "entry" {
                    inside = true;
                    if entries.len() >= ENTRIES_MAX {
                        return Err(format!("more than {ENTRIES_MAX} entries"));
                    }
                    entries.push(Entry::default());
                }
                if let Some(entry) = entries.last_mut().filter(|_| inside) {
                    for attribute in tag.attributes().flatten() {
                        entry.add(&attribute.value);
                    }
                }
            }
            Event::End(tag) if tag.local_name().as_ref() == "entry" => inside = false,
            Event::Text(text) => {
                let text: &str = &text;
                if inside {
                    entries.last_mut().into_iter().for_each(|entry| entry.add(text));
                } else if last == "updated" && updated.is_none() && !text.trim().is_empty() {
                    updated = Some(text.trim().to_string());
                }
            }
            Event::CData(text) if inside => {
                entries.last_mut().into_iter().for_each(|entry| entry.add(&text));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if !is_feed {
        return Err(super::NO_KIND.into());
    }
    alerts(entries, updated, import)
}

fn alerts(entries: Vec<Entry>, updated: Option<String>, import: &mut Import) -> Result<FirmwarePack, String> {
    let day = import.day(updated.as_deref())?;
    let mut pack =
        pack("myjvn-alerts", "IPA 注意警戒情報 (MyJVN API getAlertList)", day, PackConfidence::Official, LINK);
    for entry in entries {
        let products = products_of(&entry);
        let link = entry.texts.iter().find(|text| text.starts_with("https://") || text.starts_with("http://"));
        let cves: Vec<String> = entry.texts.iter().flat_map(|text| identifiers(text, "CVE-", 2)).collect();
        let jvn = entry.texts.iter().flat_map(|text| {
            let mut found = identifiers(text, "JVNDB-", 2);
            found.extend(identifiers(text, "JVN#", 1));
            found
        });
        let jvn = jvn.into_iter().next();
        // Without a CVE the alert goes by its own identifier.
        let ids = if cves.is_empty() { jvn.clone().into_iter().collect() } else { cves };
        if products.is_empty() {
            import.leave(LeftOut::OtherProduct, entry.texts.first().map_or("", String::as_str));
            continue;
        }
        if ids.is_empty() {
            import.leave(LeftOut::Incomplete, link.map_or("", String::as_str));
            continue;
        }
        for (id, product) in ids.iter().flat_map(|id| products.iter().map(move |product| (id, product))) {
            let mut advisory = mark(id, product);
            advisory.jvn_id = jvn.clone();
            advisory.link = link.cloned();
            pack.advisories.push(advisory);
        }
    }
    pack.advisories.sort_by(|one, other| (&one.id, &one.product).cmp(&(&other.id, &other.product)));
    pack.advisories.dedup_by(|one, other| (&one.id, &one.product) == (&other.id, &other.product));
    Ok(pack)
}

fn products_of(entry: &Entry) -> Vec<&'static Product> {
    let by_cpe: Vec<&Product> = entry.texts.iter().filter_map(|text| of_cpe(text)).collect();
    let named = |product: &&&Product| entry.texts.iter().any(|text| product.is_named(text, text));
    let mut found: Vec<&Product> = if by_cpe.is_empty() {
        PRODUCTS.iter().collect::<Vec<_>>().iter().filter(named).copied().collect()
    } else {
        by_cpe
    };
    found.sort_by_key(|product| product.id);
    found.dedup_by_key(|product| product.id);
    found
}

/// Every `CVE-2024-21762` in a text: a word, then groups of digits with hyphens between them.
fn identifiers(text: &str, word: &str, groups: usize) -> Vec<String> {
    let found = text.match_indices(word).filter_map(|(at, _)| {
        let rest = text.get(at + word.len()..)?;
        let length = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'-').count();
        let digits = rest.get(..length)?.trim_end_matches('-');
        let whole = digits.split('-').count() == groups && digits.split('-').all(|group| group.len() >= 4);
        (whole && digits.len() <= 20).then(|| format!("{word}{digits}"))
    });
    found.collect()
}

fn entries_of(value: &Value) -> Option<&Vec<Value>> {
    let feed = value.get("feed").unwrap_or(value);
    ["entry", "entries", "items", "item"].iter().find_map(|field| feed.get(field).and_then(Value::as_array))
}

fn strings(value: &Value, into: &mut Entry, depth: usize) {
    match value {
        Value::String(text) => into.add(text),
        Value::Array(items) if depth < 20 => items.iter().for_each(|item| strings(item, into, depth + 1)),
        Value::Object(fields) if depth < 20 => fields.values().for_each(|item| strings(item, into, depth + 1)),
        _ => {}
    }
}
