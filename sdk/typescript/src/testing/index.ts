/**
 * For native tests of plugins: inputs to start from, calls as the host makes them, and a stand-in for its functions.
 *
 * No limits hold here: try the component itself with `guanxi plugin run`.
 *
 * @packageDocumentation
 */

import { fromUtf8, utf8 } from "../bytes.ts";
import type { Operation } from "../campaign/decision.ts";
import type { Campaign } from "../campaign/index.ts";
import { Moment } from "../campaign/moment.ts";
import { Response, Request, type Header } from "../connector/http.ts";
import { Outbound, type Connector } from "../connector/index.ts";
import type { Outcome } from "../connector/outcome.ts";
import type { Step } from "../connector/step.ts";
import { Failure } from "../failure.ts";
import type { Level } from "../host.ts";
import type { Analyzer, Text } from "../analyzer.ts";
import type {
    RawColumn,
    RawEvent,
    RawFailure,
    RawOperation,
    RawOutcome,
    RawProfile,
    RawReading,
    RawResult,
    RawStep,
} from "../raw.ts";
import type { Scorer } from "../scorer.ts";
import { Event, lowerValue, Profile, type Instant, type Tag, type Value } from "../words.ts";
import * as host from "./host.ts";

/** The time at which moments, events and messages happen unless said otherwise: 2026-01-01T00:00:00Z. */
export const NOW: Instant = 1_767_225_600_000;

/** What a test says about a person; a prospect of whom nothing is known unless said otherwise. */
export interface PersonDetails extends Partial<
    Pick<Profile, "id" | "stage" | "roles" | "tags" | "reachable" | "locale">
> {
    /** Scores by name. */
    readonly scores?: { readonly [name: string]: number };
    /** Granted fields by name. */
    readonly fields?: { readonly [name: string]: Value };
}

/** What a test says about an event besides its kind and properties. */
export type EventDetails = Partial<Pick<Event, "id" | "at" | "channel" | "touchpoint">>;

/** What a test says about a moment besides its event. */
export interface MomentDetails {
    /** Whose moment it is. */
    readonly person?: PersonDetails;
    /** More about the event. */
    readonly event?: EventDetails;
    /** Earlier events, newest first, as kind and properties. */
    readonly history?: readonly (readonly [kind: string, properties?: object, details?: EventDetails])[];
    /** What was kept the last time, any JSON; undefined if nothing was. */
    readonly state?: unknown;
    /** The time of the decision. */
    readonly now?: Instant;
    /** Where chance comes from. */
    readonly seed?: number;
}

/** A person. */
export function person(details: PersonDetails = {}): Profile {
    return new Profile(rawPerson(details));
}

/** An event of a kind with its properties, one JSON object. */
export function event(kind: string, properties: object = {}, details: EventDetails = {}): Event {
    return new Event(rawEvent(kind, properties, details));
}

/** The moment of an event of a kind; say what the test is about, leave out the rest. */
export function moment(kind: string, properties: object = {}, details: MomentDetails = {}): Moment {
    return new Moment({
        event: rawEvent(kind, properties, details.event),
        person: rawPerson(details.person ?? {}),
        history: (details.history ?? []).map(([kind, properties, more]) => rawEvent(kind, properties, more)),
        state: details.state === undefined ? null : JSON.stringify(details.state),
        now: details.now ?? NOW,
        seed: details.seed ?? 1,
    });
}

/** A message to an address `kind:value`, on its first try unless said otherwise. */
export function outbound(
    address: string,
    content: object,
    details: Partial<Pick<Outbound, "id" | "created" | "now" | "attempt">> = {},
): Outbound {
    const plain = { id: "msg_test", created: NOW, now: NOW, attempt: 1 };
    return new Outbound({ ...plain, ...details, address, content: JSON.stringify(content) });
}

/** A response of a channel; a text is its body in UTF-8. */
export function response(status: number, body: string | Uint8Array = "", headers: readonly Header[] = []): Response {
    return new Response({
        status,
        headers: headers.map(([name, value]) => ({ name, value })),
        body: typeof body === "string" ? utf8(body) : body,
    });
}

/** A campaign's answer, its JSON read again. */
export interface Answer {
    /** What to do, in order; what was left out of an operation is not there. */
    readonly operations: readonly Operation[];
    /** What is kept from now on; undefined if nothing is. */
    readonly state: unknown;
    /** Why, or why not. */
    readonly reasons: readonly string[];
}

/** Decides one moment as the host would, settings included; throws the {@link Failure} that the host would get. */
export function decide(campaign: Campaign, moment: Moment, settings: unknown = {}): Answer {
    const { operations, state, reasons } = taken(campaign.decide(JSON.stringify(settings), [moment.raw]));
    return {
        operations: operations.map(raiseOperation),
        state: state === null ? undefined : JSON.parse(state),
        reasons,
    };
}

/** A scorer's answer by names: `scores[name]`, and `terms[score][name]` if they were asked for. */
export interface ScoredByName {
    /** One value a person. */
    readonly scores: { readonly [name: string]: number[] };
    /** One value a person. */
    readonly terms: { readonly [score: string]: { readonly [name: string]: number[] } };
}

/** Columns of equal length in the order of the manifest's inputs: measures, counts or texts. */
export type Columns = readonly (
    | { readonly numbers: readonly number[] }
    | { readonly integers: readonly number[] }
    | { readonly texts: readonly string[] }
)[];

/** Scores columns as the host would, at {@link NOW}; throws the {@link Failure} that the host would get. */
export function score(scorer: Scorer, columns: Columns, settings: unknown = {}, explain = true): ScoredByName {
    const raw = columns.map((column) => {
        const [[tag, val] = ["numbers", []]] = Object.entries(column);
        return { tag, val } as RawColumn;
    });
    const scored = catching(() =>
        scorer.scoreAll(JSON.stringify(settings), raw, raw[0]?.val.length ?? 0, NOW, explain),
    );
    const terms: Record<string, Record<string, number[]>> = {};
    for (const { score, name, values } of scored.terms) {
        (terms[score] ??= {})[name] = [...values];
    }
    return { scores: Object.fromEntries(scored.scores.map(({ name, values }) => [name, [...values]])), terms };
}

/** Reads one text as the host would; throws the {@link Failure} that the host would get. */
export function read(analyzer: Analyzer, body: string, language?: string, settings: unknown = {}): RawReading {
    const text: Text = { id: "1", language, body };
    return taken(analyzer.readAll(JSON.stringify(settings), [{ ...text, language: language ?? null }]));
}

/** Starts to send a message as the host would; throws the {@link Failure} that the host would get. */
export function send(connector: Connector, message: Outbound, settings: unknown = {}): Step {
    return raiseStep(catching(() => connector.send(JSON.stringify(settings), message.raw)));
}

/** Resumes with a response as the host would, at {@link NOW}; throws the {@link Failure} that the host would get. */
export function resume(connector: Connector, response: Response, continuation = "", settings: unknown = {}): Step {
    const headers = response.headers.map(([name, value]) => ({ name, value }));
    const raw = { status: response.status, headers, body: response.body };
    return raiseStep(catching(() => connector.resume(JSON.stringify(settings), utf8(continuation), raw, NOW)));
}

/** Sets a secret for `hmac` and its like, as its format makes it: bytes, or a text, which is taken as UTF-8. */
export function setSecret(name: string, secret: string | Uint8Array): void {
    host.setSecret(name, typeof secret === "string" ? utf8(secret) : secret);
}

/** Takes the lines logged since the last call. */
export function takeLines(): { level: Level; line: string }[] {
    return host.takeLines() as { level: Level; line: string }[];
}

function rawPerson({ scores, fields, locale, ...details }: PersonDetails): RawProfile {
    const plain = { id: "per_test", stage: "prospect", roles: ["consumer"], tags: [] as Tag[], reachable: [] } as const;
    return {
        ...plain,
        ...details,
        locale: locale ?? null,
        scores: Object.entries(scores ?? {}).map(([name, value]) => ({ name, value })),
        fields: Object.entries(fields ?? {}).map(([name, value]) => ({ name, value: lowerValue(name, value) })),
    };
}

function rawEvent(kind: string, properties: object = {}, details: EventDetails = {}): RawEvent {
    return {
        id: details.id ?? "evt_test",
        kind,
        at: details.at ?? NOW,
        channel: details.channel ?? null,
        touchpoint: details.touchpoint ?? null,
        properties: JSON.stringify(properties),
    };
}

function taken<T>(results: readonly RawResult<T>[]): T {
    const [result] = results;
    if (result === undefined) {
        throw new Error("no answer");
    }
    if (result.tag === "err") {
        throw raiseFailure(result.val);
    }
    return result.val;
}

function catching<T>(work: () => T): T {
    try {
        return work();
    } catch (thrown) {
        throw raiseFailure(thrown as RawFailure);
    }
}

function raiseFailure({ tag, val }: RawFailure): Failure {
    return new Failure(tag, val);
}

function raiseOperation({ tag, val }: RawOperation): Operation {
    const known = (parts: object): object =>
        Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== null));
    const parts = (): object => {
        switch (tag) {
            case "send": {
                const content =
                    val.content.tag === "stored"
                        ? { stored: val.content.val }
                        : { inline: JSON.parse(val.content.val) };
                return known({ ...val, content, variables: JSON.parse(val.variables) });
            }
            case "start-timer":
                return { ...val, payload: JSON.parse(val.payload) };
            case "emit":
                return { ...val, properties: JSON.parse(val.properties) };
            case "set-field":
                return { ...val, value: val.value.val };
            case "cancel-timer":
                return { key: val };
            default:
                return known(val);
        }
    };
    return { do: tag, ...parts() } as Operation;
}

function raiseStep(step: RawStep): Step {
    if (step.tag === "done") {
        return { do: "done", outcome: raiseOutcome(step.val) };
    }
    const { method, url, headers, body } = step.val.request;
    const request = new Request(
        method,
        url,
        headers.map(({ name, value }) => [name, value]),
        fromUtf8(body) ?? body,
    );
    return { do: "perform", request, continuation: fromUtf8(step.val.continuation) ?? "" };
}

function raiseOutcome(raw: RawOutcome): Outcome {
    switch (raw.tag) {
        case "sent":
            return raw.val === null ? { is: "sent" } : { is: "sent", id: raw.val };
        case "retry-after":
            return { is: raw.tag, seconds: raw.val };
        case "quota-exhausted":
            return { is: raw.tag, until: raw.val };
        case "recipient-gone":
        case "rejected":
            return { is: raw.tag, why: raw.val };
        default:
            return { is: raw.tag };
    }
}
