import assert from "node:assert/strict";
import { test } from "node:test";

import {
    defineAudience,
    defineConnector,
    definePoll,
    defineReceive,
    defineSession,
    hmac,
    Outcome,
    PollStep,
    Refusal,
    Request,
    Step,
} from "../src/index.ts";
import { NOW, outbound, response, resume, send, setSecret, takeLines } from "../src/testing/index.ts";

interface Settings {
    readonly url: string;
}

const chat = defineConnector<Settings>({
    send: (message, { url }) =>
        Step.perform(Request.post(url).json({ to: message.addressValue, text: message.content.text }), "sent 你好"),
    resume({ response, continuation }) {
        return continuation === "sent 你好" && response.isSuccess
            ? Step.sent(response.json<string>())
            : Step.done(response.outcome());
    },
});
const settings = { url: "https://chat.example" };
const raw = { status: 200, headers: [], body: new Uint8Array() };

test("a message becomes a request", () => {
    const step = send(chat, outbound("user:7:x", { text: "你好 🍵" }), settings);
    const request = new Request(
        "POST",
        "https://chat.example",
        [["content-type", "application/json"]],
        '{"to":"7:x","text":"你好 🍵"}',
    );
    assert.deepEqual(step, { do: "perform", request, continuation: "sent 你好" });
});

test("a response becomes an outcome", () => {
    assert.deepEqual(resume(chat, response(200, '"77"'), "sent 你好"), Step.sent("77"));
    assert.throws(() => resume(chat, response(200, "{"), "sent 你好"), /^Failure: the channel's answer: /);
    assert.throws(
        () => resume(chat, response(200, new Uint8Array([0xff])), "sent 你好"),
        /the channel's answer: no UTF-8/,
    );
});

test("a status is an outcome", () => {
    const rejected = (status: number) => Outcome.rejected(`the channel answered ${status}`);
    for (const [status, retryAfter, outcome] of [
        [204, undefined, Outcome.sent()],
        [301, undefined, rejected(301)],
        [400, undefined, rejected(400)],
        [410, undefined, Outcome.recipientGone("the channel answered 410 Gone")],
        [408, undefined, Outcome.retryAfter(30)],
        [429, "7", Outcome.retryAfter(7)],
        [503, "Fri, 31 Dec 1999 23:59:59 GMT", Outcome.retryAfter(30)],
        [503, "99999999999", Outcome.retryAfter(86_400)],
    ] as const) {
        const headers = retryAfter === undefined ? [] : [["Retry-After", retryAfter] as const];
        assert.deepEqual(response(status, "", headers).outcome(), outcome);
    }
});

test("every outcome survives the contract", () => {
    for (const outcome of [
        Outcome.sent("1"),
        Outcome.refreshSession(),
        Outcome.retryAfter(3),
        Outcome.quotaExhausted(NOW),
        Outcome.windowClosed(),
        Outcome.recipientGone("moved"),
        Outcome.rejected("too long"),
    ]) {
        const connector = defineConnector({ send: () => Step.done(outcome), resume: () => Step.done(outcome) });
        assert.deepEqual(send(connector, outbound("user:7", { text: "x" })), Step.done(outcome));
    }
});

test("the host computes with secrets that the plugin never sees", () => {
    setSecret("signing-key", "key");
    const mac = hmac("signing-key", "sha256", "The quick brown fox jumps over the lazy dog");
    assert.equal(Buffer.from(mac).toString("hex", 0, 4), "f7bc83f4");
    assert.throws(() => hmac("other", "sha1", ""), /the secret `other` is not set/);
});

test("a session is asked for", () => {
    const session = defineSession<Settings>(({ url }) => ({
        request: Request.get(`${url}/token?secret={{secret:app}}`),
        tokenPointer: "/access_token",
        lifetimeSeconds: 7200,
    }));
    assert.deepEqual(session.authorize(JSON.stringify(settings)), {
        request: {
            method: "GET",
            url: "https://chat.example/token?secret={{secret:app}}",
            headers: [],
            body: new Uint8Array(),
        },
        tokenPointer: "/access_token",
        lifetimePointer: null,
        lifetimeSeconds: 7200,
    });
});

test("callbacks are received or refused, and a mistake crashes the call after a line in the log", () => {
    const receive = defineReceive((request) => {
        if (request.header("X-Signature") !== "good") {
            throw Refusal.badSignature();
        }
        const { user } = request.json<{ user?: string }>();
        const event = { kind: "message", at: request.now, properties: { length: user!.length } };
        return { reply: { status: 200, body: "ok" }, events: [{ key: "1", identities: [`user:${user}`], event }] };
    });
    const call = (body: string, signature = "good") => {
        const headers = [{ name: "x-signature", value: signature }];
        return receive.receive("{}", { method: "POST", query: "", headers, body: Buffer.from(body) }, 5);
    };
    const event = { id: "", kind: "message", at: 5, channel: null, touchpoint: null, properties: '{"length":1}' };
    assert.deepEqual(call('{"user":"7"}'), {
        reply: { status: 200, headers: [], body: new Uint8Array(Buffer.from("ok")) },
        events: [{ key: "1", identities: ["user:7"], event }],
    });
    const thrown = (work: () => unknown): unknown => {
        try {
            return work();
        } catch (problem) {
            return problem;
        }
    };
    assert.deepEqual(
        thrown(() => call("{}", "bad")),
        { tag: "bad-signature" },
    );
    assert.equal((thrown(() => call("{")) as { tag: string }).tag, "malformed");
    takeLines();
    assert.ok(thrown(() => call("{}")) instanceof TypeError);
    assert.match(takeLines()[0]?.line ?? "", /^TypeError: /);
});

test("what is new is asked for page by page", () => {
    const poll = definePoll<Settings>({
        poll: ({ cursor }, { url }) => PollStep.perform(Request.get(`${url}?after=${cursor ?? ""}`)),
        resume: ({ response }) => PollStep.done({ cursor: response.text(), events: [], more: true }),
    });
    const asked = poll.poll(JSON.stringify(settings), null, NOW);
    assert.equal(asked.tag === "perform" && asked.val.request.url, "https://chat.example?after=");
    const page = poll.resumePoll(
        JSON.stringify(settings),
        new Uint8Array(),
        { ...raw, body: Buffer.from("next") },
        NOW,
    );
    assert.deepEqual(page, { tag: "done", val: { cursor: "next", events: [], more: true } });
});

test("audiences are uploaded", () => {
    const audience = defineAudience<Settings>({
        upload: (change, { url }) => Step.perform(Request.post(url).json(change.add)),
        resume: ({ response }) => Step.done(response.outcome()),
    });
    const step = audience.upload(JSON.stringify(settings), { audience: "vip", add: ["a1"], remove: [] });
    assert.equal(step.tag === "perform" && Buffer.from(step.val.request.body).toString(), '["a1"]');
    assert.deepEqual(audience.resumeUpload("{}", new Uint8Array(), raw, NOW), {
        tag: "done",
        val: { tag: "sent", val: null },
    });
});
