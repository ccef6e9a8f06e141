// What stands in for the host when a plugin runs natively: package.json maps `#host` and `#secrets` here.

import { createHmac } from "node:crypto";

const lines: { level: string; line: string }[] = [];
const secrets = new Map<string, Uint8Array>();

export function log(level: string, line: string): void {
    lines.push({ level, line });
}

/** Natively, an error has a stack that the test runner shows. */
export function where(_: Error): string {
    return "";
}

export function hmac(name: string, digest: string, data: Uint8Array): Uint8Array {
    const secret = secrets.get(name);
    if (secret === undefined) {
        throw Object.assign(new Error("not granted"), { payload: { tag: "not-granted" } });
    }
    return new Uint8Array(createHmac(digest, secret).update(data).digest());
}

/** The lines logged since the last call, as {@link takeLines} of `guanxi-plugin/testing`. */
export function takeLines(): { level: string; line: string }[] {
    return lines.splice(0);
}

/** Sets a secret, as {@link setSecret} of `guanxi-plugin/testing`. */
export function setSecret(name: string, secret: Uint8Array): void {
    secrets.set(name, secret);
}
