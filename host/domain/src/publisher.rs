//! Who makes plugins.

/// The publisher of the plugins that come with Guanxi; nobody else has this name.
pub const FIRST_PARTY: &str = "guanxi";
