//! Alerts: which notices concern whom, how soon, and what the message says. All of it is pure: notices, model and routing
//! file in, letters out.
//! It does not know mail servers or sockets; `channels/` does. Invariant: whoever is routed for something is told, at once or
//! in the digest; nothing that is stated in the ledger is told to nobody because of how grave it seemed.

pub mod digest;
pub mod letter;
pub mod reminder;
pub mod routing;
pub mod urgent;

#[cfg(test)]
mod testing {
    use daicho_schemas::alerts::Recipient;

    /// A recipient of letters, with more said of it.
    pub(super) fn recipient(more: serde_json::Value) -> Recipient {
        let mut value = serde_json::json!({ "name": "office", "mail": "office@example.jp" });
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(value).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    fn keys(tag: &str) -> BTreeSet<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("i18n/{tag}/alerts.ftl"));
        let text = std::fs::read_to_string(path).unwrap();
        let keys = text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
        keys.map(|line| line.split(" =").next().unwrap().to_string()).collect()
    }

    /// The code of everything that writes letters.
    fn sources() -> String {
        let mut text = String::new();
        for folder in ["src/output/alerts", "src/output/channels"] {
            for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
                text += &std::fs::read_to_string(file.unwrap().path()).unwrap();
            }
        }
        text
    }

    #[test]
    fn both_languages_have_the_same_words_and_every_word_is_used() {
        assert_eq!(keys("ja"), keys("en"));
        let sources = sources();
        let idle: Vec<_> = keys("ja").into_iter().filter(|key| !sources.contains(&format!("\"{key}\""))).collect();
        assert!(idle.is_empty(), "nobody says {idle:?}");
        let named = sources
            .split('"')
            .filter(|word| ["alert-", "digest-", "reminder-"].iter().any(|start| word.starts_with(start)));
        let is_key = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.ends_with('-');
        let places = ["digest-office"];
        let missing: Vec<_> =
            named.filter(is_key).filter(|word| !keys("ja").contains(*word) && !places.contains(word)).collect();
        assert!(missing.is_empty(), "no words for {missing:?}");
    }
}
