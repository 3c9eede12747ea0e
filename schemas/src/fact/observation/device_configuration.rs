//! `device_configuration.v1`: what an agent read from a device's configuration that was laid into its drop folder.
//! It does not know whose device it is, what serves it, or whether its ways in were declared.
//! Invariant: the reading alone, never the file; the same file read again gives equal bytes.

use crate::fact::device::DeviceReading;
use crate::fact::device_limits::words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One device of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceConfiguration {
    /// The file's name in the folder, without the folder.
    pub file_name: String,
    /// What it says.
    pub reading: Box<DeviceReading>,
}

impl DeviceConfiguration {
    /// Whether it keeps to the limits of its shape. The agent leaves out what does not, the server refuses it.
    ///
    /// # Errors
    /// The field and what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        words("file_name", [&self.file_name])?;
        self.reading.check().map_err(|what| format!("reading.{what}"))
    }

    /// Maker and serial number; else maker and the name it was given; else the file's hash and its first line there. A
    /// newer file of the same device has the same key.
    pub fn key(&self) -> String {
        let identity = &self.reading.identity;
        let maker = identity.maker.as_deref().unwrap_or(&self.reading.family);
        match (&identity.serial, &identity.name) {
            (Some(serial), _) => format!("serial:{maker}:{serial}"),
            (None, Some(name)) => format!("name:{maker}:{name}"),
            (None, None) => format!("file:{}:{}", self.reading.source.sha256, self.reading.source.lines.0),
        }
    }
}
