// What became of a message, or of a step: classes, not codes.

import { integer, optional, text, wrong } from "../lower.ts";
import type { RawOutcome } from "../raw.ts";
import type { Instant } from "../words.ts";

/** What became of a message, or of a step: classes, not codes. */
export type Outcome =
    | { readonly is: "sent"; readonly id?: string | undefined }
    | { readonly is: "refresh-session" }
    | { readonly is: "retry-after"; readonly seconds: number }
    | { readonly is: "quota-exhausted"; readonly until: Instant }
    | { readonly is: "window-closed" }
    | { readonly is: "recipient-gone"; readonly why: string }
    | { readonly is: "rejected"; readonly why: string };

/** Makes outcomes. */
export const Outcome = {
    /** Accepted by the channel, with the channel's own id for it. */
    sent: (id?: string): Outcome => (id === undefined ? { is: "sent" } : { is: "sent", id }),
    /** Ask for a new session, then try once more. */
    refreshSession: (): Outcome => ({ is: "refresh-session" }),
    /** Try again after so many seconds. */
    retryAfter: (seconds: number): Outcome => ({ is: "retry-after", seconds }),
    /** No more before this time. */
    quotaExhausted: (until: Instant): Outcome => ({ is: "quota-exhausted", until }),
    /** The channel's reply window is over. */
    windowClosed: (): Outcome => ({ is: "window-closed" }),
    /** This address reaches nobody any more: says why. */
    recipientGone: (why: string): Outcome => ({ is: "recipient-gone", why }),
    /** Never try this message again: says why. */
    rejected: (why: string): Outcome => ({ is: "rejected", why }),
} as const;

/** An outcome as the contract says it. */
export function lowerOutcome(outcome: Outcome): RawOutcome {
    switch (outcome?.is) {
        case "sent":
            return { tag: "sent", val: optional(outcome.id, (id) => text("the channel's id", id)) };
        case "retry-after":
            return {
                tag: "retry-after",
                val: Math.min(integer("the seconds to wait", outcome.seconds, 0), 2 ** 32 - 1),
            };
        case "quota-exhausted":
            return { tag: "quota-exhausted", val: integer("the time to wait for", outcome.until) };
        case "recipient-gone":
        case "rejected":
            return { tag: outcome.is, val: text("the reason of an outcome", outcome.why) };
        case "refresh-session":
        case "window-closed":
            return { tag: outcome.is };
        default:
            throw wrong("what a step is done with", "an Outcome", outcome);
    }
}
