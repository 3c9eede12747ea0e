//! Which devices are in a file, and which lines belong to which: by the lines with which their outputs begin.
//! It does not know what a configuration says.
//! Invariant: an output that could belong to either of two devices is given to neither of them.

use crate::families::{Family, Mark};
use crate::text::Line;
use crate::{DEVICES_MAX, NotRead, draft, refused};
use daicho_schemas::fact::device::{Gap, GapSort, SourceSort};

/// One device of a file.
pub(crate) struct Device<'a> {
    pub(crate) family: &'static dyn Family,
    /// Its configuration.
    pub(crate) config: Vec<Line<'a>>,
    /// What commands printed about it.
    pub(crate) status: Vec<Line<'a>>,
    /// The first and the last line.
    pub(crate) lines: (u32, u32),
    /// Its name, where a prompt shows it.
    pub(crate) name: Option<String>,
    pub(crate) gaps: Vec<Gap>,
    model: Option<String>,
    sorts: Vec<&'static str>,
}

impl Device<'_> {
    fn of(family: &'static dyn Family, lines: (u32, u32)) -> Self {
        Self {
            family,
            config: Vec::new(),
            status: Vec::new(),
            lines,
            name: None,
            gaps: Vec::new(),
            model: None,
            sorts: Vec::new(),
        }
    }

    pub(crate) fn sort(&self) -> SourceSort {
        match (self.config.is_empty(), self.sorts.iter().any(|sort| *sort != Mark::CONFIG)) {
            (true, _) => SourceSort::StatusOutput,
            (false, true) => SourceSort::ConfigurationAndStatus,
            (false, false) => SourceSort::Configuration,
        }
    }
}

/// What a command printed that is neither a configuration nor a status that a family knows by its beginning.
const OTHER: &str = "other";

/// From one mark to the next.
struct Section<'l, 'a> {
    family: Option<&'static dyn Family>,
    mark: Mark,
    lines: &'l [Line<'a>],
}

/// The devices of a file.
pub(crate) fn devices<'a>(lines: &[Line<'a>], families: &[&'static dyn Family]) -> Result<Vec<Device<'a>>, NotRead> {
    let mut devices: Vec<Device<'a>> = Vec::new();
    let mut refusal = None;
    for mut section in sections(lines, families) {
        let family = match section.family {
            Some(family) => family,
            None => match recognise(section.lines, families) {
                Ok(family) => family,
                // Behind a prompt stands whatever somebody wanted to see.
                Err(_) if section.mark.sort == OTHER => continue,
                Err(why) => {
                    refusal.get_or_insert(why);
                    continue;
                }
            },
        };
        if section.mark.sort == OTHER {
            section.mark.sort = Mark::CONFIG;
        }
        let at = (section.lines.first().map_or(1, |l| l.number), section.lines.last().map_or(1, |l| l.number));
        if !devices.last().is_some_and(|device| continues(device, family, &section)) {
            if let (true, Some(last)) = (devices.len() >= DEVICES_MAX, devices.last_mut()) {
                last.gaps.push(too_many(at.0));
                break;
            }
            devices.push(Device::of(family, at));
        }
        let Some(device) = devices.last_mut() else { break };
        device.lines.1 = at.1;
        device.sorts.push(section.mark.sort);
        device.name = device.name.take().or(section.mark.name);
        device.model = device.model.take().or(section.mark.model);
        let into = if section.mark.sort == Mark::CONFIG { &mut device.config } else { &mut device.status };
        into.extend(section.lines.iter().cloned());
    }
    give_back_what_is_nobodys(&mut devices);
    if devices.is_empty() { Err(refusal.unwrap_or_else(refused::unknown)) } else { Ok(devices) }
}

fn too_many(line: u32) -> Gap {
    draft::gap(
        GapSort::TooLarge,
        Some(line),
        format!("機器が {DEVICES_MAX} 台より多く、ここから先は読んでいません"),
        format!("there are more than {DEVICES_MAX} devices; from here on nothing was read"),
    )
}

/// The same device goes on, unless something says that it is another one.
fn continues(device: &Device<'_>, family: &'static dyn Family, section: &Section<'_, '_>) -> bool {
    let mark = &section.mark;
    let differs = |a: &Option<String>, b: &Option<String>| matches!((a, b), (Some(a), Some(b)) if a != b);
    // Two parts behind the same prompt are of one device; two with a heading each are two, whatever the prompt says.
    let prompted = section.family.is_none() && device.name.is_some() && device.name == mark.name;
    let fresh = !device.sorts.contains(&mark.sort) || (mark.goes_on && device.sorts.last() == Some(&mark.sort));
    device.family.id() == family.id()
        && !differs(&device.name, &mark.name)
        && !differs(&device.model, &mark.model)
        && (prompted || fresh)
}

/// A status output between two configurations belongs to the one or the other. Where no name tells, it is the status of
/// a device of its own.
fn give_back_what_is_nobodys(devices: &mut Vec<Device<'_>>) {
    let mut at = 0;
    while let (Some(left), Some(right)) = (devices.get(at), devices.get(at + 1)) {
        let unsure = left.family.id() == right.family.id()
            && left.sorts.first() == Some(&Mark::CONFIG)
            && left.sorts.len() > 1
            && right.sorts.as_slice() == [Mark::CONFIG]
            && (left.name.is_none() || right.name.is_none());
        at += 1;
        if !unsure {
            continue;
        }
        let Some(left) = devices.get_mut(at - 1) else { break };
        let status = std::mem::take(&mut left.status);
        let lines = (status.first().map_or(1, |l| l.number), status.last().map_or(1, |l| l.number));
        left.lines.1 = lines.0.saturating_sub(1).max(left.lines.0);
        let orphan = Device {
            family: left.family,
            config: Vec::new(),
            status,
            lines,
            name: None,
            gaps: vec![draft::gap(
                GapSort::Elsewhere,
                Some(lines.0),
                "この出力が前後どちらの設定の機器のものか、分かりません",
                "this output could be of the device before it or of the one after it",
            )],
            model: None,
            sorts: left.sorts.split_off(1),
        };
        devices.insert(at, orphan);
        at += 1;
    }
}

fn sections<'l, 'a>(lines: &'l [Line<'a>], families: &[&'static dyn Family]) -> Vec<Section<'l, 'a>> {
    let marks = marks(lines, families);
    let mut sections: Vec<Section<'l, 'a>> = Vec::new();
    if marks.is_empty() {
        return vec![Section { family: None, mark: Mark::config(), lines }];
    }
    let mut prompt: Option<String> = None;
    let mut before = 0;
    let starts = marks.iter().map(|(at, ..)| {
        let start = lead(lines, *at).max(before);
        before = at + 1;
        start
    });
    let starts: Vec<usize> = starts.collect();
    for (index, (_, family, mark)) in marks.iter().enumerate() {
        let from = if index == 0 { 0 } else { starts.get(index).copied().unwrap_or(0) };
        let to = starts.get(index + 1).copied().unwrap_or(lines.len());
        let part = lines.get(from..to).unwrap_or_default();
        let mut mark = mark.clone();
        if family.is_none() {
            prompt.clone_from(&mark.name);
            // The command's own output begins with a line that its family knows, or it is a configuration without one.
            let bare = part.iter().skip(1).filter(|line| !line.trimmed().is_empty()).count() < 3;
            if bare {
                continue;
            }
        } else if mark.name.is_none() {
            mark.name = prompt.take();
        }
        sections.push(Section { family: *family, mark, lines: part });
    }
    sections
}

type Found = (usize, Option<&'static dyn Family>, Mark);

fn marks(lines: &[Line<'_>], families: &[&'static dyn Family]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let text = line.trimmed();
        if text.is_empty() || text.len() > 400 {
            continue;
        }
        if let Some((name, sort)) = prompt(text) {
            found.push((at, None, Mark { sort, name: Some(name), ..Mark::default() }));
            continue;
        }
        let mut claims = families.iter().filter_map(|family| family.mark(text).map(|mark| (*family, mark)));
        let (Some((family, mark)), None) = (claims.next(), claims.next()) else { continue };
        let goes_on =
            mark.goes_on && found.last().is_some_and(|(last, _, before)| before.sort == mark.sort && at - last <= 3);
        if !goes_on {
            found.push((at, Some(family), mark));
        }
    }
    found
}

/// Comments and blanks right above a mark belong to what it begins.
fn lead(lines: &[Line<'_>], at: usize) -> usize {
    let above = lines.get(..at).unwrap_or_default().iter().rev().take(40);
    let comments = above.take_while(|line| {
        let text = line.trimmed();
        text.is_empty()
            || text.starts_with([':', '!', '#'])
            || text.ends_with(" bytes")
            || text.starts_with("Hostname: ")
            || text == "Building configuration..."
    });
    at - comments.count()
}

/// A prompt with a command behind it: the name, and what the command prints.
fn prompt(text: &str) -> Option<(String, &'static str)> {
    let at = text.find(['#', '>', '$'])?;
    let (name, rest) = text.split_at(at);
    let command = rest.get(1..)?.trim_start();
    let name = name.trim_end();
    let shows = ["show ", "sh ", "get ", "display ", "cat "].iter().any(|word| command.starts_with(word));
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.()/@:~".contains(c);
    if !shows || name.is_empty() || name.len() > 64 || !name.chars().all(plain) || command.len() > 80 {
        return None;
    }
    let name = name.split('(').next().unwrap_or(name);
    let name = name.rsplit('@').next().unwrap_or(name).split([':', '/']).next().unwrap_or(name);
    let config = ["conf", "run", "startup", "full"].iter().any(|word| command.contains(word));
    Some((name.to_owned(), if config { Mark::CONFIG } else { OTHER }))
}

/// Lines that are weighed; what the first of them do not show, the rest hardly will.
const WEIGHED_MAX: usize = 20_000;

fn recognise(lines: &[Line<'_>], families: &[&'static dyn Family]) -> Result<&'static dyn Family, NotRead> {
    let mut scores: Vec<(u32, u32, &'static dyn Family)> = families.iter().map(|family| (0, 0, *family)).collect();
    for line in lines.iter().take(WEIGHED_MAX) {
        let text = line.trimmed();
        // XML may be one line from its beginning to its end.
        let text = if text.starts_with('<') { draft::start(text, 2000) } else { text };
        if text.is_empty() || text.len() > 2000 {
            continue;
        }
        for (strong, weak, family) in &mut scores {
            match family.weight(text) {
                weight @ 0..=1 => *weak += weight,
                weight => *strong += weight,
            }
        }
    }
    // Words that many makers use do not add up to one of them.
    let sum = |(strong, weak, family): (u32, u32, &'static dyn Family)| (strong + weak.min(4), family);
    let mut scores: Vec<(u32, &'static dyn Family)> = scores.into_iter().map(sum).collect();
    scores.sort_by_key(|(score, family)| (std::cmp::Reverse(*score), family.id()));
    let Some((best, family)) = scores.first().copied() else { return Err(refused::unknown()) };
    if best < 5 && families.len() > 1 || best == 0 {
        return Err(refused::unknown());
    }
    let rivals: Vec<&str> =
        scores.iter().filter(|(score, _)| *score * 2 > best).map(|(_, family)| family.id()).collect();
    if rivals.len() > 1 { Err(refused::ambiguous(&rivals)) } else { Ok(family) }
}
