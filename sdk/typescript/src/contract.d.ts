// What the engine offers of the contract's imports, under the names that `componentize-qjs` gives them.

declare module "guanxi:plugin/host@0.1.0" {
    export function log(level: "debug" | "info" | "warn" | "error", line: string): void;
}

declare module "guanxi:plugin/secrets@0.1.0" {
    export function hmac(name: string, digest: "sha1" | "sha256" | "sha512", data: Uint8Array): Uint8Array;
}
