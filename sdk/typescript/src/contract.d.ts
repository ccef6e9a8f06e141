// What the engine offers of the contract's imports, under the names that `componentize-qjs` gives them.

declare module "guanxi:plugin/host@0.1.0" {
    export function log(level: "debug" | "info" | "warn" | "error", line: string): void;
}

declare module "guanxi:plugin/secrets@0.1.0" {
    type Digest = "md5" | "sha1" | "sha256" | "sha512";
    type Scheme = "rsa-sha1" | "rsa-sha256" | "ecdsa-p256-sha256" | "ed25519";
    type Part = { readonly tag: "bytes"; readonly val: Uint8Array } | { readonly tag: "secret"; readonly val: string };
    type Cipher = { readonly tag: "cbc"; readonly val: Uint8Array } | { readonly tag: "wechat" };

    export function hmac(key: readonly Part[], digest: Digest, data: Uint8Array): Uint8Array;
    export function hash(digest: Digest, parts: readonly Part[]): Uint8Array;
    export function verifySorted(
        name: string,
        digest: Digest,
        parts: readonly Uint8Array[],
        signature: Uint8Array,
    ): boolean;
    export function sign(name: string, scheme: Scheme, data: Uint8Array): Uint8Array;
    export function encrypt(name: string, cipher: Cipher, text: Uint8Array): Uint8Array;
    export function decrypt(name: string, cipher: Cipher, data: Uint8Array): Uint8Array;
    export function decryptGcm(
        name: string,
        nonce: Uint8Array,
        associatedData: Uint8Array,
        data: Uint8Array,
    ): Uint8Array;
}
