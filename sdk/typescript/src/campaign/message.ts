// Writing a message: content, values, and the rules it follows.

import { integer, jsonObject, optional, text } from "../lower.ts";
import type { RawMessage } from "../raw.ts";
import type { Instant } from "../words.ts";

/** Which rules a message must follow: answers the person, is part of a purchase or service, or anything else. */
export type MessageClass = "reply" | "transactional" | "marketing";

/** What fills a `{{name}}`. */
export type Variable = string | number | boolean | null | undefined;

/** A neutral content document, the same for every channel. */
export interface Content {
    /** What it says; `{{name}}` stands for the value given by {@link Message.with}. */
    readonly text: string;
    /** A headline. */
    readonly title?: string | undefined;
    /** Where it leads. */
    readonly url?: string | undefined;
    /** Whatever else a channel understands. */
    readonly [name: string]: unknown;
}

/** What a message is made of. */
export interface MessageParts {
    /** The document, or the name of a content that the tenant keeps. */
    readonly content: { readonly inline: Content } | { readonly stored: string };
    /** Values for `{{name}}` in the content. */
    readonly variables: { readonly [name: string]: Variable };
    /** Which rules it follows. */
    readonly class: MessageClass;
    /** The purpose that the person must have consented to. */
    readonly purpose: string;
    /** The channel to use. */
    readonly channel?: string | undefined;
    /** Not sent before this time. */
    readonly notBefore?: Instant | undefined;
    /** Not sent after this time. */
    readonly expires?: Instant | undefined;
}

/**
 * A message to the person of the moment; marketing for the purpose `marketing` unless said otherwise. Every method
 * makes a new one.
 *
 * ```ts
 * Message.text("Your parcel {{number}} is on its way")
 *     .with("number", "SF-1024")
 *     .class("transactional")
 *     .purpose("delivery");
 * ```
 */
export class Message {
    /** What it is made of. */
    readonly parts: MessageParts;

    private constructor(parts: MessageParts) {
        this.parts = parts;
    }

    /** A plain text; `{{name}}` stands for the value given by {@link Message.with}. */
    static text(text: string): Message {
        return Message.document({ text });
    }

    /** A neutral content document; at least `text`. */
    static document(document: Content): Message {
        return Message.of({ inline: document });
    }

    /** A content that the tenant keeps under this name. */
    static stored(name: string): Message {
        return Message.of({ stored: name });
    }

    private static of(content: MessageParts["content"]): Message {
        return new Message({ content, variables: {}, class: "marketing", purpose: "marketing" });
    }

    /** Gives `{{name}}` its value; one that is null or undefined fills in nothing. */
    with(name: string, value: Variable): Message {
        return this.#but({ variables: { ...this.parts.variables, [name]: value } });
    }

    /** Which rules it follows. */
    class(rules: MessageClass): Message {
        return this.#but({ class: rules });
    }

    /** The purpose that the person must have consented to. */
    purpose(purpose: string): Message {
        return this.#but({ purpose });
    }

    /** The channel to use; the host picks the best one if none is named. */
    channel(channel: string): Message {
        return this.#but({ channel });
    }

    /** Not sent before this time. */
    notBefore(time: Instant): Message {
        return this.#but({ notBefore: time });
    }

    /** Not sent after this time. */
    expires(time: Instant): Message {
        return this.#but({ expires: time });
    }

    #but(changes: Partial<MessageParts>): Message {
        return new Message({ ...this.parts, ...changes });
    }
}

/** A message as the contract says it. */
export function lowerMessage(parts: MessageParts): RawMessage {
    const { content } = parts;
    return {
        content:
            "stored" in content
                ? { tag: "stored", val: text("a message's content", content.stored) }
                : { tag: "inline", val: jsonObject("a message's content", content.inline) },
        variables: jsonObject("a message's variables", parts.variables),
        class: parts.class,
        purpose: text("a message's purpose", parts.purpose),
        channel: optional(parts.channel, (channel) => text("a message's channel", channel)),
        notBefore: optional(parts.notBefore, (time) => integer("a message's notBefore", time)),
        expires: optional(parts.expires, (time) => integer("a message's expires", time)),
    };
}
