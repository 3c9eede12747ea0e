//! How records spell versions: `7.4.0`, `7.4.*`, `firmware Ver.2.1.8 and earlier`, `prior to 9.1R18.9`, `7.0.0 through 7.0.5`.
//! It does not know records. Invariant: a text is taken whole or not at all; what is not understood says nothing.

use crate::model::firmware::products::Product;
use crate::model::firmware::versions::read;
use daicho_schemas::fact::firmware::VersionRange;

/// A text without a version in it: the beginning of everything, or everything.
fn is_open(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    matches!(text.as_str(), "" | "0" | "*" | "-" | "n/a" | "unspecified" | "all" | "all versions" | "any")
}

/// One version as its maker writes it: words before it are the product's name.
pub(super) fn version(product: &Product, text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches(['.', ',', ';']);
    let mut rest = text;
    for _ in 0..8 {
        if read(product.parse, rest).is_some() {
            return Some(rest.to_string());
        }
        let (word, behind) = rest.split_once(' ')?;
        // Only a name may be left out, never a number.
        if word.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        rest = behind.trim_start();
    }
    None
}

/// A lower end.
pub(super) fn from(product: &Product, text: &str) -> Result<Option<String>, ()> {
    if is_open(text) { Ok(None) } else { version(product, text).map(Some).ok_or(()) }
}

/// An upper end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// There is none.
    Open,
    /// All of a branch.
    Branch(String),
    /// A version.
    Version(String),
}

/// An upper end: a version, `*` for none, `7.4.*` for all of a branch.
pub(super) fn end(product: &Product, text: &str) -> Option<End> {
    if is_open(text) {
        return Some(End::Open);
    }
    match text.trim().strip_suffix(".*") {
        Some(branch) => version(product, branch).map(End::Branch),
        None => version(product, text).map(End::Version),
    }
}

/// What a text that should be one version says in words.
pub(super) fn range(product: &Product, text: &str) -> Option<VersionRange> {
    let lower = text.trim().to_ascii_lowercase();
    // The same places in both: only ASCII letters change.
    let text = text.trim();
    if matches!(lower.as_str(), "*" | "all" | "all versions" | "any") {
        return Some(VersionRange::default());
    }
    for words in ["and earlier", "or earlier", "and prior", "and older", "and below", "and previous", "and lower"] {
        if let Some(at) = lower.find(words) {
            let rest = lower.get(at + words.len()..)?.trim();
            let through = version(product, text.get(..at)?)?;
            let whole = matches!(rest, "" | "versions" | "version" | "releases" | "firmware versions");
            return whole.then(|| VersionRange { through: Some(through), ..VersionRange::default() });
        }
    }
    for words in ["prior to ", "earlier than ", "before ", "lower than ", "older than "] {
        if let Some(at) = lower.find(words) {
            let named = lower.get(..at)?.bytes().all(|byte| !byte.is_ascii_digit());
            let before = version(product, text.get(at + words.len()..)?)?;
            return named.then(|| VersionRange { before: Some(before), ..VersionRange::default() });
        }
    }
    for words in [" through ", " to ", " - "] {
        if let Some(at) = lower.find(words) {
            let from = text.get(..at)?.trim();
            let from = from.strip_prefix("from ").or_else(|| from.strip_prefix("From ")).unwrap_or(from);
            let (from, through) = (version(product, from)?, version(product, text.get(at + words.len()..)?)?);
            return Some(VersionRange { from: Some(from), through: Some(through), ..VersionRange::default() });
        }
    }
    signs(product, text).or_else(|| {
        let branch = lower.strip_suffix(" all versions")?;
        let branch = version(product, text.get(..branch.len())?)?;
        Some(VersionRange { branch: Some(branch), ..VersionRange::default() })
    })
}

/// `>= 7.4.0, < 7.4.3`.
fn signs(product: &Product, text: &str) -> Option<VersionRange> {
    let mut range = VersionRange::default();
    for part in text.split(',').map(str::trim) {
        let (place, rest) = match part {
            part if part.starts_with("<=") => (&mut range.through, part.get(2..)?),
            part if part.starts_with(">=") => (&mut range.from, part.get(2..)?),
            part if part.starts_with('<') => (&mut range.before, part.get(1..)?),
            _ => return None,
        };
        *place = Some(version(product, rest)?);
    }
    (range.before.is_none() || range.through.is_none()).then_some(range)
}
