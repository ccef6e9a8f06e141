// All of the first contract's campaign and scorer, in TypeScript: what goes in comes out again, through every operation and
// value. Without the SDK: these are the shapes that `componentize-qjs` hands over.

import { log } from "guanxi:plugin/host@0.1.0";

type Tagged = { tag: string; val: unknown };

interface Event {
    id: string;
    kind: string;
    at: number;
    channel: string | null;
    touchpoint: string | null;
    properties: string;
}

interface Profile {
    id: string;
    stage: string;
    roles: string[];
    locale: string | null;
    tags: { dimension: string; name: string; weight: number }[];
    scores: { name: string; value: number }[];
    fields: { name: string; value: Tagged }[];
    reachable: string[];
}

interface Moment {
    event: Event;
    person: Profile;
    history: Event[];
    state: string | null;
    now: number;
    seed: number;
}

function decide(config: string, moment: Moment): Tagged {
    switch (moment.event.kind) {
        case "misconfigured":
            return { tag: "err", val: { tag: "bad-config", val: config } };
        case "refused":
            return { tag: "err", val: { tag: "bad-input", val: moment.event.id } };
        case "broken":
            return { tag: "err", val: { tag: "other", val: "as asked" } };
        case "quiet":
            return { tag: "ok", val: { operations: [], state: null, reasons: [] } };
        default:
            return { tag: "ok", val: everything(moment) };
    }
}

function everything({ event, person, history, state, now, seed }: Moment): object {
    const message = { variables: '{"name": "friend"}', channel: null, notBefore: null, expires: null };
    const inline = { tag: "inline", val: '{"text": "Hello {{name}}"}' };
    const operations: Tagged[] = [
        {
            tag: "send",
            val: {
                ...message,
                content: { tag: "stored", val: "welcome" },
                class: "reply",
                purpose: "service",
                channel: person.reachable[0] ?? null,
                notBefore: now + 1_000,
                expires: now + 2_000,
            },
        },
        { tag: "send", val: { ...message, content: inline, class: "transactional", purpose: "order" } },
        { tag: "send", val: { ...message, content: inline, class: "marketing", purpose: "marketing" } },
        { tag: "earn-points", val: { unit: "points", amount: seed, reason: "a visit", pendingUntil: now + 1_000 } },
        { tag: "earn-points", val: { unit: "points", amount: 1, reason: "again", pendingUntil: null } },
        { tag: "issue-coupon", val: { template: "tea", reason: "a visit" } },
        { tag: "grant-money", val: { budget: "spring", amount: -1, reason: "taken back" } },
        { tag: "remove-tag", val: { dimension: "interest", name: "coffee" } },
        { tag: "start-timer", val: { key: "again", at: now + 60_000, payload: event.properties } },
        { tag: "cancel-timer", val: "before" },
        { tag: "emit", val: { kind: "seen", properties: event.properties } },
        { tag: "ask-staff", val: { title: "Look", body: person.reachable.join(" ") } },
        ...person.tags.map((tag) => ({ tag: "add-tag", val: tag })),
        ...person.fields.map((field) => ({ tag: "set-field", val: field })),
        ...person.scores.map(({ name, value }) => ({
            tag: "set-field",
            val: { name, value: { tag: "number", val: value } },
        })),
    ];
    const reasons = [event.id, event.kind, `${event.at}`, event.channel ?? "-", event.touchpoint ?? "-"];
    reasons.push(person.id, person.stage, person.locale ?? "-", state ?? "-", ...person.roles);
    reasons.push(...history.map((earlier) => `${earlier.id} ${earlier.properties}`));
    return { operations, state: `[${now}]`, reasons };
}

export const campaign = {
    decide(config: string, moments: Moment[]): Tagged[] {
        log("debug", `${moments.length} moments`);
        log("info", config);
        log("warn", "警告");
        log("error", "");
        return moments.map((moment) => decide(config, moment));
    },
};

export const scorer = {
    /** What it throws is the error of the result. */
    scoreAll(_config: string, inputs: Tagged[], rows: number, _now: number, explain: boolean): object {
        const [revenue, followers, cities] = inputs;
        if (revenue?.tag !== "integers" || followers?.tag !== "numbers" || cities?.tag !== "texts") {
            throw { tag: "bad-input", val: `${inputs.length} columns for ${rows} rows` };
        }
        const reach = Float64Array.from(followers.val as number[]);
        const sums = (revenue.val as number[]).map((value, row) => Number(value) + (reach[row] ?? 0));
        const values = (cities.val as string[]).map((city, row) => (city === "上海" ? 2 : 1) * (sums[row] ?? 0));
        return {
            scores: [{ name: "worth", values: Float64Array.from(values) }],
            terms: explain ? [{ score: "worth", name: "reach", values: reach }] : [],
        };
    },
};
