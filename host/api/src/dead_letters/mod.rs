//! Events that could not be processed.

pub(crate) mod list;
pub(crate) mod retry;
