//! The table of collectors in `README.md`, from the collectors themselves.
//! It does not know the rest of the page.
//! Invariant: what the page says is read is what the tests allow to be read.

use crate::collect::COLLECTORS;

/// Rows of Markdown, one per collector.
fn collectors_table() -> String {
    let mut table = String::from(
        "| collector | collects 内容 | reads 読む場所 | looks again when 見直し |\n| --- | --- | --- | --- |\n",
    );
    for collector in COLLECTORS {
        let about = collector.about();
        let code = |places: &[&str]| places.iter().map(|place| format!("`{place}`")).collect::<Vec<_>>().join(" ");
        let watches = match collector.watches() {
            [] => "on schedule, and whenever another does".to_owned(),
            places => format!("{} change", code(places)),
        };
        let places = code(collector.places());
        table.push_str(&format!("| `{}` | {}<br>{} | {places} | {watches} |\n", collector.id(), about.en, about.ja));
    }
    table
}

#[test]
fn the_readme_says_what_is_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let page = std::fs::read_to_string(path).unwrap();
    let begin = page.find("<!-- collectors:").and_then(|at| Some(at + page[at..].find('\n')? + 1)).unwrap();
    let end = page.find("<!-- end of collectors -->").unwrap();
    let table = collectors_table();
    if std::env::var_os("DAICHO_GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(path, [&page[..begin], &table, &page[end..]].concat()).unwrap();
        return;
    }
    assert_eq!(&page[begin..end], table, "run `DAICHO_GOLDEN=write cargo test -p daicho-agent readme`");
}
