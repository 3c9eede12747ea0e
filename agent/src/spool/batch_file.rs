//! One spooled batch on disk: the file holds exactly the body that is posted, zstd of a signed batch's JSON.
//! It does not know servers or which batch is due; names sort in the order of their numbers.
//! Invariant: whatever a file holds, reading it gives a batch of our own or an error, within limits, and never a panic.

use daicho_schemas::batch::Batch;
use daicho_schemas::ids::AgentId;
use daicho_schemas::limits::{BATCH_BYTES_MAX, BATCH_WIRE_BYTES_MAX};
use daicho_schemas::sign::SignedBatch;
use ed25519_dalek::SigningKey;
use serde_json::value::RawValue;
use std::io::{self, Read as _};

/// zstd's level: a first report of 1,500 items stays under 30 kB, and takes a few milliseconds once.
const ZSTD_LEVEL: i32 = 9;
/// Digits of the number in a file's name: every `u64` fits.
const NAME_DIGITS: usize = 20;
/// Key, signature and field names around the batch.
const SIGNED_BYTES_EXTRA: usize = 1024;

/// A batch could not be written as bytes.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The batch has no JSON form.
    #[error("the batch has no JSON form")]
    Json(#[from] serde_json::Error),
    /// Compressing failed.
    #[error("the batch could not be compressed")]
    Compress(#[from] io::Error),
    /// The batch is over a limit: fewer reports or items must go into it.
    #[error("the batch is larger than the limit")]
    TooLarge,
}

/// The bytes of a file are no batch of this agent.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Cut short, flipped or never a compressed file.
    #[error("the file is cut short or damaged")]
    Damaged(#[source] io::Error),
    /// Larger than a batch may be.
    #[error("the file holds more than a batch may")]
    TooLarge,
    /// No signed batch.
    #[error("the file holds no signed batch")]
    Json(#[from] serde_json::Error),
    /// Not signed, or by another key.
    #[error("the batch was not signed by this agent")]
    Signature,
}

/// The name of a batch's file.
pub(super) fn file_name(number: u64) -> String {
    format!("{number:0NAME_DIGITS$}.batch")
}

/// The number in a file's name; nothing for other files.
pub(super) fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".batch")?;
    let well_formed = digits.len() == NAME_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    if well_formed { digits.parse().ok() } else { None }
}

/// Signs and compresses a batch.
pub(super) fn encode(batch: &Batch, key: &SigningKey) -> Result<Vec<u8>, EncodeError> {
    let json = serde_json::to_string(batch)?;
    if json.len() > BATCH_BYTES_MAX - SIGNED_BYTES_EXTRA {
        return Err(EncodeError::TooLarge);
    }
    let signed = serde_json::to_vec(&SignedBatch::sign(RawValue::from_string(json)?, key))?;
    let mut encoder = zstd::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
    encoder.include_checksum(true)?;
    // Tables for what there is, not for the largest there could be: megabytes less for every small batch.
    encoder.set_pledged_src_size(u64::try_from(signed.len()).ok())?;
    io::Write::write_all(&mut encoder, &signed)?;
    let bytes = encoder.finish()?;
    if bytes.len() > BATCH_WIRE_BYTES_MAX { Err(EncodeError::TooLarge) } else { Ok(bytes) }
}

/// Reads a batch back and checks that it is this agent's own.
pub(super) fn decode(bytes: &[u8], agent: &AgentId) -> Result<Batch, DecodeError> {
    let decoder = zstd::Decoder::new(bytes).map_err(DecodeError::Damaged)?;
    let mut json = Vec::new();
    let limit = u64::try_from(BATCH_BYTES_MAX).unwrap_or(u64::MAX);
    decoder.take(limit.saturating_add(1)).read_to_end(&mut json).map_err(DecodeError::Damaged)?;
    if json.len() > BATCH_BYTES_MAX {
        return Err(DecodeError::TooLarge);
    }
    let signed: SignedBatch = serde_json::from_slice(&json)?;
    if signed.verify().ok().as_ref() != Some(agent) {
        return Err(DecodeError::Signature);
    }
    Ok(serde_json::from_str(signed.batch.get())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use daicho_schemas::batch::BATCH_FORMAT;
    use daicho_schemas::sign::agent_id;
    use daicho_schemas::time::UtcMicros;

    fn batch(key: &SigningKey) -> Batch {
        let at = UtcMicros::from_micros(1_795_000_000_000_000).unwrap();
        let agent_id = agent_id(&key.verifying_key().to_bytes());
        Batch {
            format: BATCH_FORMAT.into(),
            agent_id,
            number: 7,
            started_at: at,
            finished_at: at,
            reports: vec![],
            lost: None,
        }
    }

    #[test]
    fn names_sort_as_numbers_and_other_files_have_none() {
        assert!(file_name(9) < file_name(10) && file_name(10) < file_name(u64::MAX));
        assert_eq!(number_of(&file_name(u64::MAX)), Some(u64::MAX));
        for other in [
            "1.batch",
            "00000000000000000001.new",
            "0000000000000000000x.batch",
            "99999999999999999999.batch",
            ".batch",
        ] {
            assert_eq!(number_of(other), None, "{other}");
        }
    }

    /// A file cut at any byte, or with any byte changed, is an error and never another batch.
    #[test]
    fn damage_anywhere_is_seen() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let batch = batch(&key);
        let bytes = encode(&batch, &key).unwrap();
        assert_eq!(decode(&bytes, &batch.agent_id).unwrap(), batch);
        for place in 0..bytes.len() {
            assert!(decode(&bytes[..place], &batch.agent_id).is_err(), "cut at {place}");
            let mut changed = bytes.clone();
            changed[place] ^= 0x10;
            // A changed flag that says nothing about the content is harmless; a changed batch is not.
            if let Ok(read) = decode(&changed, &batch.agent_id) {
                assert_eq!(read, batch, "changed at {place}");
            }
        }
    }

    #[test]
    fn another_agents_batch_and_a_bomb_are_refused() {
        let (key, other) = (SigningKey::from_bytes(&[7; 32]), SigningKey::from_bytes(&[8; 32]));
        let bytes = encode(&batch(&other), &other).unwrap();
        let own = batch(&key).agent_id;
        assert!(matches!(decode(&bytes, &own), Err(DecodeError::Signature)));
        let bomb = zstd::encode_all(&vec![b' '; BATCH_BYTES_MAX + 1][..], 1).unwrap();
        assert!(matches!(decode(&bomb, &own), Err(DecodeError::TooLarge)));
    }
}
