//! Sealing and opening the people's data in a supplier record: AES-256-GCM with a random nonce; the supplier and the field are
//! authenticated beside it, so that no box can be moved to another supplier or item.
//! It does not know where keys are kept. Invariant: after sealing nothing of a person stands readable in the record, and data that
//! was sealed before and has not changed keeps its box, so that an equal record stays equal.

use super::Key;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use daicho_schemas::fact::supplier::{
    OfficerIdentity, PersonIdentity, Personal, PersonalMut, PersonalRef, SealedBox, SupplierRecord,
};
use daicho_schemas::ids::SupplierId;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A person's data could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealFault {
    /// The cipher or the randomness failed.
    #[error("people's data could not be sealed")]
    Cipher,
    /// The data has no JSON form.
    #[error("people's data could not be sealed")]
    Json(#[from] serde_json::Error),
}

/// Seals every person's data in a record. `before` is the record that stands.
pub fn seal(record: &mut SupplierRecord, before: Option<&SupplierRecord>, key: &Key) -> Result<(), SealFault> {
    let mut sealer = Sealer { key, supplier: record.supplier_id.clone(), known: Vec::new() };
    if let Some(before) = before {
        for (field, person) in before.items.personal() {
            let sealed = person.sealed().filter(|sealed| sealed.key_id == key.id);
            let opened = sealed.and_then(|sealed| Some((sealer.open(field, sealed)?, sealed.clone())));
            sealer.known.extend(opened.map(|(clear, sealed)| (field, clear, sealed)));
        }
    }
    for (field, person) in record.items.personal_mut() {
        match person {
            PersonalMut::Person(person) => {
                // A representative's nationality is not asked for; a holder's is (ord. 11(i)(ii)).
                let whole = |person: &PersonIdentity| field == "representative" || person.nationality.is_some();
                sealer.seal(field, person, whole)?;
            }
            PersonalMut::Officer(officer) => {
                let whole = |officer: &OfficerIdentity| officer.birth_date.is_some() && officer.nationality.is_some();
                sealer.seal(field, officer, whole)?;
            }
        }
    }
    Ok(())
}

/// Opens what can be opened with this key; the rest stays sealed.
pub fn open(record: &mut SupplierRecord, key: &Key) {
    let sealer = Sealer { key, supplier: record.supplier_id.clone(), known: Vec::new() };
    for (field, person) in record.items.personal_mut() {
        match person {
            PersonalMut::Person(person) => sealer.open_in_place(field, person),
            PersonalMut::Officer(officer) => sealer.open_in_place(field, officer),
        }
    }
}

/// The item with a sealed box that does not stand in the record before: nobody but this server seals.
pub fn strange_box(record: &SupplierRecord, before: Option<&SupplierRecord>) -> Option<&'static str> {
    let known: Vec<(&str, &SealedBox)> = before
        .into_iter()
        .flat_map(|before| before.items.personal())
        .filter_map(|(field, person)| Some((field, PersonalRef::sealed(person)?)))
        .collect();
    let strange = |(field, person): &(&'static str, PersonalRef<'_>)| {
        person.sealed().is_some_and(|sealed| !known.contains(&(*field, sealed)))
    };
    record.items.personal().into_iter().find(strange).map(|(field, _)| field)
}

struct Sealer<'a> {
    key: &'a Key,
    supplier: SupplierId,
    /// What was sealed before: field, data, box.
    known: Vec<(&'static str, Vec<u8>, SealedBox)>,
}

impl Sealer<'_> {
    fn cipher(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, &self.key.bytes).ok().map(LessSafeKey::new)
    }

    fn beside(&self, field: &str) -> Aad<Vec<u8>> {
        Aad::from(format!("daicho.personal.v1\0{}\0{field}", self.supplier).into_bytes())
    }

    fn seal<T: Serialize>(
        &mut self,
        field: &'static str,
        person: &mut Personal<T>,
        whole: impl FnOnce(&T) -> bool,
    ) -> Result<(), SealFault> {
        let Personal::Clear(data) = person else { return Ok(()) };
        let (complete, clear) = (whole(data), serde_json::to_vec(data)?);
        // Each box is used once: two officers with one name and birthday stay two.
        if let Some(known) = self.known.iter().position(|(f, data, _)| *f == field && *data == clear) {
            let (_, _, sealed) = self.known.swap_remove(known);
            *person = Personal::Sealed(sealed);
            return Ok(());
        }
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| SealFault::Cipher)?;
        let mut bytes = clear;
        self.cipher()
            .ok_or(SealFault::Cipher)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), self.beside(field), &mut bytes)
            .map_err(|_| SealFault::Cipher)?;
        let bytes = BASE64.encode([nonce.as_slice(), &bytes].concat());
        *person = Personal::Sealed(SealedBox { key_id: self.key.id.clone(), bytes, complete });
        Ok(())
    }

    fn open(&self, field: &str, sealed: &SealedBox) -> Option<Vec<u8>> {
        let bytes = BASE64.decode(&sealed.bytes).ok().filter(|_| sealed.key_id == self.key.id)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let clear = self.cipher()?.open_in_place(nonce, self.beside(field), &mut sealed).ok()?;
        Some(clear.to_vec())
    }

    fn open_in_place<T: DeserializeOwned>(&self, field: &str, person: &mut Personal<T>) {
        let opened = person.sealed().and_then(|sealed| self.open(field, sealed));
        if let Some(data) = opened.and_then(|clear| serde_json::from_slice(&clear).ok()) {
            *person = Personal::Clear(data);
        }
    }
}
