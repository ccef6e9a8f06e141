// Analyzers: texts to tags, mood, topics and language.

import { settle } from "./failure.ts";
import { instance, measure, optional, text, texts } from "./lower.ts";
import type { RawReading, RawResult, RawText } from "./raw.ts";
import { readSettings, type ReadSettings } from "./settings.ts";
import { lowerTag, type Tag } from "./words.ts";

/** Something somebody wrote or said. */
export interface Text {
    /** For log lines. */
    readonly id: string;
    /** BCP 47 language tag, if known. */
    readonly language: string | undefined;
    /** The text itself. */
    readonly body: string;
}

/** What the analyzer reads in one text, written from left to right. Every method makes a new one. */
export class Reading {
    readonly #parts: RawReading;

    /** A reading that says nothing yet. */
    constructor(parts: RawReading = { tags: [], mood: null, topics: [], language: null, flagged: [] }) {
        this.#parts = parts;
    }

    /** Labels the person who wrote it; `weight` from 0 to 1. */
    tag(dimension: string, name: string, weight = 1): Reading {
        const tag: Tag = { dimension, name, weight };
        return new Reading({ ...this.#parts, tags: [...this.#parts.tags, tag] });
    }

    /** From -1 (angry) to 1 (delighted). */
    mood(mood: number): Reading {
        return new Reading({ ...this.#parts, mood });
    }

    /** What the text is about. */
    topic(topic: string): Reading {
        return new Reading({ ...this.#parts, topics: [...this.#parts.topics, topic] });
    }

    /** The BCP 47 tag of the language it is written in. */
    language(language: string): Reading {
        return new Reading({ ...this.#parts, language });
    }

    /** A sensitive word found. */
    flag(word: string): Reading {
        return new Reading({ ...this.#parts, flagged: [...this.#parts.flagged, word] });
    }

    /** @internal */
    lower(): RawReading {
        const { tags, mood, topics, language, flagged } = this.#parts;
        return {
            tags: tags.map(lowerTag),
            mood: optional(mood, (value) => measure("a mood", value)),
            topics: texts("a topic", topics),
            language: optional(language, (value) => text("a language", value)),
            flagged: texts("a flagged word", flagged),
        };
    }
}

/** What a component exports as `analyzer`; made by {@link defineAnalyzer}. */
export interface Analyzer {
    /** @internal */
    readAll(config: string, texts: readonly RawText[]): RawResult<RawReading>[];
}

/**
 * Makes an analyzer of a function that reads one text; what it throws fails this text only.
 *
 * ```ts
 * export const analyzer = defineAnalyzer((text) =>
 *     text.body.includes("refund") ? new Reading().tag("intent", "complaint", 0.8).mood(-0.5) : new Reading(),
 * );
 * ```
 */
export function defineAnalyzer<Settings = unknown>(
    readText: (text: Text, settings: Settings) => Reading,
    read?: ReadSettings<Settings>,
): Analyzer {
    return {
        readAll(config, texts) {
            const settings = settle(() => readSettings(config, read));
            if (settings.tag === "err") {
                return texts.map(() => settings);
            }
            return texts.map(({ id, language, body }) =>
                settle(() => {
                    const reading = readText({ id, language: language ?? undefined, body }, settings.val);
                    return instance("what an analyzer returns", reading, Reading, "Reading").lower();
                }),
            );
        },
    };
}
