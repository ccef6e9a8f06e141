// Texts and bytes: the engine has no TextEncoder, and its own functions are cheaper than loops in JavaScript.

const CHUNK = 4096;

/** A text as UTF-8. */
export function utf8(text: string): Uint8Array {
    const binary = unescape(encodeURIComponent(text.toWellFormed()));
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < bytes.length; i++) {
        bytes[i] = binary.charCodeAt(i);
    }
    return bytes;
}

/** UTF-8 as a text; `undefined` if it is no UTF-8. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
    let binary = "";
    for (let start = 0; start < bytes.length; start += CHUNK) {
        binary += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
    }
    try {
        return decodeURIComponent(escape(binary));
    } catch {
        return undefined;
    }
}
