// Scorers: formulas over many people at once, in columns.

import { answer, Failure } from "./failure.ts";
import { instance, text } from "./lower.ts";
import type { RawColumn, RawScored } from "./raw.ts";
import { readSettings, type ReadSettings } from "./settings.ts";
import type { Instant } from "./words.ts";

/** The inputs of one call: one column an input, one row a person. */
export class People {
    /** How many people. */
    readonly rows: number;
    /** The time of the call. */
    readonly now: Instant;
    /** Whether terms are asked for; without that, computing them is wasted. */
    readonly explain: boolean;
    readonly #columns: readonly RawColumn[];
    readonly #names: readonly string[];

    /** @internal */
    constructor(names: readonly string[], columns: readonly RawColumn[], rows: number, now: Instant, explain: boolean) {
        this.rows = rows;
        this.now = now;
        this.explain = explain;
        this.#columns = columns;
        this.#names = names;
    }

    /** A column of measures, by its name or its position; NaN where unknown. */
    numbers(input: string | number): readonly number[] {
        return this.#column(input, "numbers", "number") as readonly number[];
    }

    /** A column of counts, money or times, by its name or its position; 0 where unknown. */
    integers(input: string | number): readonly number[] {
        return this.#column(input, "integers", "integer") as readonly number[];
    }

    /** A column of texts, by its name or its position; empty where unknown. */
    texts(input: string | number): readonly string[] {
        return this.#column(input, "texts", "text") as readonly string[];
    }

    #column(input: string | number, tag: RawColumn["tag"], type: string): RawColumn["val"] {
        const column = this.#columns[typeof input === "number" ? input : this.#names.indexOf(input)];
        if (column?.tag !== tag) {
            const is = column === undefined ? "known" : type;
            throw Failure.badInput(
                `input \`${input}\` is not ${is}: compare plugin.toml and the names given to defineScorer`,
            );
        }
        return column.val;
    }
}

/** The answer for all rows, written from left to right. Every method makes a new one. */
export class Scored {
    readonly #parts: RawScored;

    /** An answer without columns yet. */
    constructor(parts: RawScored = { scores: [], terms: [] }) {
        this.#parts = parts;
    }

    /** Adds a score of the manifest, one value a row; NaN keeps a person without it. */
    score(name: string, values: Iterable<number>): Scored {
        const score = { name: text("a score's name", name), values: Float64Array.from(values) };
        return new Scored({ ...this.#parts, scores: [...this.#parts.scores, score] });
    }

    /** Adds a score of the manifest that is the sum of its terms, and the terms. */
    sum(score: string, terms: { readonly [name: string]: readonly number[] }): Scored {
        const columns = Object.values(terms);
        const sums = (columns[0] ?? []).map((_, row) => columns.reduce((sum, values) => sum + (values[row] ?? NaN), 0));
        return Object.entries(terms)
            .reduce<Scored>((scored, [name, values]) => scored.term(score, name, values), this)
            .score(score, sums);
    }

    /** Adds a term that explains a score, one value a row. */
    term(score: string, name: string, values: Iterable<number>): Scored {
        const names = { score: text("a term's score", score), name: text("a term's name", name) };
        return new Scored({
            ...this.#parts,
            terms: [...this.#parts.terms, { ...names, values: Float64Array.from(values) }],
        });
    }

    /** @internal */
    lower(rows: number, explain: boolean): RawScored {
        const { scores, terms } = this.#parts;
        const short = [...scores, ...terms].find(({ values }) => values.length !== rows);
        if (short !== undefined) {
            throw Failure.other(`the column \`${short.name}\` has ${short.values.length} values for ${rows} people`);
        }
        return { scores, terms: explain ? terms : [] };
    }
}

/** What a component exports as `scorer`; made by {@link defineScorer}. */
export interface Scorer {
    /** @internal */
    scoreAll(config: string, inputs: readonly RawColumn[], rows: number, now: number, explain: boolean): RawScored;
}

/**
 * Makes a scorer of a function that scores all rows; every column of its answer is as long as `people.rows`.
 *
 * `inputs` are the names of the manifest's `inputs`, in its order; columns are asked for by them, or by position.
 *
 * ```ts
 * export const scorer = defineScorer(["revenue", "order-count"], (people) => {
 *     const orders = people.integers("order-count");
 *     const basket = people.integers("revenue").map((sum, row) => sum / Math.max(orders[row]!, 1));
 *     return new Scored().score("basket-size", basket);
 * });
 * ```
 */
export function defineScorer<Settings = unknown>(
    inputs: readonly string[],
    score: (people: People, settings: Settings) => Scored,
    read?: ReadSettings<Settings>,
): Scorer {
    return {
        scoreAll(config, columns, rows, now, explain) {
            return answer(() => {
                const settings = readSettings(config, read);
                const scored = score(new People(inputs, columns, rows, now, explain), settings);
                return instance("what a scorer returns", scored, Scored, "Scored").lower(rows, explain);
            });
        },
    };
}
