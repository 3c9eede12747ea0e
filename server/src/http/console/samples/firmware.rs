//! What is known about firmware, for looking at its page: an exploited advisory, a mark, an end of support.
//! It does not test the model. Invariant: every identifier in it is made up.

use crate::model::Model;
use crate::model::testing::Script;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Role;
use serde_json::json;

/// A model that knows a little.
pub(in crate::http::console) fn firmware_model() -> Model {
    let mut script = Script::with_agent("tos-1");
    let sec = script.person("sec", Role::Security);
    let pack = json!({
        "format": "daicho.firmware_pack.v1", "pack_id": "own", "source": "Example & <Source>", "as_of": "2026-11-20",
        "confidence": "official",
        "advisories": [
            { "id": "CVE-2099-0001", "vendor": "Fortinet", "product": "fortios", "affected": [{ "from": "7.4.0", "before": "7.4.3" }],
              "fixed": ["7.4.3"], "kev_added": "2026-11-02", "ransomware": true, "jvn_id": "JVN#12345678",
              "link": "https://example.com/1" },
            { "id": "CVE-2099-0002", "vendor": "Fortinet", "product": "fortios" },
        ],
        "end_of_life": [{ "vendor": "Fortinet", "product": "fortios", "branch": "7.0", "ends_on": "2025-09-30" }],
    });
    script.push(sec, Fact::FirmwareKnowledge(serde_json::from_value(pack).unwrap()));
    script.model
}
