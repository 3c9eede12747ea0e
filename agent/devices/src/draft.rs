//! Putting a reading together: grounds, gaps, ways in, limits.
//! It does not know any maker's words.
//! Invariant: whatever comes from a file is printable and short, and what a limit cut away is told.

use crate::reach::Access;
use daicho_schemas::fact::device::{
    Answer, Answered, DEVICE_TEXT_BYTES_MAX, DeviceIdentity, DeviceReading, DeviceSource, Extent, FarEnd, GAPS_MAX,
    GROUNDS_MAX, Gap, GapSort, Ground, Restriction, SourceSort, WAYS_IN_MAX, WayIn, WayInSort,
};
use daicho_schemas::text::{Text, printable};

/// Words of a file, fit for a reading.
pub(crate) fn word(text: &str) -> String {
    let mut text = printable(text);
    let end = start(&text, DEVICE_TEXT_BYTES_MAX).len();
    text.truncate(end);
    text
}

/// The beginning of a text, at most so many bytes.
pub(crate) fn start(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

pub(crate) fn ground(line: u32, ja: impl Into<String>, en: impl Into<String>) -> Ground {
    Ground { line: Some(line), text: Text::new(ja, en) }
}

/// A ground that no single line shows.
pub(crate) fn absence(ja: impl Into<String>, en: impl Into<String>) -> Ground {
    Ground { line: None, text: Text::new(ja, en) }
}

/// What a line of a filter does with a source; `None` when the line is not understood.
pub(crate) fn verdict(line: u32, pass: Option<bool>, source: &str) -> Ground {
    match pass {
        Some(true) => {
            ground(line, format!("この行は送信元 {source} を通します"), format!("this line lets {source} through"))
        }
        Some(false) => {
            ground(line, format!("この行は送信元 {source} を拒みます"), format!("this line rejects {source}"))
        }
        None => ground(
            line,
            format!("送信元 {source} についてのこの行を読み取れません"),
            format!("what this line does with {source} is not understood"),
        ),
    }
}

/// The file is silent, and what the device does then is not known to us.
pub(crate) fn silent(statement: &str) -> Ground {
    absence(
        format!("「{statement}」の設定がありません。書かれていないときの既定値は確認できていません"),
        format!("there is no `{statement}`, and what holds without it is not known to us"),
    )
}

pub(crate) fn answered(answer: Answer, ground: Ground) -> Answered {
    Answered { answer, because: vec![ground] }
}

pub(crate) fn yes(ground: Ground) -> Answered {
    answered(Answer::Yes, ground)
}

pub(crate) fn no(ground: Ground) -> Answered {
    answered(Answer::No, ground)
}

pub(crate) fn unknown(ground: Ground) -> Answered {
    answered(Answer::Unknown, ground)
}

pub(crate) fn not_applicable() -> Answered {
    Answered { answer: Answer::NotApplicable, because: Vec::new() }
}

pub(crate) fn gap(sort: GapSort, line: Option<u32>, ja: impl Into<String>, en: impl Into<String>) -> Gap {
    Gap { sort, line, text: Text::new(ja, en) }
}

/// A way in of which only the sort, the way and the far end are said yet.
pub(crate) fn way(key: &str, sort: WayInSort, technology: &str, far_end: FarEnd) -> WayIn {
    WayIn {
        key: word(key),
        sort,
        technology: word(technology),
        far_end,
        enabled: Answered::default(),
        restriction: Restriction::default(),
        interface: None,
        inside: Vec::new(),
        users: None,
        second_factor: Answered::default(),
    }
}

/// A reading that says nothing yet.
pub(crate) fn blank(family: &str) -> DeviceReading {
    DeviceReading {
        family: family.to_owned(),
        source: DeviceSource {
            sha256: String::new(),
            bytes: 0,
            sort: SourceSort::Configuration,
            encoding: String::new(),
            written: None,
            lines: (1, 1),
        },
        extent: Extent::Whole,
        gaps: Vec::new(),
        identity: DeviceIdentity::default(),
        ways_in: Vec::new(),
        management: Restriction::default(),
        vpn: Restriction::default(),
        logs_elsewhere: Answered::default(),
        log_targets: Vec::new(),
        administrators: None,
        networks: None,
    }
}

/// More than one device went into a reading, since nothing shows where one ends: no answer about reach is left.
pub(crate) fn mixed(reading: &mut DeviceReading, line: u32) {
    reading.gaps.push(gap(
        GapSort::NotUnderstood,
        Some(line),
        "複数の機器の設定が続いていて、境目が分かりません。機器ごとに分けてください",
        "the configurations of several devices follow each other and nothing shows where one ends; split the file by device",
    ));
    reading.identity.name = None;
    let why = || Restriction {
        restricted: unknown(ground(line, "ここにもう一台の名前があります", "the name of another device stands here")),
        sources: Vec::new(),
    };
    reading.management = why();
    reading.vpn = why();
    reading.ways_in.iter_mut().for_each(|way| way.restriction = why());
    reading.logs_elsewhere = why().restricted;
    reading.administrators = None;
    reading.networks = None;
}

/// What the VPN plane as a whole is: the union of its ways in that are not switched off.
pub(crate) fn vpn_plane(ways: &[WayIn], none: Ground) -> Restriction {
    let mut sum: Option<Access> = None;
    let vpn = |way: &&WayIn| matches!(way.sort, WayInSort::SiteToSite | WayInSort::RemoteAccess);
    for way in ways.iter().filter(vpn).filter(|way| way.enabled.answer != Answer::No) {
        let mut access = Access::of(&way.restriction);
        if way.enabled.answer == Answer::Unknown {
            access = access.perhaps();
        }
        sum = Some(match sum {
            Some(sum) => sum.or(access),
            None => access,
        });
    }
    match sum {
        Some(sum) => sum.restriction(),
        None => Restriction { restricted: answered(Answer::NotApplicable, none), sources: Vec::new() },
    }
}

/// The end of a reading of which only tunnels and the like were read: whatever else stands in the file is unknown, and told.
pub(crate) fn only_tunnels(reading: &mut DeviceReading, ja: &str, en: &str) {
    reading.gaps.push(gap(GapSort::NotUnderstood, None, ja, en));
    let unread = || absence("この機種の管理アクセスは読んでいません", "management of this family is not read");
    reading.management = Access::unknown(unread()).restriction();
    reading.logs_elsewhere =
        unknown(absence("この機種のログの設定は読んでいません", "logging of this family is not read"));
    let vpn = |way: &WayIn| matches!(way.sort, WayInSort::SiteToSite | WayInSort::RemoteAccess);
    reading.vpn = match reading.ways_in.iter().any(vpn) {
        true => vpn_plane(&reading.ways_in, unread()),
        // That there is none among what was read is no proof that there is none.
        false => Access::unknown(absence("トンネルが見当たりません", "no tunnel is seen")).restriction(),
    };
}

/// Order, limits and the extent: the last step of every reading.
pub(crate) fn finish(reading: &mut DeviceReading) {
    let ways = &mut reading.ways_in;
    ways.sort_by(|a, b| a.key.cmp(&b.key));
    if ways.len() > WAYS_IN_MAX {
        let more = ways.len() - WAYS_IN_MAX;
        ways.truncate(WAYS_IN_MAX);
        reading.gaps.push(gap(
            GapSort::TooLarge,
            None,
            format!("経路が多すぎるため、{more} 件を省きました"),
            format!("there are more ways in than a reading holds; {more} were left out"),
        ));
    }
    let mut before = String::new();
    let mut twins = 1;
    for way in ways.iter_mut() {
        if way.key == before {
            twins += 1;
            way.key = format!("{before} #{twins}");
        } else {
            before.clone_from(&way.key);
            twins = 1;
        }
        limit(&mut way.enabled);
        limit(&mut way.second_factor);
        settle(&mut way.restriction);
        way.inside.truncate(200);
    }
    ways.sort_by(|a, b| a.key.cmp(&b.key));
    settle(&mut reading.management);
    settle(&mut reading.vpn);
    limit(&mut reading.logs_elsewhere);
    for list in [&mut reading.identity.macs, &mut reading.log_targets] {
        list.sort();
        list.dedup();
        list.truncate(200);
    }
    if reading.gaps.iter().any(|gap| gap.sort != GapSort::Residue) {
        reading.extent = Extent::Partial;
    }
    let cut = |gap: &Gap| matches!(gap.sort, GapSort::CutOff | GapSort::TooLarge | GapSort::Encoding);
    if reading.gaps.iter().any(cut) {
        for answered in [&mut reading.management.restricted, &mut reading.vpn.restricted, &mut reading.logs_elsewhere] {
            deny_nothing(answered);
        }
        // What switches an interface off may have stood in what is missing.
        for own in reading.networks.iter_mut().flat_map(|networks| &mut networks.interfaces) {
            if own.shut_down == Answer::No {
                own.shut_down = Answer::Unknown;
            }
        }
    }
    if reading.gaps.len() > GAPS_MAX {
        let more = reading.gaps.len() - (GAPS_MAX - 1);
        reading.gaps.truncate(GAPS_MAX - 1);
        reading.gaps.push(gap(
            GapSort::TooLarge,
            None,
            format!("ほかに {more} か所、読み取れない部分があります"),
            format!("{more} more parts are not in the reading"),
        ));
    }
}

/// What a cut-off file does not say is not denied: an answer that no line of it shows is none.
fn deny_nothing(answered: &mut Answered) {
    let seen = answered.because.iter().any(|ground| ground.line.is_some());
    if !seen && answered.answer != Answer::Unknown {
        answered.answer = Answer::Unknown;
        answered.because.push(absence(
            "ファイルの一部が欠けているため、判断しません",
            "a part of the file is missing, so it is not judged",
        ));
    }
}

/// Sources in a reading; more are counted.
const SOURCES_MAX: usize = 200;

fn settle(restriction: &mut Restriction) {
    limit(&mut restriction.restricted);
    restriction.sources.sort();
    restriction.sources.dedup();
    if restriction.sources.len() > SOURCES_MAX {
        let more = restriction.sources.len() - SOURCES_MAX;
        restriction.sources.truncate(SOURCES_MAX);
        restriction.restricted.because.truncate(GROUNDS_MAX - 1);
        restriction
            .restricted
            .because
            .push(absence(format!("接続元はほかに {more} 件あります"), format!("{more} more sources are let in")));
    }
}

fn limit(answered: &mut Answered) {
    let because = &mut answered.because;
    let mut seen = std::collections::BTreeSet::new();
    because.retain(|ground| seen.insert(ground.clone()));
    if because.len() > GROUNDS_MAX {
        let more = because.len() - (GROUNDS_MAX - 1);
        because.truncate(GROUNDS_MAX - 1);
        because.push(absence(format!("ほかに {more} か所"), format!("{more} more places")));
    }
}
