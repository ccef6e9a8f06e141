// What a connector may be besides: a channel with sessions, callbacks, polling or audiences. Each is exported beside
// `connector`, under a name of its own.

import { answer, describe, Failure } from "../failure.ts";
import { log } from "../host.ts";
import { instance, integer, jsonObject, list, optional, text, texts, wrong } from "../lower.ts";
import type {
    RawAudienceChange,
    RawAuthorization,
    RawIncoming,
    RawPollStep,
    RawReceived,
    RawReception,
    RawResponse,
    RawStep,
} from "../raw.ts";
import { readSettings, type ReadSettings } from "../settings.ts";
import { parse, type Instant } from "../words.ts";
import { answered, type Answered } from "./answered.ts";
import { bodyText, findHeader, lowerBytes, lowerHeaders, raiseHeaders, Request, type Header } from "./http.ts";
import { lowerOutcome, type Outcome } from "./outcome.ts";
import { lowerExchange, lowerStep, type Exchange, type Step } from "./step.ts";

/** How to get a session. The host takes the token out of the answer and keeps it; the connector never sees it. */
export interface Authorization {
    /** For the host to perform. */
    readonly request: Request;
    /** JSON pointer to the token in the answer. */
    readonly tokenPointer: string;
    /** JSON pointer to the lifetime in seconds in the answer. */
    readonly lifetimePointer?: string | undefined;
    /** Lifetime in seconds where the answer says none. */
    readonly lifetimeSeconds: number;
}

/** What a component exports as `connectorSession`; made by {@link defineSession}. */
export interface ConnectorSession {
    /** @internal */
    authorize(config: string): RawAuthorization;
}

/**
 * Makes the facet of a channel that wants a session such as an access token. The host runs it once at a time, keeps the
 * token and puts it where a request says `{{session}}`.
 *
 * ```ts
 * export const connectorSession = defineSession(() => ({
 *     request: Request.get("https://api.example/token?secret={{secret:app-secret}}"),
 *     tokenPointer: "/access_token",
 *     lifetimePointer: "/expires_in",
 *     lifetimeSeconds: 7200,
 * }));
 * ```
 */
export function defineSession<Settings = unknown>(
    authorize: (settings: Settings) => Authorization,
    read?: ReadSettings<Settings>,
): ConnectorSession {
    return {
        authorize: (config) =>
            answer(() => {
                const { request, tokenPointer, lifetimePointer, lifetimeSeconds } = authorize(
                    readSettings(config, read),
                );
                return {
                    request: instance("a session's request", request, Request, "Request").lower(),
                    tokenPointer: text("tokenPointer", tokenPointer),
                    lifetimePointer: optional(lifetimePointer, (pointer) => text("lifetimePointer", pointer)),
                    lifetimeSeconds: integer("lifetimeSeconds", lifetimeSeconds, 0),
                };
            }),
    };
}

/** An event with its sender. */
export interface Received {
    /** By which a repetition is known. */
    readonly key: string;
    /** `kind:value` identities of the person. */
    readonly identities: readonly string[];
    /** What happened; the host gives it an id. */
    readonly event: {
        /** `message`, `follow` … */
        readonly kind: string;
        /** When it happened. */
        readonly at: Instant;
        /** The channel it came through. */
        readonly channel?: string | undefined;
        /** The place of contact: a page, a code, a store. */
        readonly touchpoint?: string | undefined;
        /** What the sender said about it, one JSON object. */
        readonly properties?: object | undefined;
    };
}

/** A request from outside, as it came. */
export class Incoming {
    /** `GET` or `POST`. */
    readonly method: string;
    /** Raw, without the question mark. */
    readonly query: string;
    /** In order. */
    readonly headers: readonly Header[];
    /** Raw bytes. */
    readonly body: Uint8Array;
    /** When it came. */
    readonly now: Instant;

    /** @internal */
    constructor(raw: RawIncoming, now: Instant) {
        this.method = raw.method;
        this.query = raw.query;
        this.headers = raiseHeaders(raw.headers);
        this.body = raw.body;
        this.now = now;
    }

    /** The first header of this name; case does not matter. */
    header(name: string): string | undefined {
        return findHeader(this.headers, name);
    }

    /** The body as text; a {@link Failure} of kind `bad-input` if it is no UTF-8. */
    text(): string {
        return bodyText("the request", this.body);
    }

    /** The body as JSON, taken as a `T`; a {@link Failure} of kind `bad-input` if it is none. */
    json<T = unknown>(): T {
        return parse("the request", this.text()) as T;
    }
}

/** What to answer and what to keep. */
export interface Reception {
    /** Sent back at once. */
    readonly reply: {
        /** Status code. */
        readonly status: number;
        /** In order. */
        readonly headers?: readonly Header[] | undefined;
        /** Raw bytes, or a text that goes out as UTF-8. */
        readonly body?: string | Uint8Array | undefined;
    };
    /** Put into the log before the reply leaves. */
    readonly events: readonly Received[];
}

/**
 * Why a request is not taken; thrown by the function given to {@link defineReceive}. A {@link Failure} of kind
 * `bad-input` counts as malformed.
 */
export class Refusal extends Error {
    /** Its case in the contract. */
    readonly kind: "bad-signature" | "stale" | "malformed";

    private constructor(kind: Refusal["kind"], why: string) {
        super(why);
        this.name = "Refusal";
        this.kind = kind;
    }

    /** The signature is missing or wrong. */
    static badSignature(): Refusal {
        return new Refusal("bad-signature", "the signature is missing or wrong");
    }

    /** Signed too long ago. */
    static stale(): Refusal {
        return new Refusal("stale", "signed too long ago");
    }

    /** Says what is wrong. */
    static malformed(why: string): Refusal {
        return new Refusal("malformed", why);
    }
}

/** What a component exports as `connectorReceive`; made by {@link defineReceive}. */
export interface ConnectorReceive {
    /** @internal */
    receive(config: string, request: RawIncoming, now: number): RawReception;
}

/**
 * Makes the facet of a channel that calls back, of a function that verifies and reads one request.
 *
 * The contract has no refusal for a mistake of the plugin itself: any other exception is logged and crashes the call,
 * so that the channel delivers again.
 */
export function defineReceive<Settings = unknown>(
    receive: (request: Incoming, settings: Settings) => Reception,
    read?: ReadSettings<Settings>,
): ConnectorReceive {
    return {
        receive(config, request, now) {
            try {
                const { reply, events } = receive(new Incoming(request, now), readSettings(config, read));
                return {
                    reply: {
                        status: integer("a reply's status", reply.status, 0),
                        headers: lowerHeaders(reply.headers ?? []),
                        body: lowerBytes("a reply's body", reply.body ?? ""),
                    },
                    events: list("events", events, lowerReceived),
                };
            } catch (thrown) {
                throw lowerRefusal(thrown);
            }
        },
    };
}

/** One page of what is new. */
export interface Page {
    /** Where to go on the next time; kept by the host. */
    readonly cursor?: string | undefined;
    /** In order. */
    readonly events: readonly Received[];
    /** Ask again at once; not unless given. */
    readonly more?: boolean | undefined;
}

/** What happens next in a poll. */
export type PollStep =
    | ({ readonly do: "perform" } & Exchange)
    | { readonly do: "done"; readonly page: Page }
    | { readonly do: "failed"; readonly outcome: Outcome };

/** Makes steps of a poll. */
export const PollStep = {
    /** Performs a request; `resume` gets `continuation` back with the response. */
    perform: (request: Request, continuation = ""): PollStep => ({ do: "perform", request, continuation }),
    /** A page is there. */
    done: (page: Page): PollStep => ({ do: "done", page }),
    /** This poll failed. */
    failed: (outcome: Outcome): PollStep => ({ do: "failed", outcome }),
} as const;

/** What a component exports as `connectorPoll`; made by {@link definePoll}. */
export interface ConnectorPoll {
    /** @internal */
    poll(config: string, cursor: string | null, now: number): RawPollStep;
    /** @internal */
    resumePoll(config: string, continuation: Uint8Array, response: RawResponse, now: number): RawPollStep;
}

/** How a channel is asked. */
export interface Polling<Settings> {
    /** Starts to ask for what is new since `cursor`; undefined the first time. */
    poll(since: { readonly cursor: string | undefined; readonly now: Instant }, settings: Settings): PollStep;
    /** Goes on with the response to the last exchange. */
    resume(answered: Answered, settings: Settings): PollStep;
}

/** Makes the facet of a channel that must be asked. */
export function definePoll<Settings = unknown>(
    polling: Polling<Settings>,
    read?: ReadSettings<Settings>,
): ConnectorPoll {
    return {
        poll: (config, cursor, now) =>
            answer(() => lowerPollStep(polling.poll({ cursor: cursor ?? undefined, now }, readSettings(config, read)))),
        resumePoll: (config, continuation, response, now) =>
            answer(() =>
                lowerPollStep(polling.resume(answered(continuation, response, now), readSettings(config, read))),
            ),
    };
}

/** A change of an audience. */
export type AudienceChange = {
    /** The audience on the channel's side. */
    readonly audience: string;
    /** Hashed identifiers to add. */
    readonly add: readonly string[];
    /** Hashed identifiers to remove. */
    readonly remove: readonly string[];
};

/** What a component exports as `connectorAudience`; made by {@link defineAudience}. */
export interface ConnectorAudience {
    /** @internal */
    upload(config: string, change: RawAudienceChange): RawStep;
    /** @internal */
    resumeUpload(config: string, continuation: Uint8Array, response: RawResponse, now: number): RawStep;
}

/** How an advertising channel keeps audiences. */
export interface AudienceKeeping<Settings> {
    /** Starts to upload one change. */
    upload(change: AudienceChange, settings: Settings): Step;
    /** Goes on with the response to the last exchange. */
    resume(answered: Answered, settings: Settings): Step;
}

/** Makes the facet of an advertising channel that keeps audiences. */
export function defineAudience<Settings = unknown>(
    keeping: AudienceKeeping<Settings>,
    read?: ReadSettings<Settings>,
): ConnectorAudience {
    return {
        upload: (config, change) => answer(() => lowerStep(keeping.upload(change, readSettings(config, read)))),
        resumeUpload: (config, continuation, response, now) =>
            answer(() => lowerStep(keeping.resume(answered(continuation, response, now), readSettings(config, read)))),
    };
}

function lowerPollStep(step: PollStep): RawPollStep {
    switch (step?.do) {
        case "perform":
            return { tag: "perform", val: lowerExchange(step) };
        case "done": {
            const { cursor, events, more } = step.page;
            return {
                tag: "done",
                val: {
                    cursor: optional(cursor, (place) => text("a cursor", place)),
                    events: list("events", events, lowerReceived),
                    more: more === true,
                },
            };
        }
        case "failed":
            return { tag: "failed", val: lowerOutcome(step.outcome) };
        default:
            throw wrong("what a poll returns", "a PollStep", step);
    }
}

function lowerReceived({ key, identities, event }: Received): RawReceived {
    return {
        key: text("an event's key", key),
        identities: texts("an event's identities", identities),
        event: {
            id: "",
            kind: text("an event's kind", event.kind),
            at: integer("an event's time", event.at),
            channel: optional(event.channel, (channel) => text("an event's channel", channel)),
            touchpoint: optional(event.touchpoint, (touchpoint) => text("an event's touchpoint", touchpoint)),
            properties: jsonObject("the properties of an event", event.properties ?? {}),
        },
    };
}

function lowerRefusal(thrown: unknown): unknown {
    if (thrown instanceof Refusal) {
        return thrown.kind === "malformed"
            ? { tag: thrown.kind, val: thrown.message.toWellFormed() }
            : { tag: thrown.kind };
    }
    if (thrown instanceof Failure && thrown.kind !== "other") {
        return { tag: thrown.kind === "bad-config" ? "bad-config" : "malformed", val: thrown.message.toWellFormed() };
    }
    log.error(describe(thrown));
    return thrown;
}
