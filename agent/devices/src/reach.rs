//! Who can reach something: filters and access lists added up, address by address.
//! It does not know how a maker writes a filter, nor interfaces.
//! Invariant: a filter that is not understood makes an answer unknown and never a yes; letting in more than half of all
//! addresses is letting in anybody.

use crate::draft::absence;
use daicho_schemas::fact::device::{Answer, Answered, GROUNDS_MAX, Ground, Restriction};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

/// Addresses of IPv4 as numbers, both ends included.
pub(crate) type Span = (u32, u32);

/// All of them.
pub(crate) const EVERYWHERE: Span = (0, u32::MAX);

/// A prefix as its first and last address.
pub(crate) fn prefix(address: Ipv4Addr, bits: u32) -> Span {
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or(0);
    let start = u32::from(address) & mask;
    (start, start | !mask)
}

/// `192.0.2.0/24`, `192.0.2.1`, `192.0.2.0/255.255.255.0`, `192.0.2.1-192.0.2.9`.
pub(crate) fn span(text: &str) -> Option<Span> {
    if let Some((start, end)) = text.split_once('-') {
        let start: Ipv4Addr = start.trim().parse().ok()?;
        let end: Ipv4Addr = end.trim().parse().ok()?;
        return (start <= end).then(|| (start.into(), end.into()));
    }
    let Some((address, bits)) = text.split_once('/') else {
        let address: Ipv4Addr = text.parse().ok()?;
        return Some((address.into(), address.into()));
    };
    let address: Ipv4Addr = address.parse().ok()?;
    match bits.parse::<u32>() {
        Ok(bits) if bits <= 32 => Some(prefix(address, bits)),
        Ok(_) => None,
        Err(_) => masked(address, bits.parse().ok()?),
    }
}

/// An address with a mask whose ones come first. Other masks name no prefix.
pub(crate) fn masked(address: Ipv4Addr, mask: Ipv4Addr) -> Option<Span> {
    let bits = u32::from(mask).leading_ones();
    (u32::from(mask) == u32::MAX.checked_shl(32 - bits).unwrap_or(0)).then(|| prefix(address, bits))
}

/// An address with the mask turned round, as access lists of IOS write it.
pub(crate) fn wildcard(address: Ipv4Addr, mask: Ipv4Addr) -> Option<Span> {
    masked(address, Ipv4Addr::from(!u32::from(mask)))
}

/// Whether an address is one that the internet knows.
pub(crate) fn is_public(address: u32) -> bool {
    let ip = Ipv4Addr::from(address);
    let shared = address >> 22 == 0b01_1001_0001;
    !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() || ip.is_multicast() || shared)
}

/// How a span is written in a reading.
pub(crate) fn shown((start, end): Span) -> String {
    let size = u64::from(end) - u64::from(start) + 1;
    let bits = 32 - size.trailing_zeros();
    if start == end {
        Ipv4Addr::from(start).to_string()
    } else if size.is_power_of_two() && prefix(Ipv4Addr::from(start), bits) == (start, end) {
        format!("{}/{bits}", Ipv4Addr::from(start))
    } else {
        format!("{}-{}", Ipv4Addr::from(start), Ipv4Addr::from(end))
    }
}

/// Addresses that do not touch each other, by their first.
#[derive(Clone, Debug, Default)]
struct Spans {
    ends: BTreeMap<u32, u32>,
    size: u64,
}

impl Spans {
    /// Adds a span and returns the parts of it that were not there.
    fn add(&mut self, (start, end): Span) -> Vec<Span> {
        let before = self.ends.range(..=start).next_back().map(|(s, e)| (*s, *e));
        let (mut low, mut next) = (start, u64::from(start));
        let mut high = end;
        let mut fresh = Vec::new();
        if let Some((s, e)) = before.filter(|(_, e)| *e >= start) {
            low = s;
            high = high.max(e);
            next = u64::from(e) + 1;
        }
        let inner: Vec<Span> = self.ends.range(start..=end).map(|(s, e)| (*s, *e)).collect();
        for (s, e) in inner {
            if let Some(last) = u64::from(s).checked_sub(1).filter(|last| *last >= next) {
                fresh.push((low_u32(next), low_u32(last)));
            }
            next = next.max(u64::from(e) + 1);
            high = high.max(e);
            self.ends.remove(&s);
        }
        if next <= u64::from(end) {
            fresh.push((low_u32(next), end));
        }
        self.ends.insert(low, high);
        self.size += fresh.iter().map(|(start, end)| u64::from(*end) - u64::from(*start) + 1).sum::<u64>();
        fresh
    }
}

fn low_u32(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Half of all addresses: who lets in more lets in anybody.
const HALF: u64 = 1 << 31;
/// Parts of one line's addresses that are named; a reading holds no more.
const SHOWN_MAX: usize = 200;

/// From where a filter lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// Addresses.
    Span(Span),
    /// Something that the file names and does not spell out as addresses: a name, an interface, an IPv6 prefix.
    Named(String),
    /// Not understood.
    Unclear,
}

/// Filters in the order in which a device asks them; the first that fits decides.
#[derive(Default)]
pub(crate) struct Filters {
    decided: Spans,
    passed: Spans,
    perhaps: Spans,
    unclear: bool,
    named: BTreeSet<String>,
    sources: BTreeSet<String>,
    because: Vec<Ground>,
}

impl Filters {
    /// Asks the next filter that concerns the service. `certain`: it surely fits whatever comes from there.
    pub(crate) fn ask(&mut self, pass: bool, certain: bool, from: &From, ground: impl FnOnce() -> Ground) {
        if self.settled() {
            return;
        }
        let before = self.because.len();
        match (from, pass, certain) {
            (From::Span(span), true, true) => {
                let fresh = self.decided.add(*span);
                if !fresh.is_empty() {
                    // Everything after some were rejected is shown as what is left of it.
                    let wide = u64::from(span.1) - u64::from(span.0) >= HALF;
                    let shown_spans = if wide { fresh.as_slice() } else { std::slice::from_ref(span) };
                    self.sources.extend(shown_spans.iter().take(SHOWN_MAX).map(|span| shown(*span)));
                    self.note(ground);
                }
                for span in fresh {
                    self.passed.add(span);
                }
            }
            (From::Span(span), false, true) => {
                let wide = u64::from(span.1) - u64::from(span.0) >= HALF;
                if !self.decided.add(*span).is_empty() && wide {
                    self.note(ground);
                }
            }
            (From::Span(span), true, false) => {
                // What is decided already is counted again here, which can only make the answer less sure.
                if !self.perhaps.add(*span).is_empty() {
                    self.sources.insert(shown(*span));
                    self.note(ground);
                }
            }
            (From::Named(name), true, _) => {
                self.named.insert(name.clone());
                self.note(ground);
            }
            (From::Unclear, true, _) => {
                self.unclear = true;
                self.note(ground);
            }
            (_, false, _) => {}
        }
        debug_assert!(self.because.len() <= before + 1);
    }

    fn note(&mut self, ground: impl FnOnce() -> Ground) {
        if self.because.len() <= GROUNDS_MAX {
            self.because.push(ground());
        }
    }

    /// Whether further filters can change nothing.
    pub(crate) fn settled(&self) -> bool {
        self.decided.size == 1 << 32
    }

    /// What all of them say, when nothing passes that none of them lets through.
    pub(crate) fn end(self) -> Access {
        let reach = if self.passed.size > HALF {
            Reach::Anyone
        } else if self.unclear || self.passed.size + self.perhaps.size > HALF {
            Reach::Unknown
        } else if self.sources.is_empty() && self.named.is_empty() {
            Reach::Nobody
        } else {
            Reach::Named(self.sources.into_iter().chain(self.named).collect())
        };
        Access { reach, because: self.because }
    }
}

/// Who can reach something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Nobody,
    Named(BTreeSet<String>),
    Anyone,
    Unknown,
}

/// Whether every one of these sources lies within one of those.
fn inside(these: &BTreeSet<String>, those: &BTreeSet<String>) -> bool {
    let wide: Vec<Span> = those.iter().take(100).filter_map(|name| span(name)).collect();
    let within = |(start, end): Span| wide.iter().any(|(low, high)| *low <= start && end <= *high);
    these.len() <= 1000 && these.iter().all(|name| span(name).is_some_and(within))
}

/// Who can reach something, and because of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) reach: Reach,
    pub(crate) because: Vec<Ground>,
}

impl Access {
    pub(crate) fn nobody(ground: Ground) -> Self {
        Self { reach: Reach::Nobody, because: vec![ground] }
    }

    pub(crate) fn anyone(ground: Ground) -> Self {
        Self { reach: Reach::Anyone, because: vec![ground] }
    }

    pub(crate) fn unknown(ground: Ground) -> Self {
        Self { reach: Reach::Unknown, because: vec![ground] }
    }

    pub(crate) fn named(names: impl IntoIterator<Item = String>, ground: Ground) -> Self {
        Self { reach: Reach::Named(names.into_iter().collect()), because: vec![ground] }
    }

    /// What stands in a restriction already.
    pub(crate) fn of(restriction: &Restriction) -> Self {
        let reach = match restriction.restricted.answer {
            Answer::Yes if restriction.sources.is_empty() => Reach::Nobody,
            Answer::Yes => Reach::Named(restriction.sources.iter().cloned().collect()),
            Answer::No => Reach::Anyone,
            Answer::Unknown | Answer::NotApplicable => Reach::Unknown,
        };
        Self { reach, because: restriction.restricted.because.clone() }
    }

    /// Both must let through: the device's own list behind a filter of its interface.
    pub(crate) fn and(self, other: Self) -> Self {
        let (mut left, mut right) = (self, other);
        let reach = match (&left.reach, &right.reach) {
            (Reach::Nobody, _) => return left,
            (_, Reach::Nobody) => return right,
            (Reach::Named(names), Reach::Named(others)) => {
                let narrower = inside(others, names) || (!inside(names, others) && others.len() < names.len());
                Reach::Named(if narrower { others.clone() } else { names.clone() })
            }
            (Reach::Named(names), _) | (_, Reach::Named(names)) => Reach::Named(names.clone()),
            (Reach::Unknown, _) | (_, Reach::Unknown) => Reach::Unknown,
            (Reach::Anyone, Reach::Anyone) => Reach::Anyone,
        };
        left.because.append(&mut right.because);
        Self { reach, because: left.because }
    }

    /// Either lets in: two services, two interfaces.
    pub(crate) fn or(self, other: Self) -> Self {
        let reach = match (&self.reach, &other.reach) {
            (Reach::Anyone, Reach::Anyone) | (Reach::Unknown, Reach::Unknown) => self.reach.clone(),
            (Reach::Anyone, _) | (_, Reach::Nobody) if !matches!(self.reach, Reach::Nobody) => return self,
            (_, Reach::Anyone) => return other,
            (Reach::Nobody, Reach::Nobody) => Reach::Nobody,
            (Reach::Nobody, _) => return other,
            (Reach::Unknown, _) => return self,
            (_, Reach::Unknown) => return other,
            (Reach::Named(names), Reach::Named(others)) => Reach::Named(names.union(others).cloned().collect()),
            _ => Reach::Unknown,
        };
        let mut because = self.because;
        because.extend(other.because);
        because.truncate(GROUNDS_MAX * 2);
        Self { reach, because }
    }

    /// The same for something that may not be there at all: it can no longer be a sure no.
    pub(crate) fn perhaps(self) -> Self {
        let reach = if self.reach == Reach::Anyone { Reach::Unknown } else { self.reach };
        Self { reach, because: self.because }
    }

    /// As it stands in a reading. Nobody is the narrowest restriction.
    pub(crate) fn restriction(self) -> Restriction {
        let (answer, sources) = match self.reach {
            Reach::Nobody => (Answer::Yes, Vec::new()),
            Reach::Named(names) => (Answer::Yes, names.into_iter().map(|name| crate::draft::word(&name)).collect()),
            Reach::Anyone => (Answer::No, Vec::new()),
            Reach::Unknown => (Answer::Unknown, Vec::new()),
        };
        let mut because = self.because;
        if answer == Answer::Yes && because.is_empty() {
            because.push(absence("どこからも届きません", "nothing lets anybody through"));
        }
        Restriction { restricted: Answered { answer, because }, sources }
    }
}
