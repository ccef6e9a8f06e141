// Connectors: a channel without I/O. A message becomes a request, a response becomes the next step or an outcome; the
// host performs what is asked for, within the hosts that the manifest names and the tenant grants.

import { answer } from "../failure.ts";
import type { RawOutbound, RawResponse, RawStep } from "../raw.ts";
import { readSettings, type ReadSettings } from "../settings.ts";
import { parse, type Instant, type JsonObject } from "../words.ts";
import { answered, type Answered } from "./answered.ts";
import { lowerStep, type Step } from "./step.ts";

/** One message to one address. */
export class Outbound {
    /** Stable over every attempt: the key by which a receiver recognises a repetition, `msg_…`. */
    readonly id: string;
    /** `kind:value` of the identity to deliver to. */
    readonly address: string;
    /** When the message was decided. */
    readonly created: Instant;
    /** The time of this attempt. */
    readonly now: Instant;
    /** 1 for the first try. */
    readonly attempt: number;
    /** @internal */
    readonly raw: RawOutbound;

    /** @internal */
    constructor(raw: RawOutbound) {
        this.id = raw.id;
        this.address = raw.address;
        this.created = raw.created;
        this.now = raw.now;
        this.attempt = raw.attempt;
        this.raw = raw;
    }

    /** The neutral content with its variables filled in, at least with a `text`. */
    get content(): JsonObject & { readonly text: string } {
        return parse("message.content", this.raw.content) as JsonObject & { readonly text: string };
    }

    /** The `kind` of its address `kind:value`. */
    get addressKind(): string {
        return this.address.slice(0, Math.max(this.address.indexOf(":"), 0));
    }

    /** The `value` of its address `kind:value`. */
    get addressValue(): string {
        return this.address.slice(this.address.indexOf(":") + 1);
    }
}

/** What a component exports as `connector`; made by {@link defineConnector}. */
export interface Connector {
    /** @internal */
    send(config: string, message: RawOutbound): RawStep;
    /** @internal */
    resume(config: string, continuation: Uint8Array, response: RawResponse, now: number): RawStep;
}

/** How a channel delivers. */
export interface Delivery<Settings> {
    /** Starts to deliver one message. A failure is tried again later; what can never be sent is `Outcome.rejected`. */
    send(message: Outbound, settings: Settings): Step;
    /** Goes on with the response to the last exchange. */
    resume(answered: Answered, settings: Settings): Step;
}

/**
 * Makes a connector of the two functions that deliver messages over a channel.
 *
 * ```ts
 * export const connector = defineConnector<{ url: string }>({
 *     send: (message, { url }) =>
 *         Step.perform(
 *             Request.post(url)
 *                 .header("authorization", "Bearer {{secret:token}}")
 *                 .json({ to: message.addressValue, content: message.content }),
 *         ),
 *     resume: ({ response }) => Step.done(response.outcome()),
 * });
 * ```
 */
export function defineConnector<Settings = unknown>(
    delivery: Delivery<Settings>,
    read?: ReadSettings<Settings>,
): Connector {
    return {
        send: (config, message) =>
            answer(() => lowerStep(delivery.send(new Outbound(message), readSettings(config, read)))),
        resume: (config, continuation, response, now) =>
            answer(() => lowerStep(delivery.resume(answered(continuation, response, now), readSettings(config, read)))),
    };
}
