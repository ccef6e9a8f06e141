//! Channels: how each does, and what can be tried out on it.

pub(crate) mod callbacks;
pub(crate) mod check;
pub(crate) mod list;
pub(crate) mod sent;
pub(crate) mod test;
