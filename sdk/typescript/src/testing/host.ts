// What stands in for the host when a plugin runs natively: package.json maps `#host` and `#secrets` here.

import {
    createCipheriv,
    createDecipheriv,
    createHash,
    createHmac,
    createPrivateKey,
    sign as signWith,
    timingSafeEqual,
    type CipherGCMTypes,
    type KeyObject,
} from "node:crypto";

import type { RawCipher, RawPart } from "../raw.ts";

const BLOCK = 16;
const WECHAT_BLOCK = 32;
const PARTS_MAX = 64;
const SORTED_PARTS_MAX = 16;

const lines: { level: string; line: string }[] = [];
const secrets = new Map<string, Uint8Array>();

export function log(level: string, line: string): void {
    lines.push({ level, line });
}

/** Natively, an error has a stack that the test runner shows. */
export function where(_: Error): string {
    return "";
}

export function hmac(key: readonly RawPart[], digest: string, data: Uint8Array): Uint8Array {
    return plain(createHmac(digest, joined(key)).update(data).digest());
}

export function hash(digest: string, parts: readonly RawPart[]): Uint8Array {
    const text = joined(parts);
    if (parts.every(({ tag, val }) => tag === "secret" || val.length === 0)) {
        throw badData("a secret is hashed together with other bytes only");
    }
    return plain(createHash(digest).update(text).digest());
}

export function verifySorted(
    name: string,
    digest: string,
    parts: readonly Uint8Array[],
    signature: Uint8Array,
): boolean {
    const secret = known(name);
    checkCount(parts.length, SORTED_PARTS_MAX);
    const sorted = [...parts].sort(Buffer.compare);
    const places = [...sorted.keys(), sorted.length];
    return places.some((place) => {
        const hash = createHash(digest).update(Buffer.concat(sorted.toSpliced(place, 0, secret))).digest();
        return hash.length === signature.length && timingSafeEqual(hash, signature);
    });
}

export function sign(name: string, scheme: string, data: Uint8Array): Uint8Array {
    const key = privateKey(known(name));
    const curve = key.asymmetricKeyDetails?.namedCurve;
    switch (`${scheme} with ${key.asymmetricKeyType}`) {
        case "rsa-sha1 with rsa":
            return plain(signWith("sha1", data, key));
        case "rsa-sha256 with rsa":
            return plain(signWith("sha256", data, key));
        case "ecdsa-p256-sha256 with ec":
            // Unlike the host's, never twice the same.
            return plain(wrongKindUnless(curve === "prime256v1", () => signEcdsa(data, key)));
        case "ed25519 with ed25519":
            return plain(signWith(null, data, key));
        default:
            throw problem("wrong-kind");
    }
}

export function encrypt(name: string, cipher: RawCipher, text: Uint8Array): Uint8Array {
    const key = known(name);
    if (cipher.tag === "cbc") {
        return encryptCbc(key, cipher.val, padded(text, BLOCK));
    }
    const iv = wechatIv(key);
    const random = createHmac("sha512-256", key).update(text).digest().subarray(0, BLOCK);
    return encryptCbc(key, iv, padded(Buffer.concat([random, text]), WECHAT_BLOCK));
}

export function decrypt(name: string, cipher: RawCipher, data: Uint8Array): Uint8Array {
    const key = known(name);
    if (cipher.tag === "cbc") {
        return unpadded(decryptCbc(key, cipher.val, data), BLOCK);
    }
    return unpadded(decryptCbc(key, wechatIv(key), data).subarray(BLOCK), WECHAT_BLOCK);
}

export function decryptGcm(
    name: string,
    nonce: Uint8Array,
    associatedData: Uint8Array,
    data: Uint8Array,
): Uint8Array {
    const key = known(name);
    if (nonce.length !== 12) {
        throw badData("the nonce must have 12 bytes");
    }
    const algorithm = `aes-${bits(key)}-gcm` as CipherGCMTypes;
    const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: BLOCK });
    try {
        decipher.setAAD(associatedData).setAuthTag(data.subarray(-BLOCK));
        return plain(Buffer.concat([decipher.update(data.subarray(0, -BLOCK)), decipher.final()]));
    } catch {
        throw badData("the tag does not fit: another key, nonce or associated data, or changed on its way");
    }
}

function encryptCbc(key: Uint8Array, iv: Uint8Array, text: Uint8Array): Uint8Array {
    const cipher = createCipheriv(`aes-${bits(key)}-cbc`, key, checkedIv(iv)).setAutoPadding(false);
    return plain(Buffer.concat([cipher.update(text), cipher.final()]));
}

function decryptCbc(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
    if (data.length === 0 || data.length % BLOCK !== 0) {
        throw badData("the length is none of encrypted data");
    }
    const decipher = createDecipheriv(`aes-${bits(key)}-cbc`, key, checkedIv(iv)).setAutoPadding(false);
    return plain(Buffer.concat([decipher.update(data), decipher.final()]));
}

function checkedIv(iv: Uint8Array): Uint8Array {
    if (iv.length !== BLOCK) {
        throw badData("the initialisation vector must have 16 bytes");
    }
    return iv;
}

function wechatIv(key: Uint8Array): Uint8Array {
    return wrongKindUnless(key.length === 32, () => key.subarray(0, BLOCK));
}

function bits(key: Uint8Array): number {
    return wrongKindUnless([16, 24, 32].includes(key.length), () => key.length * 8);
}

function padded(text: Uint8Array, block: number): Uint8Array {
    const missing = block - (text.length % block);
    return Buffer.concat([text, Buffer.alloc(missing, missing)]);
}

function unpadded(text: Uint8Array, block: number): Uint8Array {
    const length = text.at(-1) ?? 0;
    const fits = length >= 1 && length <= Math.min(block, text.length);
    if (!fits || !text.subarray(-length).every((byte) => byte === length)) {
        throw badData("the padding is wrong: another key, or changed on its way");
    }
    return text.subarray(0, -length);
}

function privateKey(pem: Uint8Array): KeyObject {
    try {
        return createPrivateKey(Buffer.from(pem));
    } catch {
        throw problem("wrong-kind");
    }
}

function signEcdsa(data: Uint8Array, key: KeyObject): Buffer {
    return signWith("sha256", data, { key, dsaEncoding: "ieee-p1363" });
}

function known(name: string): Uint8Array {
    const secret = secrets.get(name);
    if (secret === undefined) {
        throw problem("not-granted");
    }
    return secret;
}

function joined(parts: readonly RawPart[]): Uint8Array {
    checkCount(parts.length, PARTS_MAX);
    return Buffer.concat(parts.map((part) => (part.tag === "bytes" ? part.val : known(part.val))));
}

function checkCount(count: number, most: number): void {
    if (count > most) {
        throw badData(`${count} parts are more than ${most}`);
    }
}

function wrongKindUnless<T>(fits: boolean, work: () => T): T {
    if (!fits) {
        throw problem("wrong-kind");
    }
    return work();
}

function badData(what: string): Error {
    return problem("bad-data", what);
}

/** As the engine throws what a function of the host answers. */
function problem(tag: string, val?: string): Error {
    return Object.assign(new Error(tag), { payload: { tag, val } });
}

/** Buffers look like arrays of bytes, but are compared as something else. */
function plain(bytes: Uint8Array): Uint8Array {
    return new Uint8Array(bytes);
}

/** The lines logged since the last call, as {@link takeLines} of `guanxi-plugin/testing`. */
export function takeLines(): { level: string; line: string }[] {
    return lines.splice(0);
}

/** Sets a secret, as {@link setSecret} of `guanxi-plugin/testing`. */
export function setSecret(name: string, secret: Uint8Array): void {
    secrets.set(name, secret);
}
