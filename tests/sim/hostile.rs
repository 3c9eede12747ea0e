//! What no honest agent hands in: others' words, altered words, impossible numbers, lies about states.
//! It holds a key of its own that may be enrolled, and has seen what others sent; it holds nobody else's key.
//! Invariant: it can do whatever bytes can do, and nothing that needs another's key.

use crate::server::{Request, unpack};
use daicho_schemas::batch::{BATCH_FORMAT, Batch, Body, CollectorReport, Lost, Outcome};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::decision::AgentEnrolled;
use daicho_schemas::ids::{AgentId, TokenId};
use daicho_schemas::sign::{SignedBatch, agent_id};
use daicho_schemas::time::UtcMicros;
use daicho_schemas::wire::CheckIn;
use ed25519_dalek::SigningKey;
use fastrand::Rng;

use crate::host::collector;

/// Somebody with a key and bad intentions.
pub struct Hostile {
    /// Its key.
    pub key: SigningKey,
    /// Its own id.
    pub id: AgentId,
    /// What others sent, as far as it was seen.
    pub seen: Vec<(AgentId, Vec<u8>)>,
    number: u64,
}

impl Hostile {
    /// With a fresh key.
    pub fn new(rng: &mut Rng) -> Self {
        let mut secret = [0; 32];
        rng.fill(&mut secret);
        let key = SigningKey::from_bytes(&secret);
        Self { id: agent_id(&key.verifying_key().to_bytes()), key, seen: Vec::new(), number: 0 }
    }

    /// Tries something.
    pub fn tries(&mut self, rng: &mut Rng, now: UtcMicros, tokens: &[TokenId]) -> Request {
        let speaker = self.id.clone();
        let other = (!self.seen.is_empty()).then(|| self.seen[rng.usize(0..self.seen.len())].clone());
        match (rng.u32(0..9), other) {
            (0, Some((_, bytes))) => Request::Batch { speaker, bytes },
            // Only the server's own door can stop this one: the bytes are another's, and so is the certificate.
            (1, Some((owner, bytes))) => Request::Batch { speaker: owner, bytes: altered(rng, bytes) },
            (2, Some((owner, _))) => Request::Batch { bytes: self.wrapped(rng, now, &owner), speaker },
            (3, _) => Request::CheckIn { speaker, question: CheckIn { number: rng.u64(0..5), digest: Hash::ZERO } },
            (4, _) if !tokens.is_empty() => Request::Enrol(AgentEnrolled {
                agent_id: speaker,
                public_key: String::new(),
                token_id: tokens[rng.usize(0..tokens.len())].clone(),
                hostname: "host-0".into(),
            }),
            _ => {
                let claims = self.id.clone();
                Request::Batch { bytes: self.wrapped(rng, now, &claims), speaker }
            }
        }
    }

    /// A batch with the own signature, whatever it claims.
    fn wrapped(&mut self, rng: &mut Rng, now: UtcMicros, claims: &AgentId) -> Vec<u8> {
        self.number = match rng.u32(0..8) {
            0 => 0,
            1 => 1 << 60,
            2 => self.number,
            _ => self.number + 1,
        };
        let outcomes = [Outcome::Complete, Outcome::Partial, Outcome::Failed, Outcome::NotApplicable];
        let gone = vec!["deb:bash:amd64".to_owned(); rng.usize(0..2)];
        let bodies = [Body::Full { items: Vec::new() }, Body::Delta { base: Hash::ZERO, put: Vec::new(), gone }];
        let name = collector("dpkg");
        let nothing = daicho_schemas::batch::state_digest(&name, &Default::default());
        let report = CollectorReport {
            collector: name,
            outcome: outcomes[rng.usize(0..4)],
            sources: Vec::new(),
            troubles: Vec::new(),
            body: bodies[rng.usize(0..2)].clone(),
            digest: if rng.bool() { nothing } else { Hash::ZERO },
        };
        let batch = Batch {
            format: BATCH_FORMAT.into(),
            agent_id: claims.clone(),
            number: self.number,
            started_at: now,
            finished_at: now.plus_seconds(if rng.bool() { 0 } else { rng.i64(-1000..100_000) }),
            reports: vec![report; rng.usize(0..3)],
            lost: rng.bool().then(|| Lost { first_number: 9, last_number: 1, reason: "\u{202e}x".into() }),
        };
        let raw = serde_json::value::to_raw_value(&batch).unwrap();
        wire(&SignedBatch::sign(raw, &self.key))
    }
}

/// Another's batch with something changed: inside the signature, in it, or in the packing.
fn altered(rng: &mut Rng, mut bytes: Vec<u8>) -> Vec<u8> {
    if rng.bool() {
        let at = rng.usize(0..bytes.len().max(1));
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << rng.u32(0..8);
        }
        return bytes;
    }
    let Some((mut signed, mut batch)) = unpack(&bytes) else { return bytes };
    batch.number += 1;
    signed.batch = serde_json::value::to_raw_value(&batch).unwrap();
    wire(&signed)
}

fn wire(signed: &SignedBatch) -> Vec<u8> {
    zstd::encode_all(serde_json::to_vec(signed).unwrap().as_slice(), 1).unwrap()
}
