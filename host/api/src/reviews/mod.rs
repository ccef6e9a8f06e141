//! What could not be linked by itself.

pub(crate) mod list;
