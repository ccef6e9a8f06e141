//! Transports: the only place of Guanxi that talks to channels.
//!
//! Connectors are sandboxed and describe requests as data; [`Egress`] performs them, within what the tenant granted and
//! the operator allows, and puts secrets in on the way out.

mod egress;

pub use egress::{
    AllowPrivate, Arrival, BadAllowance, BadHostPattern, Egress, EgressError, EgressOptions, EgressPolicy,
    EgressSetupError, Holder, HostPattern, Scrubber, SecretText, Secrets, granted_hosts, is_public,
};
