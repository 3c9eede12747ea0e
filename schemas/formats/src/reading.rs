//! What is read of a file, whatever its format: who wrote it, when, of which host, and what it says is there.
//! It does not know any format. Invariant: what could not be taken over is a trouble of its part, and then the part is not complete.

use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::ids::CollectorId;
use daicho_schemas::inventory::InventoryPart;
use daicho_schemas::limits::{OBSERVED_TEXT_BYTES_MAX, REPORT_TROUBLES_MAX};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::UtcMicros;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeMap;

/// What a person says of a file beside what stands in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// It lists everything that its tool knows of the host: what is not in it is not there.
    pub whole: bool,
}

/// What a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The format that was recognised: `cyclonedx_1.6`.
    pub format: String,
    /// The program that wrote the file: `syft`. `unknown` where it does not say.
    pub tool: String,
    /// Its version, where the file says it.
    pub tool_version: Option<String>,
    /// When the tool says that it looked, by its own clock; absent where the file does not say.
    pub said_at: Option<UtcMicros>,
    /// The name of the host, where the file says it.
    pub host: Option<String>,
    /// What it says is there, one part per source, in order of names.
    pub parts: Vec<InventoryPart>,
}

impl Reading {
    /// Gives the host another name than the file does, or one where the file gives none.
    pub fn rename(&mut self, host: &str) {
        self.host = Some(host.into());
        for item in self.parts.iter_mut().flat_map(|part| &mut part.items) {
            if let Observation::OperatingSystem(system) = item {
                system.hostname = system.hostname.as_ref().map(|_| host.into());
            }
        }
    }

    /// How many observations it has.
    pub fn items(&self) -> usize {
        self.parts.iter().map(|part| part.items.len()).sum()
    }
}

/// A file that cannot be read, and why.
pub(crate) fn unreadable(detail: impl AsRef<str>) -> Refusal {
    Refusal::new(RefusalCode::InventoryNotRead).with(detail)
}

/// One part in the making.
#[derive(Debug)]
pub(crate) struct Part {
    source: String,
    items: BTreeMap<String, Observation>,
    troubles: BTreeMap<(TroubleKind, String), u64>,
    whole: bool,
}

impl Part {
    /// `whole`: by its format the file lists everything that its source knows, so that what it does not list is not there.
    pub(crate) fn new(source: &str, whole: bool) -> Self {
        Self { source: source.into(), items: BTreeMap::new(), troubles: BTreeMap::new(), whole }
    }

    /// Takes an observation in. The first of two that share a key stands; that they differ is said. Of a socket the processes are
    /// brought together.
    pub(crate) fn put(&mut self, observation: Observation) {
        match (self.items.get_mut(&observation.key()), observation) {
            (None, observation) => drop(self.items.insert(observation.key(), observation)),
            (Some(Observation::ListeningSocket(stands)), Observation::ListeningSocket(own)) => {
                stands.processes.extend(own.processes);
                stands.processes.sort();
                stands.processes.dedup();
            }
            (Some(stands), observation) if *stands == observation => {}
            (Some(_), _) => {
                self.trouble(TroubleKind::Duplicate, "another item of the same name and architecture was left out");
            }
        }
    }

    /// Takes in what came later under a key that may stand: a file of differences says what is so now.
    pub(crate) fn replace(&mut self, observation: Observation) {
        // The processes of a socket come one by one.
        if matches!(observation, Observation::ListeningSocket(_)) {
            return self.put(observation);
        }
        self.items.insert(observation.key(), observation);
    }

    /// Takes one out again, as a file of differences says; what came under its key since stays.
    pub(crate) fn drop_row(&mut self, observation: &Observation) {
        let key = observation.key();
        if self.items.get(&key).is_some_and(|stands| stands == observation) {
            self.items.remove(&key);
        }
    }

    /// Says what was not taken over.
    pub(crate) fn trouble(&mut self, kind: TroubleKind, what: impl Into<String>) {
        self.whole = false;
        self.remark(kind, what);
    }

    /// Says what is to be known of it, without which it is still whole.
    pub(crate) fn remark(&mut self, kind: TroubleKind, what: impl Into<String>) {
        let known = self.troubles.len();
        let entry = self.troubles.entry((kind, cut(&what.into()).unwrap_or_default()));
        if known < REPORT_TROUBLES_MAX || matches!(entry, std::collections::btree_map::Entry::Occupied(_)) {
            let count = entry.or_default();
            *count = count.saturating_add(1);
        }
    }

    /// Whether this very observation is in it.
    pub(crate) fn has(&self, observation: &Observation) -> bool {
        self.items.get(&observation.key()) == Some(observation)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.troubles.is_empty()
    }

    /// The part, under the name of its source.
    pub(crate) fn end(self) -> Option<InventoryPart> {
        let troubles = self.troubles.into_iter().map(|((kind, what), count)| {
            let text = if count > 1 { format!("{what} ({count} times)") } else { what };
            Trouble::new(kind, self.source.as_str(), text)
        });
        Some(InventoryPart {
            collector: CollectorId::new(id_of(&self.source)).ok()?,
            outcome: if self.whole { Outcome::Complete } else { Outcome::Partial },
            sources: Vec::new(),
            troubles: troubles.collect(),
            items: self.items.into_values().collect(),
        })
    }
}

/// Words as an id: `GLPI-Agent` to `glpi-agent`.
pub(crate) fn id_of(words: &str) -> String {
    let letter = |letter: char| match letter {
        'a'..='z' | '0'..='9' | '.' | '-' | '_' => letter,
        'A'..='Z' => letter.to_ascii_lowercase(),
        _ => '_',
    };
    let id: String = words.chars().map(letter).take(60).collect();
    let id = id.trim_start_matches(['.', '-', '_']);
    if id.is_empty() { "unknown".into() } else { id.into() }
}

/// A text within the limit of observed texts, without control characters and spaces around it; nothing for an empty one.
pub(crate) fn cut(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len().min(OBSERVED_TEXT_BYTES_MAX));
    for letter in text.trim().chars() {
        let letter = if letter.is_control() { ' ' } else { letter };
        if out.len() + letter.len_utf8() > OBSERVED_TEXT_BYTES_MAX {
            break;
        }
        out.push(letter);
    }
    (!out.is_empty()).then_some(out)
}

/// [`cut`] of what may be absent.
pub(crate) fn word(text: Option<&String>) -> Option<String> {
    text.and_then(|text| cut(text))
}

/// An instant as other tools write it (RFC 3339, any offset); nothing for what is none.
pub(crate) fn instant(text: &str) -> Option<UtcMicros> {
    let parsed = chrono::DateTime::parse_from_rfc3339(text.trim()).ok()?;
    UtcMicros::from_micros(parsed.timestamp_micros()).ok()
}
