//! The sample of what a source knows about firmware. It does not know admission: a sample need not make sense.
//! Invariant: every field is filled, so that the golden bytes show all of them.

use super::*;
use crate::fact::firmware::*;

pub(super) fn facts() -> Vec<Fact> {
    let range = |from: &str, before: Option<&str>, through: Option<&str>| VersionRange {
        from: Some(from.into()),
        before: before.map(Into::into),
        through: through.map(Into::into),
        branch: Some("2.1".into()),
    };
    vec![Fact::FirmwareKnowledge(FirmwarePack {
        format: FIRMWARE_PACK_FORMAT.into(),
        pack_id: "example".into(),
        source: "Example Networks K.K.".into(),
        as_of: day("2026-11-20"),
        confidence: PackConfidence::Official,
        link: Some("https://example.com/advisories".into()),
        files: vec![PackFile { name: "advisories.json".into(), sha256: "00".repeat(32) }],
        advisories: vec![Advisory {
            id: "CVE-2026-99999".into(),
            vendor: "Example Networks".into(),
            product: "example_os".into(),
            models: vec!["EG-1*".into()],
            affected: vec![range("2.1.0", Some("2.1.9"), None)],
            affected_exactly: vec!["2.0.7".into()],
            not_affected: vec![range("2.2.0", None, Some("2.2.9"))],
            fixed: vec!["2.1.9".into()],
            other_versions: OtherVersions::NotAffected,
            kev_added: Some(day("2026-11-01")),
            ransomware: Some(true),
            jvn_id: Some("JVN#00000000".into()),
            link: Some("https://example.com/advisories/1".into()),
            as_of: Some(day("2026-11-10")),
        }],
        end_of_life: vec![EndOfLife {
            vendor: "Example Networks".into(),
            product: "example_os".into(),
            models: vec!["EG-100".into()],
            branch: Some("2.1".into()),
            ends_on: Some(day("2027-03-31")),
            ended: Some(false),
            link: Some("https://example.com/support".into()),
        }],
    })]
}
