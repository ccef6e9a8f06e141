// Writing requests and reading responses.

import { fromUtf8, utf8 } from "../bytes.ts";
import { Failure } from "../failure.ts";
import { json, list, text, wrong } from "../lower.ts";
import type { RawHeader, RawRequest, RawResponse } from "../raw.ts";
import { parse } from "../words.ts";
import { Outcome } from "./outcome.ts";

/** Seconds to wait where the channel does not say. */
const WAIT_DEFAULT = 30;
/** The longest wait taken from a channel: a day. */
const WAIT_MAX = 86_400;
/** The longest body that is read as text: more would burn the fuel of the call, and so lose it. */
const TEXT_BYTES_MAX = 64 * 1024;

/** One header line: a name, whose case does not matter, and its value. */
export type Header = readonly [name: string, value: string];

/**
 * A request for the host to perform. It replaces `{{secret:NAME}}` and `{{session}}` in URL and header values on the
 * way out, for granted hosts only. Every method makes a new one.
 */
export class Request {
    /** `GET`, `POST` … */
    readonly method: string;
    /** Absolute, `https` unless the operator allows more. */
    readonly url: string;
    /** In order. */
    readonly headers: readonly Header[];
    /** Raw bytes, or a text that goes out as UTF-8. */
    readonly content: string | Uint8Array;

    /** A request of any method; {@link Request.get} and {@link Request.post} are shorter. */
    constructor(method: string, url: string, headers: readonly Header[] = [], content: string | Uint8Array = "") {
        this.method = method;
        this.url = url;
        this.headers = headers;
        this.content = content;
    }

    /** A `GET` request. */
    static get(url: string): Request {
        return new Request("GET", url);
    }

    /** A `POST` request. */
    static post(url: string): Request {
        return new Request("POST", url);
    }

    /** Adds a header. */
    header(name: string, value: string): Request {
        return new Request(this.method, this.url, [...this.headers, [name, value]], this.content);
    }

    /** Sets the body. */
    body(content: string | Uint8Array): Request {
        return new Request(this.method, this.url, this.headers, content);
    }

    /** Sets a JSON body and its content type. */
    json(value: unknown): Request {
        return this.header("content-type", "application/json").body(json("the body of a request", value));
    }

    /** @internal */
    lower(): RawRequest {
        return {
            method: text("a request's method", this.method),
            url: text("a request's url", this.url),
            headers: lowerHeaders(this.headers),
            body: lowerBytes("a request's body", this.content),
        };
    }
}

/** A response of the channel. */
export class Response {
    /** Status code. */
    readonly status: number;
    /** In order. */
    readonly headers: readonly Header[];
    /** Raw bytes, at most as many as the host allows. */
    readonly body: Uint8Array;

    /** @internal */
    constructor(raw: RawResponse) {
        this.status = raw.status;
        this.headers = raiseHeaders(raw.headers);
        this.body = raw.body;
    }

    /** The first header of this name; case does not matter. */
    header(name: string): string | undefined {
        return findHeader(this.headers, name);
    }

    /** Whether the status is one of success. */
    get isSuccess(): boolean {
        return this.status >= 200 && this.status < 300;
    }

    /** The body as text; a {@link Failure} of kind `bad-input` if it is no UTF-8, or has more than 64 KiB. */
    text(): string {
        return bodyText("the channel's answer", this.body);
    }

    /** The body as JSON, taken as a `T`; a {@link Failure} of kind `bad-input` if it is none, or has more than 64 KiB. */
    json<T = unknown>(): T {
        return parse("the channel's answer", this.text()) as T;
    }

    /** Seconds to wait by its `Retry-After` header, at most a day; half a minute if it says nothing usable. */
    retryAfter(): number {
        const said = this.header("retry-after")?.trim() ?? "";
        return /^\d+$/.test(said) ? Math.min(Number(said), WAIT_MAX) : WAIT_DEFAULT;
    }

    /**
     * What the status alone says, for channels that follow HTTP: 2xx sent, 410 gone, 408, 425, 429 and 5xx again later,
     * everything else rejected.
     */
    outcome(): Outcome {
        if (this.isSuccess) {
            return Outcome.sent();
        }
        if (this.status === 410) {
            return Outcome.recipientGone("the channel answered 410 Gone");
        }
        const later = [408, 425, 429].includes(this.status) || (this.status >= 500 && this.status < 600);
        return later ? Outcome.retryAfter(this.retryAfter()) : Outcome.rejected(`the channel answered ${this.status}`);
    }
}

/** The first header of a name. */
export function findHeader(headers: readonly Header[], name: string): string | undefined {
    return headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
}

/** A body from outside as text. */
export function bodyText(what: string, body: Uint8Array): string {
    if (body.length > TEXT_BYTES_MAX) {
        throw Failure.badInput(`${what}: ${body.length} bytes, more than ${TEXT_BYTES_MAX}`);
    }
    const read = fromUtf8(body);
    if (read === undefined) {
        throw Failure.badInput(`${what}: no UTF-8`);
    }
    return read;
}

/** Headers as the contract says them. */
export function lowerHeaders(headers: readonly Header[]): RawHeader[] {
    return list("headers", headers, ([name, value]) => ({
        name: text("a header's name", name),
        value: text(`the header \`${name}\``, value),
    }));
}

/** Headers as authors see them. */
export function raiseHeaders(headers: readonly RawHeader[]): Header[] {
    return headers.map(({ name, value }) => [name, value]);
}

/** A body as the contract says it. */
export function lowerBytes(what: string, content: string | Uint8Array): Uint8Array {
    if (typeof content === "string") {
        return utf8(content);
    }
    if (!(content instanceof Uint8Array)) {
        throw wrong(what, "a text or a Uint8Array", content);
    }
    return content;
}
