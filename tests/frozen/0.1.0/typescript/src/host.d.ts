// The contract's `host`, as `componentize-qjs` offers it.

declare module "guanxi:plugin/host@0.1.0" {
    export function log(level: "debug" | "info" | "warn" | "error", line: string): void;
}
