// Writing a decision: operations in order, reasons, and what is kept.

import { instance, integer, json, jsonObject, optional, text, texts } from "../lower.ts";
import type { RawDecision, RawOperation } from "../raw.ts";
import { lowerTag, lowerValue, type Instant, type Money, type Tag, type Value } from "../words.ts";
import { lowerMessage, Message, type MessageParts } from "./message.ts";

/** Something a plugin wants done, by the name that manifest and receipts have for it. */
export type Operation =
    | ({ readonly do: "send" } & MessageParts)
    | { readonly do: "earn-points"; unit: string; amount: number; reason: string; pendingUntil?: Instant | undefined }
    | { readonly do: "issue-coupon"; template: string; reason: string }
    | { readonly do: "grant-money"; budget: string; amount: Money; reason: string }
    | ({ readonly do: "add-tag" } & Tag)
    | { readonly do: "remove-tag"; dimension: string; name: string }
    | { readonly do: "set-field"; name: string; value: Value }
    | { readonly do: "start-timer"; key: string; at: Instant; payload: unknown }
    | { readonly do: "cancel-timer"; key: string }
    | { readonly do: "emit"; kind: string; properties: unknown }
    | { readonly do: "ask-staff"; title: string; body: string };

/** What becomes of the kept state; undefined if it stays. */
type State = { readonly kept: unknown } | "forgotten" | undefined;

/**
 * The answer to one moment, written from left to right. Every method makes a new one.
 *
 * What was kept for the person stays kept unless the decision says {@link Decision.keep} or {@link Decision.forget}.
 *
 * ```ts
 * Decision.because("third order this month")
 *     .send(Message.text("Thank you!"))
 *     .earnPoints("points", 100, "loyalty bonus");
 * Decision.skip("already thanked today");
 * ```
 */
export class Decision {
    /** What to do, in order. */
    readonly operations: readonly Operation[];
    /** Why, or why not, in words a marketer reads. */
    readonly reasons: readonly string[];
    readonly #state: State;

    private constructor(operations: readonly Operation[], reasons: readonly string[], state: State) {
        this.operations = operations;
        this.reasons = reasons;
        this.#state = state;
    }

    /** A decision with the reason for what follows, in words that a marketer reads. */
    static because(reason: string): Decision {
        return new Decision([], [reason], undefined);
    }

    /** The decision to do nothing, and why. */
    static skip(reason: string): Decision {
        return Decision.because(reason);
    }

    /** One more reason. */
    andBecause(reason: string): Decision {
        return new Decision(this.operations, [...this.reasons, reason], this.#state);
    }

    /** Sends a message. */
    send(message: Message): Decision {
        return this.operation({ do: "send", ...instance("what is sent", message, Message, "Message").parts });
    }

    /** Credits points of the tenant's `unit`; the person may read the reason. */
    earnPoints(unit: string, amount: number, reason: string): Decision {
        return this.operation({ do: "earn-points", unit, amount, reason });
    }

    /** Issues a coupon of a template; the person may read the reason. */
    issueCoupon(template: string, reason: string): Decision {
        return this.operation({ do: "issue-coupon", template, reason });
    }

    /** Asks for money in minor units, drawn from a budget; the person may read the reason. */
    grantMoney(budget: string, amount: Money, reason: string): Decision {
        return this.operation({ do: "grant-money", budget, amount, reason });
    }

    /** Puts a tag on the person, of full weight unless said otherwise (0 to 1). */
    addTag(dimension: string, name: string, weight = 1): Decision {
        return this.operation({ do: "add-tag", dimension, name, weight });
    }

    /** Takes a tag off the person. */
    removeTag(dimension: string, name: string): Decision {
        return this.operation({ do: "remove-tag", dimension, name });
    }

    /** Sets a field of the person; a whole number is a count, any other a measure. */
    setField(name: string, value: Value): Decision {
        return this.operation({ do: "set-field", name, value });
    }

    /** Starts a timer, or moves it if it runs; read the payload, any JSON, back with {@link Moment.timer}. */
    startTimer(key: string, at: Instant, payload: unknown = null): Decision {
        return this.operation({ do: "start-timer", key, at, payload });
    }

    /** Cancels a timer. */
    cancelTimer(key: string): Decision {
        return this.operation({ do: "cancel-timer", key });
    }

    /** Puts an event into the log for the same person; its properties are one JSON object. */
    emit(kind: string, properties: object = {}): Decision {
        return this.operation({ do: "emit", kind, properties });
    }

    /** Asks the brand's staff. */
    askStaff(title: string, body: string): Decision {
        return this.operation({ do: "ask-staff", title, body });
    }

    /** Any operation of the contract, for what has no shorter way. */
    operation(operation: Operation): Decision {
        return new Decision([...this.operations, operation], this.reasons, this.#state);
    }

    /** Keeps a state, any JSON, for this installation and person; read it back with {@link Moment.kept}. */
    keep(state: unknown): Decision {
        return new Decision(this.operations, this.reasons, { kept: state });
    }

    /** Forgets what was kept. */
    forget(): Decision {
        return new Decision(this.operations, this.reasons, "forgotten");
    }

    /** @internal */
    lower(kept: string | null): RawDecision {
        const state = this.#state;
        return {
            operations: this.operations.map(lowerOperation),
            state: state === undefined ? kept : state === "forgotten" ? null : json("the state to keep", state.kept),
            reasons: texts("a reason", this.reasons),
        };
    }
}

function lowerOperation(operation: Operation): RawOperation {
    const word = (name: string, value: string): string => text(`\`${operation.do}\`: ${name}`, value);
    const count = (name: string, value: unknown, min?: number): number =>
        integer(`\`${operation.do}\`: ${name}`, value, min);
    switch (operation.do) {
        case "send":
            return { tag: "send", val: lowerMessage(operation) };
        case "earn-points": {
            const pendingUntil = optional(operation.pendingUntil, (time) => count("pendingUntil", time));
            const amount = count("amount", operation.amount, 0);
            const [unit, reason] = [word("unit", operation.unit), word("reason", operation.reason)];
            return { tag: "earn-points", val: { unit, amount, reason, pendingUntil } };
        }
        case "issue-coupon": {
            const [template, reason] = [word("template", operation.template), word("reason", operation.reason)];
            return { tag: "issue-coupon", val: { template, reason } };
        }
        case "grant-money": {
            const [budget, reason] = [word("budget", operation.budget), word("reason", operation.reason)];
            return { tag: "grant-money", val: { budget, amount: count("amount", operation.amount), reason } };
        }
        case "add-tag":
            return { tag: "add-tag", val: lowerTag(operation) };
        case "remove-tag": {
            const [dimension, name] = [word("dimension", operation.dimension), word("name", operation.name)];
            return { tag: "remove-tag", val: { dimension, name } };
        }
        case "set-field": {
            const name = word("name", operation.name);
            return { tag: "set-field", val: { name, value: lowerValue(`the field \`${name}\``, operation.value) } };
        }
        case "start-timer": {
            const payload = json("the payload of a timer", operation.payload);
            return {
                tag: "start-timer",
                val: { key: word("key", operation.key), at: count("at", operation.at), payload },
            };
        }
        case "cancel-timer":
            return { tag: "cancel-timer", val: word("key", operation.key) };
        case "emit": {
            const properties = jsonObject("the properties of an event", operation.properties);
            return { tag: "emit", val: { kind: word("kind", operation.kind), properties } };
        }
        case "ask-staff":
            return {
                tag: "ask-staff",
                val: { title: word("title", operation.title), body: word("body", operation.body) },
            };
    }
}
