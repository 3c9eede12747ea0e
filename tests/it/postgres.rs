//! Several servers on one PostgreSQL, as whoever runs them sees it: real processes, a real database, a real replica.
//! It does not test what every engine promises; `engine_contract` does.
//! Invariant: where PostgreSQL cannot be had, each test says that it was skipped; counts of rounds are bounded.

mod access;
mod commits;
mod load;
mod moves;
mod people;
mod servers;
mod site;
mod stored;
mod takeover;
