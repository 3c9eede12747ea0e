//! Firmware: which version of which product is touched by what is known, and until when it is supported.
//! It does not know hosts, files or how knowledge came in; `now` is an argument.
//! Invariant: what nothing is known about is `unknown`, never all right; nothing is compared across products, models or
//! tracks; and every verdict says on whose data and of which day it rests.

pub mod judge;
pub mod products;
pub mod verdict;
pub mod versions;

#[cfg(test)]
mod tests;
