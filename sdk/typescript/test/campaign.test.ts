import assert from "node:assert/strict";
import { test } from "node:test";

import { DAY, Decision, defineCampaign, Failure, log, Message } from "../src/index.ts";
import { decide, event, moment, NOW, takeLines } from "../src/testing/index.ts";

interface Settings {
    readonly minimum: number;
}

const thanks = defineCampaign<Settings>((moment, { minimum }) => {
    const kept = moment.kept<{ thanked: number }>() ?? { thanked: 0 };
    const total = moment.event.number("total") ?? 0;
    if (total < minimum) {
        log.info(`${total} is less than ${minimum}`);
        return Decision.skip("a small order");
    }
    const message = Message.text("Thank you, {{name}}!")
        .with("name", moment.person.text("name"))
        .expires(moment.now + DAY);
    return Decision.because("a large order")
        .send(message)
        .addTag("loyalty", "big")
        .keep({ thanked: kept.thanked + 1 });
});

test("a decision comes back as receipts show it", () => {
    const large = moment(
        "Order Completed",
        { total: 80 },
        { person: { fields: { name: "Ada" } }, state: { thanked: 1 } },
    );
    assert.deepEqual(decide(thanks, large, { minimum: 50 }), {
        operations: [
            {
                do: "send",
                content: { inline: { text: "Thank you, {{name}}!" } },
                variables: { name: "Ada" },
                class: "marketing",
                purpose: "marketing",
                expires: NOW + DAY,
            },
            { do: "add-tag", dimension: "loyalty", name: "big", weight: 1 },
        ],
        state: { thanked: 2 },
        reasons: ["a large order"],
    });
});

test("what was kept stays unless said otherwise", () => {
    const state = (decision: Decision) =>
        decide(
            defineCampaign(() => decision),
            moment("page", {}, { state: 1 }),
        ).state;
    assert.equal(state(Decision.skip("nothing new")), 1);
    assert.equal(state(Decision.because("counted").keep(2)), 2);
    assert.equal(state(Decision.because("left").forget()), undefined);
});

test("a decision is not changed by what is made of it", () => {
    const nothing = Decision.skip("nothing");
    nothing.addTag("a", "b").andBecause("more").keep(1);
    assert.deepEqual([nothing.operations, nothing.reasons], [[], ["nothing"]]);
});

test("what one moment throws fails this moment only", () => {
    const odd = defineCampaign((moment) => {
        if (moment.seed % 2 === 1) {
            throw new RangeError("odd");
        }
        return Decision.skip("even");
    });
    const seeds = [1, 2].map((seed) => moment("page", {}, { seed }).raw);
    assert.deepEqual(odd.decide("{}", seeds), [
        { tag: "err", val: { tag: "other", val: "RangeError: odd" } },
        { tag: "ok", val: { operations: [], state: null, reasons: ["even"] } },
    ]);
});

test("a mistake that the engine would trap on becomes a failure that names it", () => {
    const fails = (decision: unknown, why: RegExp) =>
        assert.throws(
            () =>
                decide(
                    defineCampaign(() => decision as Decision),
                    moment("page"),
                ),
            why,
        );
    fails(undefined, /what a campaign returns must be a Decision, not undefined/);
    fails(Promise.resolve(), /not a Promise/);
    fails(Decision.because("x").grantMoney("b", 0.5, "r"), /`grant-money`: amount must be a whole number/);
    fails(Decision.because("x").earnPoints("points", -1, "r"), /a whole number from 0/);
    fails(Decision.because("x").keep({ at: 1n }), /the state to keep is no JSON/);
    fails(
        Decision.because("x").startTimer("k", NOW, () => 1),
        /the payload of a timer must be JSON/,
    );
    fails(Decision.because("x").emit("e", [1]), /the properties of an event must be a JSON object/);
    fails(Decision.because(7 as unknown as string), /a reason must be a text, not 7/);
});

test("halves of surrogate pairs are replaced", () => {
    assert.deepEqual(
        decide(
            defineCampaign(() => Decision.skip("\ud83c")),
            moment("page"),
        ).reasons,
        ["\ufffd"],
    );
});

test("settings that do not fit fail every moment as bad configuration", () => {
    const read = (config: unknown): Settings => {
        if (typeof (config as Partial<Settings>).minimum !== "number") {
            throw new Error("`minimum`: expected a number");
        }
        return config as Settings;
    };
    const strict = defineCampaign<Settings>((_, settings) => Decision.skip(String(settings.minimum)), read);
    const two = [moment("page").raw, moment("page").raw];
    const failure = { tag: "err", val: { tag: "bad-config", val: "`minimum`: expected a number" } };
    assert.deepEqual(strict.decide('{"minimum": "1"}', two), [failure, failure]);
    assert.equal(strict.decide("{", two)[0]?.tag, "err");
    assert.deepEqual(decide(strict, moment("page"), { minimum: 3 }).reasons, ["3"]);
});

test("timers bring their payload back", () => {
    const due = moment("guanxi.timer", { key: "remind", payload: { step: 2 } });
    assert.deepEqual(due.timer("remind"), { step: 2 });
    assert.equal(due.timer("other"), undefined);
    assert.equal(moment("page", { key: "remind" }).timer("remind"), undefined);
});

test("a property of another type is bad input", () => {
    const order = event("Order Completed", { total: "7", none: null });
    assert.equal(order.text("total"), "7");
    assert.equal(order.number("none"), undefined);
    assert.throws(
        () => order.number("total"),
        new Failure("bad-input", 'event.properties.total: expected a number, got "7"'),
    );
});

test("languages match without their region", () => {
    for (const [locale, zh] of [
        ["zh-Hant-TW", true],
        ["ZH", true],
        ["en-US", false],
        [undefined, false],
    ] as const) {
        assert.equal(moment("page", {}, { person: { locale } }).person.speaks("zh"), zh, locale);
    }
});

test("the same moment draws the same, another one something else", () => {
    const draw = (seed: number) => {
        const rng = moment("page", {}, { seed }).rng();
        return [rng.next(), rng.integer(1, 6), rng.pick(["a", "b", "c"]), rng.chance(0.5)];
    };
    assert.deepEqual(draw(2 ** 53 - 1), draw(2 ** 53 - 1));
    assert.notDeepEqual(draw(1), draw(2 ** 32 + 1));
});

test("chance is even", () => {
    const rng = moment("page").rng();
    const counts = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 60_000; i++) {
        counts[rng.integer(1, 6) - 1]!++;
    }
    assert.ok(
        counts.every((count) => Math.abs(count - 10_000) < 500),
        String(counts),
    );
});

test("lines are kept until they are taken", () => {
    takeLines();
    decide(thanks, moment("Order Completed", { total: 3 }), { minimum: 5 });
    assert.deepEqual(takeLines(), [{ level: "info", line: "3 is less than 5" }]);
    assert.deepEqual(takeLines(), []);
});
