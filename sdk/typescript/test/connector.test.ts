import assert from "node:assert/strict";
import { generateKeyPairSync, verify } from "node:crypto";
import { test } from "node:test";

import {
    decrypt,
    decryptGcm,
    defineAudience,
    defineConnector,
    definePoll,
    defineReceive,
    defineSession,
    encrypt,
    hash,
    hmac,
    Outcome,
    PollStep,
    Refusal,
    Request,
    sign,
    Step,
    verifySorted,
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
    assert.throws(
        () => resume(chat, response(200, new Uint8Array(65_537)), "sent 你好"),
        /the channel's answer: 65537 bytes, more than 65536/,
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
    setSecret("secret-key", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE");
    const ofTheDay = hmac(["TC3", { secret: "secret-key" }], "sha256", "2019-02-25");
    assert.equal(Buffer.from(ofTheDay).toString("hex", 0, 4), "d1308c81");
});

test("a digest is over parts, a secret among them", () => {
    setSecret("app-secret", "9a539709cafc1efc9ef05838be468a28");
    const path = "/ark/open_api/v1/items?app-key=xhs&page_no=1&page_size=50&status=0&timestamp=1469902537";
    const signature = hash("md5", [path, { secret: "app-secret" }]);
    assert.equal(Buffer.from(signature).toString("hex"), "72be6fad4dd0e5104dbdebbcdadb2a06");
    assert.throws(() => hash("md5", [{ secret: "app-secret" }]), /a secret is hashed together with other bytes only/);
});

test("what WeChat signs and encrypts is verified and decrypted", () => {
    setSecret("token", "123456");
    const echo = "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q==";
    const signature = Buffer.from("dd6b9c95b495b3f7e2901bfbc76c664930ffdb96", "hex");
    assert.ok(verifySorted("token", "sha1", ["1411443780", "437374425", echo], signature));
    assert.ok(!verifySorted("token", "sha1", ["1411443781", "437374425", echo], signature));
    setSecret("aes-key", Buffer.from("kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR=", "base64"));
    const text = decrypt("aes-key", "wechat", Buffer.from(echo, "base64"));
    assert.equal(Buffer.from(text).toString("latin1"), "\0\0\0\x135927782489442352469wx49f0ab532d5d035a");
    const expected = "oDdNBrkBv8jECi5FcAqu/kUbSJODRYO2+7RXrPXUL3wT67vsvRhVda6vIRVFZUNW5hulzKfeNV/LnUv0bPZEMw==";
    assert.equal(Buffer.from(encrypt("aes-key", "wechat", text)).toString("base64"), expected);
    const iv = new Uint8Array(16);
    assert.deepEqual(decrypt("aes-key", { iv }, encrypt("aes-key", { iv }, text)), text);
    assert.throws(() => decrypt("aes-key", { iv }, Buffer.from(echo, "base64").subarray(16, 48)), /the padding is wrong/);
    assert.throws(() => decrypt("token", { iv }, Buffer.from(echo, "base64")), /the secret `token` is of another kind/);
});

test("what WeChat Pay sealed is opened", () => {
    setSecret("api-key", "0123456789abcdef0123456789abcdef");
    const data = Buffer.from("DUcSjqrrCZUcIgcGSYN4WP5y0ZlUgmJS26+H6g==", "base64");
    const text = decryptGcm("api-key", "fdasflkja484", "certificate", data);
    assert.equal(Buffer.from(text).toString(), '{"amount":1}');
    assert.throws(() => decryptGcm("api-key", "fdasflkja484", "", data), /^Failure: the tag does not fit/);
});

test("private keys sign", () => {
    const [ed25519, p256] = [generateKeyPairSync("ed25519"), generateKeyPairSync("ec", { namedCurve: "P-256" })];
    setSecret("ed25519", ed25519.privateKey.export({ type: "pkcs8", format: "pem" }));
    setSecret("p256", p256.privateKey.export({ type: "sec1", format: "pem" }));
    assert.ok(verify(null, Buffer.from("x"), ed25519.publicKey, sign("ed25519", "ed25519", "x")));
    const [key, signature] = [p256.publicKey, sign("p256", "ecdsa-p256-sha256", "x")];
    assert.equal(signature.length, 64);
    assert.ok(verify("sha256", Buffer.from("x"), { key, dsaEncoding: "ieee-p1363" }, signature));
    assert.throws(() => sign("p256", "rsa-sha256", "x"), /the secret `p256` is of another kind/);
    setSecret("text", "no key");
    assert.throws(() => sign("text", "ed25519", "x"), /the secret `text` is of another kind/);
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
