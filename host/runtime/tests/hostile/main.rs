//! Hostile guests, built from source, against the runtime: each is contained and named precisely, the neighbour
//! notices nothing, and what the contract promises to good guests holds.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may panic")]

mod admission;
mod cache;
mod cancelled;
mod contained;
mod guests;
mod kinds;
mod lies;
mod neighbour;
mod residue;
mod tracks;
