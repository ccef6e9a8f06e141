// Failures, and how whatever an author's function throws becomes one.

import { where } from "#host";
import type { RawFailure, RawResult } from "./raw.ts";

/** Whose turn it is to mend it: the tenant's settings, the input's sender, or anybody else. */
export type FailureKind = "bad-config" | "bad-input" | "other";

/** The longest reason handed over, in UTF-16 units; the contract takes 4 KiB a text. */
const REASON_MAX = 1000;

/**
 * Why a plugin could not do its work for one input; the rest of the batch is unaffected.
 *
 * Throw it in words that help the tenant. Any other exception becomes a failure of kind `other` with its message and
 * the place where it was thrown.
 *
 * ```ts
 * throw Failure.badInput("the order has no total");
 * ```
 */
export class Failure extends Error {
    /** Its case in the contract. */
    readonly kind: FailureKind;

    /** A failure of a kind; {@link Failure.badConfig}, {@link Failure.badInput} and {@link Failure.other} are shorter. */
    constructor(kind: FailureKind, message: string) {
        super(message);
        this.name = "Failure";
        this.kind = kind;
    }

    /** The configuration cannot be used: says which setting and why. */
    static badConfig(why: string): Failure {
        return new Failure("bad-config", why);
    }

    /** This input cannot be used: says what is wrong with it. */
    static badInput(why: string): Failure {
        return new Failure("bad-input", why);
    }

    /** Anything else. */
    static other(why: string): Failure {
        return new Failure("other", why);
    }
}

/** What was thrown, as the contract says it. */
export function lowerFailure(thrown: unknown): RawFailure {
    const failure = thrown instanceof Failure ? thrown : undefined;
    return { tag: failure?.kind ?? "other", val: describe(thrown).slice(0, REASON_MAX).toWellFormed() };
}

/** What was thrown in words, with the place unless it was thrown on purpose. */
export function describe(thrown: unknown): string {
    if (thrown instanceof Failure) {
        return thrown.message;
    }
    return thrown instanceof Error ? `${thrown.name}: ${thrown.message}${where(thrown)}` : `thrown: ${String(thrown)}`;
}

/** Does one item of a batch; whatever it throws fails this item alone. */
export function settle<T>(work: () => T): RawResult<T> {
    try {
        return { tag: "ok", val: work() };
    } catch (thrown) {
        return { tag: "err", val: lowerFailure(thrown) };
    }
}

/** Does the work of a function with one answer; the engine takes what it throws for the contract's `failure`. */
export function answer<T>(work: () => T): T {
    try {
        return work();
    } catch (thrown) {
        throw lowerFailure(thrown);
    }
}
