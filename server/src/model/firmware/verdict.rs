//! The verdict on a device's firmware: what all knowledge together says of every bank that may be running.
//! It does not know who asks, or where the device stands; the day is an argument.
//! Invariant: no match is `unknown`. The worst bank counts, and when it is not known to run the verdict says "if".

use super::judge::{Touched, is_about, judge};
use super::products::{self, Product, plain_model};
use super::versions::{self, read};
use daicho_schemas::fact::device::{Answer, DeviceIdentity, Firmware};
use daicho_schemas::fact::firmware::{Advisory, EndOfLife, FirmwarePack, PackConfidence, VersionRange};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How old data may be before a verdict on it is shown as stale, in days.
pub const STALE_DAYS: i64 = 30;
/// Reasons that one verdict lists; what decides comes first, and the rest is counted.
pub const REASONS_MAX: usize = 100;

/// What is to be judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Judged {
    /// The parser that read it, where one did.
    pub family: Option<String>,
    /// The maker.
    pub maker: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// Its banks; none when no version is known.
    pub firmware: Vec<Firmware>,
}

impl Judged {
    /// What a reading says of a device.
    pub fn of(family: &str, identity: &DeviceIdentity) -> Self {
        let DeviceIdentity { maker, model, firmware, .. } = identity;
        Self { family: Some(family.into()), maker: maker.clone(), model: model.clone(), firmware: firmware.clone() }
    }
}

/// How firmware stands, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirmwareState {
    /// An advisory's range holds it.
    Affected,
    /// No fixes are made for it any more.
    EndOfLife,
    /// Not enough is known. It is not "all right".
    Unknown,
    /// At least one advisory touched the branch, and this version has the fix of every one that did.
    Fixed,
    /// Advisories speak of the product, and none of this version.
    NotAffected,
}

impl FirmwareState {
    /// The state as machines see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Affected => "affected",
            Self::EndOfLife => "end_of_life",
            Self::Unknown => "unknown",
            Self::Fixed => "fixed",
            Self::NotAffected => "not_affected",
        }
    }
}

/// One thing that the verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// What it says of the version; of an end of support that lies ahead, that it does not make it worse.
    pub state: FirmwareState,
    /// For machines: `in_range`, `listed`, `fixed`, `not_affected`, `no_range`, `not_comparable`, `not_mentioned`,
    /// `end_of_life`, `still_supported`, `model_unknown`.
    pub why: &'static str,
    /// The version that it is about.
    pub version: String,
    /// The advisory; absent for an end of support.
    pub advisory_id: Option<String>,
    /// The range that holds it, in the maker's versions.
    pub range: Option<String>,
    /// Where it is fixed.
    pub fixed: Vec<String>,
    /// The day on which CISA listed it as exploited.
    pub kev_added: Option<CalendarDate>,
    /// Whether it is used in ransomware campaigns; absent where not known.
    pub ransomware: Option<bool>,
    /// In JVN.
    pub jvn_id: Option<String>,
    /// The last day with fixes.
    pub ends_on: Option<CalendarDate>,
    /// For people.
    pub link: Option<String>,
    /// The pack that says so.
    pub pack_id: String,
    /// Whose knowledge.
    pub source: String,
    /// Of which day.
    pub as_of: CalendarDate,
    /// Older than [`STALE_DAYS`].
    pub stale: bool,
    /// How sure the source is.
    pub confidence: PackConfidence,
    /// In words.
    pub text: Text,
}

/// One bank of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bank {
    /// The version.
    pub version: String,
    /// Whether it runs.
    pub running: Answer,
    /// How it stands.
    pub state: FirmwareState,
}

/// The verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// How the firmware stands: the worst bank that may be running.
    pub state: FirmwareState,
    /// It is so only if the bank that it is about runs, which is not known.
    pub conditional: bool,
    /// The product line; absent where none was recognised.
    pub product: Option<&'static str>,
    /// Every bank that may be running.
    pub banks: Vec<Bank>,
    /// The oldest day of what the state rests on; absent where nothing is known.
    pub as_of: Option<CalendarDate>,
    /// What the state rests on is older than [`STALE_DAYS`] days.
    pub stale: bool,
    /// What it rests on, what decides first.
    pub reasons: Vec<Reason>,
    /// Reasons beyond those.
    pub reasons_left_out: usize,
    /// Why, in words.
    pub text: Text,
}

/// Judges a device by every pack, on a day.
pub fn verdict<'a>(
    judged: &Judged,
    packs: impl Iterator<Item = &'a FirmwarePack> + Clone,
    today: CalendarDate,
) -> Verdict {
    let running = judged.firmware.iter().any(|bank| bank.running == Answer::Yes);
    let may_run = |bank: &&Firmware| bank.running == Answer::Yes || (!running && bank.running != Answer::No);
    let banks: Vec<&Firmware> = judged.firmware.iter().filter(may_run).collect();
    let first = banks.first().map(|bank| bank.version.as_str());
    let product =
        products::of_device(judged.family.as_deref(), judged.maker.as_deref(), judged.model.as_deref(), first);
    let subject = Subject { judged, product, today };
    let marks = marks_with_ranges(packs.clone());
    let all: Vec<(Bank, Vec<Reason>)> = banks
        .iter()
        .map(|bank| {
            let reasons: Vec<Reason> = packs.clone().flat_map(|pack| subject.reasons(pack, &marks, bank)).collect();
            let bank = Bank { version: bank.version.clone(), running: bank.running, state: state_of(&reasons) };
            (bank, reasons)
        })
        .collect();
    let state = all.iter().map(|(bank, _)| bank.state).min().unwrap_or(FirmwareState::Unknown);
    let conditional = all.iter().any(|(bank, _)| bank.state == state && bank.running != Answer::Yes);
    let conditional = conditional && state != FirmwareState::Unknown;
    let banks: Vec<Bank> = all.iter().map(|(bank, _)| bank.clone()).collect();
    let deciding = |reason: &&Reason| match state {
        FirmwareState::Fixed | FirmwareState::NotAffected => true,
        state => reason.state == state,
    };
    let mut reasons: Vec<Reason> = all.into_iter().flat_map(|(_, reasons)| reasons).collect();
    let as_of = reasons.iter().filter(deciding).map(|reason| reason.as_of).min();
    // What decides first; of those, what is exploited before what is not, the newest before the older.
    reasons.sort_by(|one, other| {
        let key = |reason: &Reason| (reason.state, reason.kev_added.is_none());
        key(one).cmp(&key(other)).then_with(|| other.advisory_id.cmp(&one.advisory_id))
    });
    let text = in_words(state, conditional, judged, product, &reasons);
    let reasons_left_out = reasons.len().saturating_sub(REASONS_MAX);
    reasons.truncate(REASONS_MAX);
    let stale = as_of.is_some_and(|as_of| is_stale(as_of, today));
    Verdict {
        state,
        conditional,
        product: product.map(|product| product.id),
        banks,
        as_of,
        stale,
        reasons,
        reasons_left_out,
        text,
    }
}

/// Whether data of a day is too old to be relied on without a word.
pub fn is_stale(as_of: CalendarDate, today: CalendarDate) -> bool {
    today.days_since(as_of) > STALE_DAYS
}

/// A range in words that every maker's people read: `7.4.0 ≤ x < 7.4.3`.
pub fn range_in_words(range: &VersionRange) -> String {
    let VersionRange { from, before, through, branch } = range;
    let mut words = String::new();
    if let Some(from) = from {
        words += &format!("{from} ≤ ");
    }
    words += "x";
    if let Some(before) = before {
        words += &format!(" < {before}");
    }
    if let Some(through) = through {
        words += &format!(" ≤ {through}");
    }
    if let Some(branch) = branch {
        words += &format!(" ({branch})");
    }
    words
}

/// Advisories of which some pack gives versions: what another pack only marks (KEV, alerts) is then no question any more.
fn marks_with_ranges<'a>(packs: impl Iterator<Item = &'a FirmwarePack>) -> BTreeSet<(&'a str, &'a str)> {
    let own = packs.flat_map(|pack| &pack.advisories).filter(|advisory| advisory.has_versions());
    own.map(|advisory| (advisory.id.as_str(), advisory.product.as_str())).collect()
}

/// Of all reasons the worst; but only what is known of every advisory makes a version fixed.
fn state_of(reasons: &[Reason]) -> FirmwareState {
    let worst = reasons.iter().filter(|reason| reason.why != "still_supported").map(|reason| reason.state).min();
    worst.unwrap_or(FirmwareState::Unknown)
}

struct Subject<'a> {
    judged: &'a Judged,
    product: Option<&'static Product>,
    today: CalendarDate,
}

impl Subject<'_> {
    /// Whether something is about this device's product: our product line, or an operator's own by maker and model.
    fn is_product(&self, vendor: &str, product: &str, models: &[String]) -> bool {
        match self.product {
            Some(own) => own.id == product,
            None => {
                let same = |maker: &String| plain_model(maker) == plain_model(vendor);
                products::product(product).is_none()
                    && !models.is_empty()
                    && self.judged.maker.as_ref().is_some_and(same)
            }
        }
    }

    fn reasons(&self, pack: &FirmwarePack, marks: &BTreeSet<(&str, &str)>, bank: &Firmware) -> Vec<Reason> {
        let parse = self.product.map_or(versions::generic::parse as versions::Parse, |product| product.parse);
        let per_model = self.product.is_some_and(|product| product.per_model);
        let model = self.judged.model.as_deref();
        let mut reasons = Vec::new();
        for advisory in pack.advisories.iter().filter(|own| self.is_product(&own.vendor, &own.product, &own.models)) {
            let settled = || marks.contains(&(advisory.id.as_str(), advisory.product.as_str()));
            let touched = match is_about(&advisory.models, model) {
                Some(false) => continue,
                None => None,
                Some(true) => Some(judge(parse, per_model, advisory, &bank.version)),
            };
            if touched == Some(Touched::NoRange) && !advisory.has_versions() && settled() {
                continue;
            }
            reasons.push(self.reason(pack, advisory, touched, &bank.version));
        }
        for end in pack.end_of_life.iter().filter(|end| self.is_product(&end.vendor, &end.product, &end.models)) {
            reasons.extend(self.support(pack, end, parse, &bank.version));
        }
        reasons
    }

    fn reason(&self, pack: &FirmwarePack, advisory: &Advisory, touched: Option<Touched>, version: &str) -> Reason {
        let (state, why, range, text) = said(advisory, touched, version);
        let as_of = advisory.as_of.unwrap_or(pack.as_of);
        Reason {
            state,
            why,
            version: version.into(),
            advisory_id: Some(advisory.id.clone()),
            range,
            fixed: advisory.fixed.clone(),
            kev_added: advisory.kev_added,
            ransomware: advisory.ransomware,
            jvn_id: advisory.jvn_id.clone(),
            ends_on: None,
            link: advisory.link.clone(),
            ..self.rests_on(pack, as_of, text)
        }
    }

    /// What everything from one pack has in common.
    fn rests_on(&self, pack: &FirmwarePack, as_of: CalendarDate, text: Text) -> Reason {
        Reason {
            state: FirmwareState::Unknown,
            why: "",
            version: String::new(),
            advisory_id: None,
            range: None,
            fixed: Vec::new(),
            kev_added: None,
            ransomware: None,
            jvn_id: None,
            ends_on: None,
            link: pack.link.clone(),
            pack_id: pack.pack_id.clone(),
            source: pack.source.clone(),
            as_of,
            stale: is_stale(as_of, self.today),
            confidence: pack.confidence,
            text,
        }
    }

    /// Until when the version is supported; nothing where that does not follow.
    fn support(&self, pack: &FirmwarePack, end: &EndOfLife, parse: versions::Parse, version: &str) -> Option<Reason> {
        if is_about(&end.models, self.judged.model.as_deref()) != Some(true) {
            return None;
        }
        if let Some(branch) = &end.branch {
            let inside = read(parse, version)?.lies_in(&read(parse, branch)?)?;
            if !inside {
                return None;
            }
        }
        let branch = end.branch.as_deref().unwrap_or(version);
        let over = end.ends_on.map(|on| on < self.today).or(end.ended)?;
        let day = end.ends_on.map(|on| on.to_string());
        let (state, why, text) = match (over, day) {
            (true, Some(day)) => (
                FirmwareState::EndOfLife,
                "end_of_life",
                Text::new(
                    format!("{branch} のサポートは {day} に終了しました"),
                    format!("support of {branch} ended on {day}"),
                ),
            ),
            (true, None) => (
                FirmwareState::EndOfLife,
                "end_of_life",
                Text::new(format!("{branch} のサポートは終了しています"), format!("support of {branch} has ended")),
            ),
            (false, day) => {
                let (ja, en) =
                    day.map_or_else(Default::default, |day| (format!("（{day} まで）"), format!(" until {day}")));
                let text = Text::new(format!("{branch} はサポート中です{ja}"), format!("{branch} is supported{en}"));
                (FirmwareState::NotAffected, "still_supported", text)
            }
        };
        let link = end.link.clone().or_else(|| pack.link.clone());
        let from_pack = self.rests_on(pack, pack.as_of, text);
        Some(Reason { state, why, version: version.into(), ends_on: end.ends_on, link, ..from_pack })
    }
}

/// What an advisory says of a version: the state, for machines why, the range that holds it, and in words.
fn said(
    advisory: &Advisory,
    touched: Option<Touched>,
    version: &str,
) -> (FirmwareState, &'static str, Option<String>, Text) {
    let range = |place: Option<usize>| place.and_then(|place| advisory.affected.get(place)).map(range_in_words);
    let id = &advisory.id;
    let fixed = advisory.fixed.join(", ");
    match touched {
        Some(Touched::Affected(place)) => {
            let range = range(place);
            let shown = range.as_deref().map_or_else(String::new, |range| format!(" ({range})"));
            let (ja, en) = match fixed.as_str() {
                "" => (String::new(), String::new()),
                fixed => (format!("。修正版: {fixed}"), format!("; fixed in {fixed}")),
            };
            let ja = format!("{version} は {id} の影響を受けます{shown}{ja}");
            let why = if range.is_some() { "in_range" } else { "listed" };
            (FirmwareState::Affected, why, range, Text::new(ja, format!("{version} is affected by {id}{shown}{en}")))
        }
        Some(Touched::Fixed(place)) => {
            let fix = advisory.fixed.get(place).map_or("", String::as_str);
            let ja = format!("{id} は {fix} で修正済みです");
            (FirmwareState::Fixed, "fixed", None, Text::new(ja, format!("{id} is fixed since {fix}")))
        }
        Some(Touched::NotAffected) => {
            let ja = format!("{version} は {id} の影響を受けないとされています");
            let en = format!("the source says that {version} is not affected by {id}");
            (FirmwareState::NotAffected, "not_affected", None, Text::new(ja, en))
        }
        Some(Touched::NoRange) => {
            let ja = format!(
                "{id} がこの製品に関わりますが、影響を受ける版が分かりません（CVE JSON か製造者の情報を取り込んでください）"
            );
            let en = format!(
                "{id} concerns this product and its versions are not known: import its CVE record or the maker's data"
            );
            (FirmwareState::Unknown, "no_range", None, Text::new(ja, en))
        }
        Some(Touched::Incomparable) => {
            let ja = format!("{version} を {id} の版と比べることができません");
            let en = format!("{version} cannot be compared with the versions of {id}");
            (FirmwareState::Unknown, "not_comparable", None, Text::new(ja, en))
        }
        Some(Touched::Unmentioned) => {
            let ja = format!("{id} は {version} について何も述べていません");
            (FirmwareState::Unknown, "not_mentioned", None, Text::new(ja, format!("{id} says nothing of {version}")))
        }
        None => {
            let models = advisory.models.join(", ");
            let ja = format!("{id} は {models} に関わります。この機器の機種名が分かりません");
            let en = format!("{id} concerns {models}; the model of this device is not known");
            (FirmwareState::Unknown, "model_unknown", None, Text::new(ja, en))
        }
    }
}

fn in_words(
    state: FirmwareState,
    conditional: bool,
    judged: &Judged,
    product: Option<&Product>,
    reasons: &[Reason],
) -> Text {
    let first = reasons.iter().find(|reason| reason.state == state && reason.why != "still_supported");
    if judged.firmware.is_empty() {
        return Text::new("ファームウェアの版が分かりません", "the version of its firmware is not known");
    }
    let text = match (first, product) {
        (Some(reason), _) => reason.text.clone(),
        (None, Some(product)) => Text::new(
            format!(
                "{} の脆弱性について取り込まれた情報がありません。問題がないという意味ではありません",
                product.vendor
            ),
            format!(
                "nothing is imported about weaknesses of {}; that does not mean that it is all right",
                product.vendor
            ),
        ),
        (None, None) => Text::new(
            "製品を特定できないか、情報が取り込まれていません。問題がないという意味ではありません",
            "the product is not recognised or nothing is imported about it; that does not mean that it is all right",
        ),
    };
    if !conditional {
        return text;
    }
    let version = first.map_or("", |reason| reason.version.as_str());
    Text::new(
        format!("{version} で動作している場合: {}", text.ja),
        format!("if {version} is the one that runs: {}", text.en),
    )
}
