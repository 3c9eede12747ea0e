//! The words: both languages complete, none missing, none left over, legal terms as the notes spell them.
//! They do not check style.
//! Invariant: a key that a page names has words in both languages.

use crate::http::console::fragments::{Badge, Tone};
use crate::http::console::samples::TONES;
use askama::Template as _;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn words(tag: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(crate_folder().join(format!("i18n/{tag}/console.ftl"))).unwrap();
    let mut words = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase())) {
        let (key, value) = line.split_once(" =").unwrap();
        assert!(words.insert(key.to_string(), value.trim().to_string()).is_none(), "{key} stands twice in {tag}");
    }
    words
}

fn files(folder: &Path, extension: &str, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, extension, into);
        } else if path.extension().is_some_and(|found| found == extension) {
            into.push(path);
        }
    }
}

/// All code and templates of the console and of printed pages, without tests.
fn sources() -> String {
    let mut paths = Vec::new();
    files(&crate_folder().join("templates"), "html", &mut paths);
    files(&crate_folder().join("src/http/console"), "rs", &mut paths);
    files(&crate_folder().join("src/evidence"), "rs", &mut paths);
    paths.push(crate_folder().join("src/i18n.rs"));
    let ours =
        |path: &PathBuf| !["console/tests", "console/samples"].iter().any(|part| path.to_str().unwrap().contains(part));
    paths.iter().filter(|path| ours(path)).map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// The texts in double quotes that follow one of these beginnings.
fn named(source: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for beginning in ["ctx.t(\"", ".t(\"", ".tn(\"", ".tx(\"", "headline: \"", "remedy: \""] {
        for rest in source.split(beginning).skip(1) {
            if let Some((key, _)) = rest.split_once('"') {
                keys.insert(key.to_string());
            }
        }
    }
    for literal in source.split('"') {
        let key_like =
            literal.contains('-') && literal.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        let family =
            ["drift-", "phase-", "severity-", "duty-", "basis-", "outcome-", "hearing-", "trouble-", "nav-", "seen-"];
        if key_like && family.iter().any(|start| literal.starts_with(start)) {
            keys.insert(literal.to_string());
        }
    }
    keys
}

#[test]
fn both_languages_have_exactly_the_same_keys() {
    let (ja, en) = (words("ja"), words("en"));
    let (ja, en): (BTreeSet<_>, BTreeSet<_>) = (ja.keys().collect(), en.keys().collect());
    assert_eq!(ja.symmetric_difference(&en).collect::<Vec<_>>(), Vec::<&&String>::new());
}

#[test]
fn every_key_that_is_named_has_words_and_every_key_with_words_is_named() {
    let source = sources();
    let words = words("ja");
    let named = named(&source);
    let missing: Vec<_> = named.iter().filter(|key| !words.contains_key(*key)).collect();
    assert!(missing.is_empty(), "no words for {missing:?}");
    assert!(named.contains("start-title") && named.contains("drift-undeclared-explained"), "the search finds keys");
    let idle: Vec<_> = words.keys().filter(|key| !source.contains(&format!("\"{key}\""))).collect();
    assert!(idle.is_empty(), "nobody shows {idle:?}");
}

#[test]
fn values_in_words_are_the_same_in_both_languages() {
    let (ja, en) = (words("ja"), words("en"));
    for (key, words) in &ja {
        assert_eq!(words.contains("{ $x }"), en[key].contains("{ $x }"), "{key}");
    }
}

/// As `経済安全保障推進法` chapter 3 and its ordinances spell them.
#[test]
fn legal_terms_are_spelled_as_the_law_spells_them() {
    let ja = words("ja");
    let terms = [
        ("nav-equipment", "特定重要設備"),
        ("nav-plans", "導入等計画書"),
        ("equipment-operator", "特定社会基盤事業者"),
        ("equipment-place", "設置及び使用する場所"),
        ("plan-kind-entrustment", "重要維持管理等の委託"),
        ("plan-accepted", "受理日"),
        ("duty-report", "遅滞なく報告"),
        ("suppliers-title", "供給者・委託の相手方・再委託の相手方"),
        ("supplier-col-law", "設立準拠法国等"),
    ];
    for (key, term) in terms {
        assert_eq!(ja[key], term, "{key}");
    }
}

/// A reader who sees no colours still tells the tones apart.
#[test]
fn every_tone_has_a_shape_of_its_own() {
    let shape = |tone: Tone| {
        let html = Badge { tone, label: "word".into() }.render().unwrap();
        html.split("aria-hidden=\"true\">").nth(1).unwrap().chars().next().unwrap()
    };
    let shapes: BTreeSet<char> = TONES.into_iter().map(shape).collect();
    assert_eq!(shapes.len(), TONES.len(), "{shapes:?}");
}
