// From an author's values to the contract's. The engine traps on a value of the wrong type, which would lose the whole
// call; here it becomes a failure that names the value.

import { Failure } from "./failure.ts";

/** A text; the contract takes well-formed Unicode only, so halves of surrogate pairs are replaced. */
export function text(what: string, value: unknown): string {
    if (typeof value !== "string") {
        throw wrong(what, "a text", value);
    }
    return value.toWellFormed();
}

/** Texts. */
export function texts(what: string, values: readonly string[]): string[] {
    return list(what, values, (value) => text(what, value));
}

/** A list, item by item. */
export function list<In, Out>(what: string, values: readonly In[], one: (value: In) => Out): Out[] {
    if (!Array.isArray(values)) {
        throw wrong(what, "a list", values);
    }
    return values.map(one);
}

/** A whole number that JavaScript holds exactly. */
export function integer(what: string, value: unknown, min: number = Number.MIN_SAFE_INTEGER): number {
    if (!Number.isSafeInteger(value) || (value as number) < min) {
        throw wrong(what, min === 0 ? "a whole number from 0 to 2^53" : "a whole number within ±2^53", value);
    }
    return value as number;
}

/** A measure. */
export function measure(what: string, value: unknown): number {
    if (typeof value !== "number") {
        throw wrong(what, "a number", value);
    }
    return value;
}

/** A value that may be left out. */
export function optional<T>(value: unknown, one: (value: unknown) => T): T | null {
    return value === undefined || value === null ? null : one(value);
}

/** Any value that JSON can say. */
export function json(what: string, value: unknown): string {
    let written: string | undefined;
    try {
        written = JSON.stringify(value);
    } catch (problem) {
        throw Failure.other(`${what} is no JSON: ${(problem as Error).message}`);
    }
    if (written === undefined) {
        throw wrong(what, "JSON", value);
    }
    return written;
}

/** One JSON object. */
export function jsonObject(what: string, value: unknown): string {
    const written = json(what, value);
    if (!written.startsWith("{")) {
        throw wrong(what, "a JSON object", value);
    }
    return written;
}

/** An instance of a class of this package; `name`, because bundlers rename classes. */
export function instance<T>(what: string, value: unknown, type: Function & { prototype: T }, name: string): T {
    if (!(value instanceof type)) {
        throw wrong(what, `a ${name}`, value);
    }
    return value as T;
}

/** The failure of a value of the wrong type. */
export function wrong(what: string, expected: string, value: unknown): Failure {
    const is = typeof value === "object" && value !== null ? `a ${value.constructor?.name ?? "object"}` : String(value);
    return Failure.other(`${what} must be ${expected}, not ${is}`);
}
