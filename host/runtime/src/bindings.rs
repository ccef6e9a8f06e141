//! The contract's released track as Rust, generated from the WIT. One world with every interface gives one set of types; a component
//! is bound interface by interface, so it needs to export only those of its kinds.

wasmtime::component::bindgen!({
    inline: "
        package guanxi:bindings;

        world every-kind {
            import guanxi:plugin/host@0.1.0;
            import guanxi:plugin/secrets@0.1.0;
            export guanxi:plugin/scorer@0.1.0;
            export guanxi:plugin/analyzer@0.1.0;
            export guanxi:plugin/campaign@0.1.0;
            export guanxi:plugin/connector@0.1.0;
            export guanxi:plugin/connector-session@0.1.0;
            export guanxi:plugin/connector-receive@0.1.0;
            export guanxi:plugin/connector-poll@0.1.0;
            export guanxi:plugin/connector-audience@0.1.0;
        }
    ",
    path: "../../wit",
    world: "guanxi:bindings/every-kind",
    ownership: Borrowing { duplicate_if_necessary: true },
    imports: { default: trappable },
});
