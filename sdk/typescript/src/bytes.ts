// Texts and bytes: the engine has no TextEncoder, and its own functions are cheaper than loops in JavaScript, of which each
// byte costs thousands of units of fuel.

const CHUNK = 4096;

/** Base 64 as the engine has it, and Node from version 25 on. */
const { btoa, atob } = globalThis as unknown as { btoa?: (binary: string) => string; atob?: (text: string) => string };
const Bytes = Uint8Array as unknown as { fromBase64?: (text: string) => Uint8Array };

/** A text as UTF-8. */
export function utf8(text: string): Uint8Array {
    const binary = unescape(encodeURIComponent(text.toWellFormed()));
    if (btoa !== undefined && Bytes.fromBase64 !== undefined) {
        return Bytes.fromBase64(btoa(binary));
    }
    const length = binary.length;
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) {
        bytes[i] = binary.charCodeAt(i);
    }
    return bytes;
}

/** UTF-8 as a text; `undefined` if it is no UTF-8. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
    try {
        return decodeURIComponent(escape(binaryOf(bytes)));
    } catch {
        return undefined;
    }
}

/** A character a byte. */
function binaryOf(bytes: Uint8Array & { toBase64?: () => string }): string {
    if (atob !== undefined && bytes.toBase64 !== undefined) {
        return atob(bytes.toBase64());
    }
    let binary = "";
    for (let start = 0; start < bytes.length; start += CHUNK) {
        binary += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
    }
    return binary;
}
