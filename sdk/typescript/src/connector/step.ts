// What a connector answers: perform this and come back, or done with this outcome.

import { utf8 } from "../bytes.ts";
import { instance, text, wrong } from "../lower.ts";
import type { RawExchange, RawStep } from "../raw.ts";
import { Request } from "./http.ts";
import { lowerOutcome, Outcome } from "./outcome.ts";

/** A request to perform, and a text to remember until its response is there. */
export interface Exchange {
    /** For the host to perform. */
    readonly request: Request;
    /** Handed back with the response; empty unless given. */
    readonly continuation: string;
}

/** What happens next. */
export type Step = ({ readonly do: "perform" } & Exchange) | { readonly do: "done"; readonly outcome: Outcome };

/** Makes steps. */
export const Step = {
    /** Performs a request; `resume` gets `continuation` back with the response. */
    perform: (request: Request, continuation = ""): Step => ({ do: "perform", request, continuation }),
    /** Nothing more to do. */
    done: (outcome: Outcome): Step => ({ do: "done", outcome }),
    /** The message is delivered; `id` is the channel's own for it. */
    sent: (id?: string): Step => Step.done(Outcome.sent(id)),
} as const;

/** A step as the contract says it. */
export function lowerStep(step: Step): RawStep {
    switch (step?.do) {
        case "perform":
            return { tag: "perform", val: lowerExchange(step) };
        case "done":
            return { tag: "done", val: lowerOutcome(step.outcome) };
        default:
            throw wrong("what a connector returns", "a Step", step);
    }
}

/** An exchange as the contract says it. */
export function lowerExchange({ request, continuation }: Exchange): RawExchange {
    return {
        request: instance("what a step performs", request, Request, "Request").lower(),
        continuation: utf8(text("a continuation", continuation)),
    };
}
