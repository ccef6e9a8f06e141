import assert from "node:assert/strict";
import { test } from "node:test";

import { defineAnalyzer, defineScorer, Failure, Reading, Scored } from "../src/index.ts";
import { read, score } from "../src/testing/index.ts";

const sum = defineScorer(["left", "right"], (people) => {
    const [left, right] = [people.numbers("left"), people.numbers(1)];
    return new Scored().sum("sum", { left, right });
});

test("columns are found by name and position, and a sum explains itself", () => {
    assert.deepEqual(score(sum, [{ numbers: [1, 2] }, { numbers: [10, NaN] }]), {
        scores: { sum: [11, NaN] },
        terms: { sum: { left: [1, 2], right: [10, NaN] } },
    });
});

test("terms are dropped unless asked for", () => {
    assert.deepEqual(score(sum, [{ numbers: [1] }, { numbers: [10] }], {}, false).terms, {});
});

test("a wrong column names itself", () => {
    assert.throws(() => score(sum, [{ integers: [1] }, { numbers: [1] }]), /input `left` is not number/);
    assert.throws(() => score(sum, [{ numbers: [1] }]), /input `1` is not known/);
});

test("a column of another length is named", () => {
    const short = defineScorer([], () => new Scored().score("short", [1]));
    assert.throws(
        () => score(short, [{ texts: ["a", "b"] }]),
        new Failure("other", "the column `short` has 1 values for 2 people"),
    );
});

test("what one text throws fails this text only", () => {
    const analyzer = defineAnalyzer((text) => {
        if (text.language === "tlh") {
            throw Failure.badInput("no Klingon");
        }
        return new Reading().tag("intent", "greeting", 0.5).mood(1).topic("tea").language("en").flag("bad");
    });
    assert.deepEqual(read(analyzer, "Hello"), {
        tags: [{ dimension: "intent", name: "greeting", weight: 0.5 }],
        mood: 1,
        topics: ["tea"],
        language: "en",
        flagged: ["bad"],
    });
    assert.throws(() => read(analyzer, "nuqneH", "tlh"), new Failure("bad-input", "no Klingon"));
});
