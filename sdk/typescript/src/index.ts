/**
 * Write plugins for Guanxi, the social CRM whose campaign logic, scorers and connectors are sandboxed components.
 *
 * A plugin is a **pure function**: it gets what its manifest asked for and the tenant granted, and answers with what
 * should be done. It has no clock, no network and no files; the host hands it the time and a seed. That is why every
 * decision can be explained, repeated bit for bit, and tried on last year's events before it meets a customer.
 *
 * A module exports one object a kind, under the kind's name, and becomes one component of all these kinds.
 *
 * @packageDocumentation
 */

export { defineAnalyzer, Reading, type Analyzer, type Text } from "./analyzer.ts";
export { Decision, type Operation } from "./campaign/decision.ts";
export { defineCampaign, type Campaign } from "./campaign/index.ts";
export { Message, type Content, type MessageClass, type MessageParts, type Variable } from "./campaign/message.ts";
export { Moment, TIMER } from "./campaign/moment.ts";
export type { Answered } from "./connector/answered.ts";
export {
    defineAudience,
    definePoll,
    defineReceive,
    defineSession,
    Incoming,
    PollStep,
    Refusal,
    type AudienceChange,
    type AudienceKeeping,
    type Authorization,
    type ConnectorAudience,
    type ConnectorPoll,
    type ConnectorReceive,
    type ConnectorSession,
    type Page,
    type Polling,
    type Received,
    type Reception,
} from "./connector/facets.ts";
export { Request, Response, type Header } from "./connector/http.ts";
export { defineConnector, Outbound, type Connector, type Delivery } from "./connector/index.ts";
export { Outcome } from "./connector/outcome.ts";
export { Step, type Exchange } from "./connector/step.ts";
export { Failure, type FailureKind } from "./failure.ts";
export { log, type Level } from "./host.ts";
export { Rng } from "./random.ts";
export { defineScorer, People, Scored, type Scorer } from "./scorer.ts";
export {
    decrypt,
    decryptGcm,
    encrypt,
    hash,
    hmac,
    sign,
    verifySorted,
    type Cipher,
    type Data,
    type Digest,
    type Part,
    type Scheme,
} from "./secrets.ts";
export type { ReadSettings } from "./settings.ts";
export {
    DAY,
    Event,
    HOUR,
    MINUTE,
    Profile,
    SECOND,
    type Instant,
    type JsonObject,
    type Money,
    type Role,
    type Stage,
    type Tag,
    type Value,
} from "./words.ts";
