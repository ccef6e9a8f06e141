// The contract's shapes as `componentize-qjs` hands them over: variants are `{ tag, val }`, options null or the value,
// JSON is text. Private: authors see the types that the other modules make of these.

export type Tagged<Tag extends string, Val> = { readonly tag: Tag; readonly val: Val };
export type Bare<Tag extends string> = { readonly tag: Tag };

export type RawFailure = Tagged<"bad-config" | "bad-input" | "other", string>;
export type RawPart = Tagged<"bytes", Uint8Array> | Tagged<"secret", string>;
export type RawCipher = Tagged<"cbc", Uint8Array> | Bare<"wechat">;
export type RawResult<T> = Tagged<"ok", T> | Tagged<"err", RawFailure>;

export type RawValue =
    | Tagged<"text", string>
    | Tagged<"number" | "integer" | "time", number>
    | Tagged<"flag", boolean>
    | Tagged<"texts", readonly string[]>;

export interface RawTag {
    readonly dimension: string;
    readonly name: string;
    readonly weight: number;
}

export interface RawProfile {
    readonly id: string;
    readonly stage: "prospect" | "fan" | "customer";
    readonly roles: readonly ("consumer" | "opinion-leader" | "employee" | "promoter" | "partner")[];
    readonly locale: string | null;
    readonly tags: readonly RawTag[];
    readonly scores: readonly { readonly name: string; readonly value: number }[];
    readonly fields: readonly { readonly name: string; readonly value: RawValue }[];
    readonly reachable: readonly string[];
}

export interface RawEvent {
    readonly id: string;
    readonly kind: string;
    readonly at: number;
    readonly channel: string | null;
    readonly touchpoint: string | null;
    readonly properties: string;
}

export interface RawReceived {
    readonly key: string;
    readonly identities: readonly string[];
    readonly event: RawEvent;
}

export interface RawMoment {
    readonly event: RawEvent;
    readonly person: RawProfile;
    readonly history: readonly RawEvent[];
    readonly state: string | null;
    readonly now: number;
    readonly seed: number;
}

export interface RawMessage {
    readonly content: Tagged<"stored" | "inline", string>;
    readonly variables: string;
    readonly class: "reply" | "transactional" | "marketing";
    readonly purpose: string;
    readonly channel: string | null;
    readonly notBefore: number | null;
    readonly expires: number | null;
}

export type RawOperation =
    | Tagged<"send", RawMessage>
    | Tagged<"earn-points", { unit: string; amount: number; reason: string; pendingUntil: number | null }>
    | Tagged<"issue-coupon", { template: string; reason: string }>
    | Tagged<"grant-money", { budget: string; amount: number; reason: string }>
    | Tagged<"add-tag", RawTag>
    | Tagged<"remove-tag", { dimension: string; name: string }>
    | Tagged<"set-field", { name: string; value: RawValue }>
    | Tagged<"start-timer", { key: string; at: number; payload: string }>
    | Tagged<"cancel-timer", string>
    | Tagged<"emit", { kind: string; properties: string }>
    | Tagged<"ask-staff", { title: string; body: string }>;

export interface RawDecision {
    readonly operations: readonly RawOperation[];
    readonly state: string | null;
    readonly reasons: readonly string[];
}

export type RawColumn = Tagged<"numbers" | "integers", readonly number[]> | Tagged<"texts", readonly string[]>;

export interface RawScored {
    readonly scores: readonly { readonly name: string; readonly values: Float64Array }[];
    readonly terms: readonly { readonly score: string; readonly name: string; readonly values: Float64Array }[];
}

export interface RawText {
    readonly id: string;
    readonly language: string | null;
    readonly body: string;
}

export interface RawReading {
    readonly tags: readonly RawTag[];
    readonly mood: number | null;
    readonly topics: readonly string[];
    readonly language: string | null;
    readonly flagged: readonly string[];
}

export interface RawOutbound {
    readonly id: string;
    readonly address: string;
    readonly content: string;
    readonly created: number;
    readonly now: number;
    readonly attempt: number;
}

export interface RawHeader {
    readonly name: string;
    readonly value: string;
}

export interface RawRequest {
    readonly method: string;
    readonly url: string;
    readonly headers: readonly RawHeader[];
    readonly body: Uint8Array;
}

export interface RawResponse {
    readonly status: number;
    readonly headers: readonly RawHeader[];
    readonly body: Uint8Array;
}

export interface RawIncoming {
    readonly method: string;
    readonly query: string;
    readonly headers: readonly RawHeader[];
    readonly body: Uint8Array;
}

export type RawOutcome =
    | Tagged<"sent", string | null>
    | Bare<"refresh-session">
    | Tagged<"retry-after", number>
    | Tagged<"quota-exhausted", number>
    | Bare<"window-closed">
    | Tagged<"recipient-gone", string>
    | Tagged<"rejected", string>;

export interface RawExchange {
    readonly request: RawRequest;
    readonly continuation: Uint8Array;
}

export type RawStep = Tagged<"perform", RawExchange> | Tagged<"done", RawOutcome>;

export interface RawPage {
    readonly cursor: string | null;
    readonly events: readonly RawReceived[];
    readonly more: boolean;
}

export type RawPollStep = Tagged<"perform", RawExchange> | Tagged<"done", RawPage> | Tagged<"failed", RawOutcome>;

export interface RawAuthorization {
    readonly request: RawRequest;
    readonly tokenPointer: string;
    readonly lifetimePointer: string | null;
    readonly lifetimeSeconds: number;
}

export interface RawReception {
    readonly reply: RawResponse;
    readonly events: readonly RawReceived[];
}

export interface RawAudienceChange {
    readonly audience: string;
    readonly add: readonly string[];
    readonly remove: readonly string[];
}
