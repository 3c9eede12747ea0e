//! The forms that this release carries.
//! It does not know how they are filled in.
//! Invariant: the build carries them, and a test reads them.

use daicho_schemas::regime::forms::FormsFile;
use std::sync::LazyLock;

static JP_ESPA: LazyLock<FormsFile> = LazyLock::new(|| {
    let json = include_str!("../../../schemas/regimes/jp-espa/forms.v1.json");
    // The file is part of the build and a test reads it: failing here is a bug of ours, not of anybody's input.
    serde_json::from_str(json).unwrap_or_else(|error| unreachable!("the forms of jp-espa cannot be read: {error}"))
});

/// The forms of 経済安全保障推進法.
pub fn forms() -> &'static FormsFile {
    &JP_ESPA
}
