//! Files that others packed, read piece by piece: gzip, zstd, xz and LZ4, told by the file's ending.
//! It does not know what is in them.
//! Invariant: what unpacking may take of memory is bounded before the first byte; a packing that is not read is named by its ending.

use std::io::{self, BufRead, BufReader};

/// Endings that packed files may have; the first four are read.
const ENDINGS: &[&str] = &["lz4", "gz", "zst", "xz", "bz2", "lzma", "zck"];
/// zstd may ask for a window of this many bits at most: 8 MiB, as its level 19 does.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// xz may take 64 MiB, as its level 9 does.
const XZ_KIBIBYTES_MAX: u32 = 64 * 1024;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// Not at all.
    None,
    /// LZ4 frames.
    Lz4,
    /// gzip, of any number of members.
    Gzip,
    /// zstd.
    Zstd,
    /// xz.
    Xz,
}

impl Packing {
    /// By the file's ending; the ending itself when it is one that is not read.
    pub(super) fn of(name: &str) -> Result<Self, &str> {
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("lz4") => Ok(Self::Lz4),
            Some("gz") => Ok(Self::Gzip),
            Some("zst") => Ok(Self::Zstd),
            Some("xz") => Ok(Self::Xz),
            Some(ending) if ENDINGS.contains(&ending) => Err(ending),
            _ => Ok(Self::None),
        }
    }

    /// What the reader holds, unpacked. Damage is an error when it is come to.
    pub(super) fn unpacked(self, reader: Box<dyn BufRead>) -> io::Result<Box<dyn BufRead>> {
        Ok(match self {
            Self::None => reader,
            Self::Lz4 => Box::new(BufReader::new(lz4_flex::frame::FrameDecoder::new(reader))),
            Self::Gzip => Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(reader))),
            Self::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(reader)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                Box::new(BufReader::new(decoder))
            }
            Self::Xz => {
                let decoder = lzma_rust2::XzReader::new_mem_limit(reader, false, XZ_KIBIBYTES_MAX);
                Box::new(BufReader::new(decoder))
            }
        })
    }
}

/// A name without the ending of a packing, read or not.
pub(super) fn without_packing(name: &str) -> &str {
    name.rsplit_once('.').filter(|(_, end)| ENDINGS.contains(end)).map_or(name, |(stem, _)| stem)
}
