//! Feeds `registry_hive` of `tests/harness/hostile/` with what libFuzzer makes up. It does not know what is fed.
//! Invariant: it only calls.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| daicho_fuzz::hostile::feed("registry_hive", bytes));
