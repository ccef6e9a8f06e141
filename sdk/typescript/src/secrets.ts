// Cryptography on secrets that never enter the plugin: it names a secret of its manifest, the host computes.

import * as host from "#secrets";
import { utf8 } from "./bytes.ts";
import { Failure } from "./failure.ts";
import type { RawCipher, RawPart } from "./raw.ts";

/** A hash function; MD5 and SHA-1 only for channels that insist on them. */
export type Digest = "md5" | "sha1" | "sha256" | "sha512";

/** How to sign: RSA is PKCS #1 v1.5, ECDSA is r and s with 32 bytes each; SHA-1 only for channels that insist on it. */
export type Scheme = "rsa-sha1" | "rsa-sha256" | "ecdsa-p256-sha256" | "ed25519";

/**
 * How AES is used, with a key of 16, 24 or 32 bytes: CBC with an initialisation vector of 16 bytes and PKCS #7 padding,
 * or as WeChat and its kin use it. For them the host takes the vector from the key, which has 32 bytes, and puts 16
 * random bytes before the text and takes them away.
 */
export type Cipher = { readonly iv: Uint8Array } | "wechat";

/** Bytes; a text is taken as UTF-8. */
export type Data = string | Uint8Array;

/** A part of what is joined: bytes, a text, or all of the secret of this name. */
export type Part = Data | { readonly secret: string };

/**
 * HMAC of `data` under the secret called `key`, or under a key that is these parts joined; for connectors only, as
 * everything here.
 *
 * Throws a {@link Failure} of kind `bad-config` if a secret is not set, is not in the manifest, or is of another kind.
 */
export function hmac(key: string | readonly Part[], digest: Digest, data: Data): Uint8Array {
    const parts = typeof key === "string" ? [{ secret: key }] : key;
    return asking(secretsOf(parts), () => host.hmac(parts.map(lowerPart), digest, bytes(data)));
}

/**
 * Digest of at most 64 joined parts, for channels that append the secret to what they sign.
 *
 * Throws like {@link hmac}, and a {@link Failure} of kind `bad-input` for a secret alone.
 */
export function hash(digest: Digest, parts: readonly Part[]): Uint8Array {
    return asking(secretsOf(parts), () => host.hash(digest, parts.map(lowerPart)));
}

/**
 * Whether `signature` is the digest of the secret called `name` and at most 16 parts, sorted by their bytes and joined,
 * as WeChat and its kin sign what they send. Nothing makes such a signature: the place of the secret among parts of the
 * plugin's choice would give it away.
 *
 * Throws like {@link hmac}.
 */
export function verifySorted(name: string, digest: Digest, parts: readonly Data[], signature: Uint8Array): boolean {
    return asking(name, () => host.verifySorted(name, digest, parts.map(bytes), signature));
}

/**
 * Signature of `data` with the private key called `name`, a secret in PEM; the same data gives the same signature.
 *
 * Throws like {@link hmac}.
 */
export function sign(name: string, scheme: Scheme, data: Data): Uint8Array {
    return asking(name, () => host.sign(name, scheme, bytes(data)));
}

/**
 * Encrypts a text with AES under the key called `name`.
 *
 * Throws like {@link hmac}, and a {@link Failure} of kind `bad-input` for a wrong `iv`.
 */
export function encrypt(name: string, cipher: Cipher, text: Data): Uint8Array {
    return asking(name, () => host.encrypt(name, lowerCipher(cipher), bytes(text)));
}

/**
 * Decrypts with AES under the key called `name`. Whether the data was changed on its way only a signature tells.
 *
 * Throws like {@link hmac}, and a {@link Failure} of kind `bad-input` if the data cannot be decrypted.
 */
export function decrypt(name: string, cipher: Cipher, data: Uint8Array): Uint8Array {
    return asking(name, () => host.decrypt(name, lowerCipher(cipher), data));
}

/**
 * Decrypts with AES-GCM under the key called `name`; the data ends with its tag of 16 bytes, the nonce has 12 bytes.
 *
 * Throws like {@link hmac}, and a {@link Failure} of kind `bad-input` if anything was changed.
 */
export function decryptGcm(name: string, nonce: Data, associatedData: Data, data: Uint8Array): Uint8Array {
    return asking(name, () => host.decryptGcm(name, bytes(nonce), bytes(associatedData), data));
}

function bytes(data: Data): Uint8Array {
    return typeof data === "string" ? utf8(data) : data;
}

function lowerPart(part: Part): RawPart {
    return typeof part === "object" && "secret" in part
        ? { tag: "secret", val: part.secret }
        : { tag: "bytes", val: bytes(part) };
}

function lowerCipher(cipher: Cipher): RawCipher {
    return cipher === "wechat" ? { tag: "wechat" } : { tag: "cbc", val: cipher.iv };
}

function secretsOf(parts: readonly Part[]): string {
    return parts.flatMap((part) => (typeof part === "object" && "secret" in part ? [part.secret] : [])).join("`, `");
}

function asking<T>(names: string, work: () => T): T {
    try {
        return work();
    } catch (thrown) {
        const problem = (thrown as { readonly payload?: { readonly tag?: string; readonly val?: string } }).payload;
        switch (problem?.tag) {
            case "not-granted":
                throw Failure.badConfig(`the secret \`${names}\` is not set, or the manifest does not ask for it`);
            case "wrong-kind":
                throw Failure.badConfig(`the secret \`${names}\` is of another kind than this plugin needs`);
            case "bad-data":
                throw Failure.badInput(problem.val ?? "");
            default:
                throw thrown;
        }
    }
}
