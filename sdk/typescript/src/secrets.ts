// Cryptography on secrets that never enter the plugin: it names a secret of its manifest, the host computes.

import { hmac as compute } from "#secrets";
import { utf8 } from "./bytes.ts";
import { Failure } from "./failure.ts";

/** A hash function; SHA-1 only for channels that insist on it. */
export type Digest = "sha1" | "sha256" | "sha512";

/**
 * HMAC of `data` under the secret called `name`, for connectors only; a text is taken as UTF-8.
 *
 * Throws a {@link Failure} of kind `bad-config` if the secret is not set, is not in the manifest, or is of another kind.
 */
export function hmac(name: string, digest: Digest, data: string | Uint8Array): Uint8Array {
    try {
        return compute(name, digest, typeof data === "string" ? utf8(data) : data);
    } catch (thrown) {
        const problem = (thrown as { readonly payload?: { readonly tag?: string } }).payload?.tag;
        if (problem === undefined) {
            throw thrown;
        }
        throw Failure.badConfig(
            problem === "wrong-kind"
                ? `the secret \`${name}\` is of another kind than this plugin needs`
                : `the secret \`${name}\` is not set, or the manifest does not ask for it`,
        );
    }
}
