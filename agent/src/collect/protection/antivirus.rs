//! Antivirus products by the names that they have (`antivirus.json`), and the day of their definitions where a documented place says it.
//! It does not know whether a product finds anything, nor products under other names.
//! Invariant: a day is read from the definitions' own header or never; a file's time is no such day.

use super::{Look, Seen};
use daicho_schemas::fact::observation::{ProtectionAspect, ProtectionState};
use daicho_schemas::time::CalendarDate;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use serde::Deserialize;

const LIST: &str = include_str!("antivirus.json");
/// The header of ClamAV's databases.
const HEADER_BYTES: usize = 512;
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[derive(Deserialize)]
struct List {
    products: Vec<Product>,
}

#[derive(Deserialize)]
struct Product {
    id: String,
    name: String,
    units: Vec<String>,
    processes: Vec<String>,
    files: Vec<String>,
    definitions: Option<Definitions>,
}

#[derive(Deserialize)]
struct Definitions {
    form: Form,
    files: Vec<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    Clamav,
    Symantec,
}

pub(super) fn collect(look: &mut Look<'_>) {
    let list: List = match serde_json::from_str(LIST) {
        Ok(list) => list,
        Err(error) => {
            let text = format!("the list of products makes no sense; please report this as a bug: {error}");
            return look.gather.miss(Trouble::new(TroubleKind::Malformed, "antivirus.json", text));
        }
    };
    for product in list.products {
        let (units, processes): (Vec<&str>, Vec<&str>) = (
            product.units.iter().map(String::as_str).collect(),
            product.processes.iter().map(String::as_str).collect(),
        );
        let files: Vec<String> = product.files.iter().filter(|file| look.host.exists(file)).cloned().collect();
        let seen = look.state(&units, &processes).or((!files.is_empty()).then_some(ProtectionState::Present));
        let Some(state) = seen else { continue };
        let mut seen = Seen { name: Some(product.name), state: Some(state), ..Seen::default() };
        seen.read_from.extend(files);
        seen.read_from
            .extend(units.iter().filter(|unit| look.units.contains_key(**unit)).map(|unit| (*unit).to_owned()));
        for (file, form) in product.definitions.iter().flat_map(|own| own.files.iter().map(|file| (file, own.form))) {
            let Some(on) = definitions(look, file, form) else { continue };
            seen.read_from.insert(file.clone());
            seen.on = seen.on.max(Some(on));
        }
        look.put(ProtectionAspect::Antivirus, &product.id, seen);
    }
}

fn definitions(look: &mut Look<'_>, file: &str, form: Form) -> Option<CalendarDate> {
    let reading = match look.host.read(file, HEADER_BYTES) {
        Ok(reading) => reading,
        Err(error) if error.is_missing() => return None,
        Err(error) => {
            look.gather.remark(error.to_trouble());
            return None;
        }
    };
    look.gather.source(file);
    let text = String::from_utf8_lossy(&reading.bytes);
    let on = match form {
        Form::Clamav => clamav(&text),
        Form::Symantec => symantec(&text),
    };
    if on.is_none() {
        let text = "the day of the definitions does not stand where it should; it stays unknown";
        look.gather.remark(Trouble::new(TroubleKind::Malformed, file, text));
    }
    on
}

/// `ClamAV-VDB:05 Nov 2026 07-38 -0400:27800:…`
fn clamav(text: &str) -> Option<CalendarDate> {
    let mut words = text.strip_prefix("ClamAV-VDB:")?.split_once(':')?.0.split_ascii_whitespace();
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    format!("{year}-{month:02}-{:02}", day.parse::<u8>().ok()?).parse().ok()
}

/// `CurDefs=20261105.003`
fn symantec(text: &str) -> Option<CalendarDate> {
    let day = text.lines().find_map(|line| line.trim().strip_prefix("CurDefs="))?;
    let (year, month, date) = (day.get(..4)?, day.get(4..6)?, day.get(6..8)?);
    format!("{year}-{month}-{date}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_stands_in_the_header_or_nowhere() {
        let told = |day: Option<CalendarDate>| day.map(|day| day.to_string());
        assert_eq!(told(clamav("ClamAV-VDB:5 Nov 2026 07-38 -0400:27800:1")).as_deref(), Some("2026-11-05"));
        assert_eq!(told(symantec("[DefDates]\r\nCurDefs=20261105.003\r\nLastDefs=x")).as_deref(), Some("2026-11-05"));
        for bad in ["", "ClamAV-VDB:", "ClamAV-VDB:05 Foo 2026 x:1", "ClamAV-VDB:45 Nov 2026 x:1", "CurDefs=2026"] {
            assert_eq!((clamav(bad), symantec(bad)), (None, None), "{bad}");
        }
    }

    #[test]
    fn the_list_is_read_and_names_every_product_once() {
        let list: List = serde_json::from_str(LIST).unwrap();
        let mut ids: Vec<_> = list.products.iter().map(|product| product.id.as_str()).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
        for file in list.products.iter().flat_map(|product| &product.files) {
            assert!(super::super::OWN_PLACES.contains(&file.as_str()), "{file} is no documented place");
        }
    }
}
