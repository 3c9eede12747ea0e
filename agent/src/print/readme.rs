//! The tables of collectors in `README.md`, from the collectors themselves.
//! It does not know the rest of the page.
//! Invariant: what the page says is read is what the tests allow to be read.

use crate::access::Platform;
use crate::collect::{COLLECTORS, Collector, collectors_of};

/// Rows of Markdown, one per collector.
fn collectors_table() -> String {
    let mut table = String::from(
        "| collector | on | collects 内容 | reads 読む場所 | looks again when 見直し |\n| --- | --- | --- | --- | --- |\n",
    );
    for collector in COLLECTORS {
        let about = collector.about();
        let code = |places: &[&str]| places.iter().map(|place| format!("`{place}`")).collect::<Vec<_>>().join(" ");
        let watches = match collector.watches() {
            [] => "on schedule, and whenever another does".to_owned(),
            places => format!("{} change", code(places)),
        };
        let places = code(collector.places());
        let on: Vec<_> = collector.platforms().iter().map(|platform| format!("{platform:?}")).collect();
        let (id, on) = (collector.id(), on.join(", "));
        table.push_str(&format!("| `{id}` | {on} | {}<br>{} | {places} | {watches} |\n", about.en, about.ja));
    }
    table
}

/// Rows of Markdown: how far each name goes on each platform.
fn platforms_table() -> String {
    let mut table = String::from("| collector | Linux | Windows |\n| --- | --- | --- |\n");
    for collector in collectors_of(Platform::Linux) {
        let on = |platform| {
            let runs = |one: &&&dyn Collector| one.id() == collector.id() && one.platforms().contains(&platform);
            match COLLECTORS.iter().find(runs).map(|one| one.lacks()) {
                None => "not applicable 対象外".to_owned(),
                Some(None) => "works 対応".to_owned(),
                Some(Some(lacks)) => format!("partial 一部: {}<br>{}", lacks.en, lacks.ja),
            }
        };
        table.push_str(&format!("| `{}` | {} | {} |\n", collector.id(), on(Platform::Linux), on(Platform::Windows)));
    }
    table
}

#[test]
fn the_readme_says_what_is_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let mut page = std::fs::read_to_string(path).unwrap();
    for (name, table) in [("collectors", collectors_table()), ("platforms", platforms_table())] {
        let begin = page.find(&format!("<!-- {name}:")).and_then(|at| Some(at + page[at..].find('\n')? + 1)).unwrap();
        let end = page.find(&format!("<!-- end of {name} -->")).unwrap();
        if std::env::var_os("DAICHO_GOLDEN").is_some_and(|value| value == "write") {
            page = [&page[..begin], &table, &page[end..]].concat();
            std::fs::write(path, &page).unwrap();
            continue;
        }
        assert_eq!(&page[begin..end], table, "run `DAICHO_GOLDEN=write cargo test -p daicho-agent readme`");
    }
}
