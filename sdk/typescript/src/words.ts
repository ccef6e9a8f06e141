// Words that every kind shares: people, events, values, tags and times.

import { Failure } from "./failure.ts";
import { measure, texts, text, wrong } from "./lower.ts";
import type { RawEvent, RawProfile, RawValue } from "./raw.ts";

/** Milliseconds since the Unix epoch, UTC. */
export type Instant = number;
/** Minor units (fen, cents) of the tenant's currency; exact up to 2^53. */
export type Money = number;

/** One second, in the milliseconds of {@link Instant}. */
export const SECOND: Instant = 1000;
/** One minute. */
export const MINUTE: Instant = 60 * SECOND;
/** One hour. */
export const HOUR: Instant = 60 * MINUTE;
/** One day. */
export const DAY: Instant = 24 * HOUR;

/** How far a person has come: known only (潜在客户), follows the brand (粉丝), has bought (客户). */
export type Stage = RawProfile["stage"];
/** What a person is to the brand besides a consumer: `opinion-leader` is a KOL, `promoter` sells for a commission (推客). */
export type Role = RawProfile["roles"][number];
/** The value of a field: text, measure, count or time, yes or no, several texts. */
export type Value = string | number | boolean | readonly string[];
/** One JSON object. */
export type JsonObject = { readonly [name: string]: unknown };

/** A label on a person. */
export interface Tag {
    /** What sort of label it is: `interest`, `consumption-power` … */
    readonly dimension: string;
    /** The label itself. */
    readonly name: string;
    /** Strength, 0 to 1. */
    readonly weight: number;
}

/** Something that happened. */
export class Event {
    /** Stable and opaque, `evt_…`. */
    readonly id: string;
    /** `identify`, `page`, `Order Completed`, `guanxi.timer` … */
    readonly kind: string;
    /** When it happened, corrected for the sender's clock. */
    readonly at: Instant;
    /** The channel it came through. */
    readonly channel: string | undefined;
    /** The place of contact: a page, a code, a store. */
    readonly touchpoint: string | undefined;
    readonly #json: string;
    #properties: JsonObject | undefined;

    /** @internal */
    constructor(raw: RawEvent) {
        this.id = raw.id;
        this.kind = raw.kind;
        this.at = raw.at;
        this.channel = raw.channel ?? undefined;
        this.touchpoint = raw.touchpoint ?? undefined;
        this.#json = raw.properties;
    }

    /** What the sender said about it, read when first asked for. */
    get properties(): JsonObject {
        return (this.#properties ??= parse("event.properties", this.#json) as JsonObject);
    }

    /** A property that is a text; `undefined` if it is not there or null, {@link Failure} if it is of another type. */
    text(name: string): string | undefined {
        return this.#property(name, "string", "a text") as string | undefined;
    }

    /** A property that is a number; `undefined` if it is not there or null, {@link Failure} if it is of another type. */
    number(name: string): number | undefined {
        return this.#property(name, "number", "a number") as number | undefined;
    }

    /** A property that is yes or no; `undefined` if it is not there or null, {@link Failure} if it is of another type. */
    flag(name: string): boolean | undefined {
        return this.#property(name, "boolean", "true or false") as boolean | undefined;
    }

    #property(name: string, type: string, expected: string): unknown {
        const value = this.properties[name] ?? undefined;
        if (value !== undefined && typeof value !== type) {
            throw Failure.badInput(`event.properties.${name}: expected ${expected}, got ${JSON.stringify(value)}`);
        }
        return value;
    }
}

/** One person, as far as the manifest asked and the tenant granted. */
export class Profile {
    /** Stable and opaque, `per_…`. */
    readonly id: string;
    /** How far the person has come. */
    readonly stage: Stage;
    /** At least `consumer`. */
    readonly roles: readonly Role[];
    /** BCP 47 language tag, if known. */
    readonly locale: string | undefined;
    /** All current tags. */
    readonly tags: readonly Tag[];
    /** Channels on which this person can be reached now, best first. */
    readonly reachable: readonly string[];
    readonly #scores: RawProfile["scores"];
    readonly #fields: RawProfile["fields"];

    /** @internal */
    constructor(raw: RawProfile) {
        this.id = raw.id;
        this.stage = raw.stage;
        this.roles = raw.roles;
        this.locale = raw.locale ?? undefined;
        this.tags = raw.tags;
        this.reachable = raw.reachable;
        this.#scores = raw.scores;
        this.#fields = raw.fields;
    }

    /** A granted field, if it is known. */
    field(name: string): Value | undefined {
        return this.#fields.find((field) => field.name === name)?.value.val;
    }

    /** A granted field that is a text. */
    text(name: string): string | undefined {
        const value = this.field(name);
        return typeof value === "string" ? value : undefined;
    }

    /** A granted field that is a measure, a count, money in minor units, or a time in milliseconds. */
    number(name: string): number | undefined {
        const value = this.field(name);
        return typeof value === "number" ? value : undefined;
    }

    /** A granted field that is yes or no. */
    flag(name: string): boolean | undefined {
        const value = this.field(name);
        return typeof value === "boolean" ? value : undefined;
    }

    /** A granted field that is several texts. */
    texts(name: string): readonly string[] | undefined {
        const value = this.field(name);
        return Array.isArray(value) ? value : undefined;
    }

    /** The value of a score, if the person has it. */
    score(name: string): number | undefined {
        return this.#scores.find((score) => score.name === name)?.value;
    }

    /** Whether the person carries a tag. */
    hasTag(dimension: string, name: string): boolean {
        return this.tags.some((tag) => tag.dimension === dimension && tag.name === name);
    }

    /** The names of the person's tags of one dimension. */
    tagsOf(dimension: string): string[] {
        return this.tags.filter((tag) => tag.dimension === dimension).map((tag) => tag.name);
    }

    /** Whether the person can be reached over a channel now. */
    canReach(channel: string): boolean {
        return this.reachable.includes(channel);
    }

    /** Whether the person's language is `language`, whatever the region: `zh-Hant-TW` speaks `zh`. */
    speaks(language: string): boolean {
        return this.locale?.split(/[-_]/)[0]?.toLowerCase() === language.toLowerCase();
    }
}

/** JSON from outside; what is none is a failure of kind `bad-input`. */
export function parse(what: string, json: string): unknown {
    try {
        return JSON.parse(json);
    } catch (problem) {
        throw Failure.badInput(`${what}: ${(problem as Error).message}`);
    }
}

/** A value as the contract says it: whole numbers are counts, others measures. */
export function lowerValue(what: string, value: Value): RawValue {
    switch (typeof value) {
        case "string":
            return { tag: "text", val: text(what, value) };
        case "boolean":
            return { tag: "flag", val: value };
        case "number":
            return { tag: Number.isSafeInteger(value) ? "integer" : "number", val: measure(what, value) };
        case "object":
            return { tag: "texts", val: texts(what, value) };
        default:
            throw wrong(what, "a text, a number, true, false or a list of texts", value);
    }
}

/** A tag as the contract says it. */
export function lowerTag(tag: Tag): Tag {
    return {
        dimension: text("a tag's dimension", tag.dimension),
        name: text("a tag's name", tag.name),
        weight: measure("a tag's weight", tag.weight),
    };
}
