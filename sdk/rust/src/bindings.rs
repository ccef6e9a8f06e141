//! What `wit-bindgen` makes of the contract. Private: the modules of each kind re-export its types by name, so that
//! everything an author sees is documented in one place and nothing depends on the generator's paths.
//!
//! One module a world. The words that worlds share are generated once, in `words`; the other modules point at them.

#![allow(unsafe_code, reason = "the canonical ABI is raw pointers")]
#![allow(missing_docs, reason = "only documented items are re-exported")]
#![allow(clippy::all, clippy::indexing_slicing, clippy::unwrap_used, reason = "generated")]

pub mod words {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package guanxi:sdk;
            world words {
                import guanxi:plugin/types@0.1.0;
                import guanxi:plugin/http@0.1.0;
                import guanxi:plugin/host@0.1.0;
                import guanxi:plugin/secrets@0.1.0;
            }
        ",
        world: "guanxi:sdk/words",
        generate_all,
        generate_unused_types: true,
        additional_derives: [PartialEq],
        pub_export_macro: true,
    });
    pub use guanxi::plugin::{host, http, secrets, types};
}

macro_rules! world {
    ($module:ident, $world:literal, $export:literal, $interface:ident, { $($name:literal: $path:ident),* }) => {
        pub mod $module {
            wit_bindgen::generate!({
                path: "../../wit",
                world: $world,
                with: { $($name: crate::bindings::words::$path),* },
                additional_derives: [PartialEq],
                pub_export_macro: true,
                export_macro_name: $export,
            });
            pub use exports::guanxi::plugin::$interface::*;
        }
    };
}

world!(analyzer, "guanxi:plugin/analyzer-plugin", "export_analyzer", analyzer, {
    "guanxi:plugin/types@0.1.0": types, "guanxi:plugin/host@0.1.0": host
});

world!(campaign, "guanxi:plugin/campaign-plugin", "export_campaign", campaign, {
    "guanxi:plugin/types@0.1.0": types, "guanxi:plugin/host@0.1.0": host
});

world!(scorer, "guanxi:plugin/scorer-plugin", "export_scorer", scorer, {
    "guanxi:plugin/types@0.1.0": types, "guanxi:plugin/host@0.1.0": host
});

world!(connector, "guanxi:plugin/connector-plugin", "export_connector", connector, {
    "guanxi:plugin/types@0.1.0": types, "guanxi:plugin/http@0.1.0": http,
    "guanxi:plugin/host@0.1.0": host, "guanxi:plugin/secrets@0.1.0": secrets
});

world!(session, "guanxi:plugin/connector-session-plugin", "export_session", connector_session, {
    "guanxi:plugin/types@0.1.0": types, "guanxi:plugin/http@0.1.0": http,
    "guanxi:plugin/host@0.1.0": host, "guanxi:plugin/secrets@0.1.0": secrets
});

world!(receive, "guanxi:plugin/connector-receive-plugin", "export_receive", connector_receive, {
    "guanxi:plugin/types@0.1.0": types, "guanxi:plugin/http@0.1.0": http,
    "guanxi:plugin/host@0.1.0": host, "guanxi:plugin/secrets@0.1.0": secrets
});

world!(poll, "guanxi:plugin/connector-poll-plugin", "export_poll", connector_poll, {
    "guanxi:plugin/types@0.1.0": types, "guanxi:plugin/http@0.1.0": http,
    "guanxi:plugin/host@0.1.0": host, "guanxi:plugin/secrets@0.1.0": secrets
});

world!(audience, "guanxi:plugin/connector-audience-plugin", "export_audience", connector_audience, {
    "guanxi:plugin/types@0.1.0": types, "guanxi:plugin/http@0.1.0": http,
    "guanxi:plugin/host@0.1.0": host, "guanxi:plugin/secrets@0.1.0": secrets
});
