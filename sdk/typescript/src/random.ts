// Chance that is nothing but a seed.

/**
 * A generator of random numbers (sfc32) that draws the same for the same seed, on every machine. Not for secrets.
 *
 * Get it from {@link Moment.rng}.
 */
export class Rng {
    #a: number;
    #b: number;
    #c = 0x9e3779b9;
    #counter = 1;

    /** A generator for a seed of up to 2^53. */
    constructor(seed: number) {
        this.#a = seed >>> 0;
        this.#b = Math.floor(seed / 2 ** 32) >>> 0;
        for (let round = 0; round < 12; round++) {
            this.#word();
        }
    }

    /** From 0 up to, but not including, 1: 53 random bits. */
    next(): number {
        return ((this.#word() >>> 5) * 2 ** 26 + (this.#word() >>> 6)) / 2 ** 53;
    }

    /** A whole number from `low` to `high`, both included. */
    integer(low: number, high: number): number {
        return low + Math.floor(this.next() * (high - low + 1));
    }

    /** Whether something of this probability (0 to 1) happens. */
    chance(probability: number): boolean {
        return this.next() < probability;
    }

    /** One of several; `undefined` only of none. */
    pick<T>(choices: readonly T[]): T | undefined {
        return choices[this.integer(0, choices.length - 1)];
    }

    #word(): number {
        const word = (this.#a + this.#b + this.#counter) | 0;
        this.#counter = (this.#counter + 1) | 0;
        this.#a = this.#b ^ (this.#b >>> 9);
        this.#b = (this.#c + (this.#c << 3)) | 0;
        this.#c = (((this.#c << 21) | (this.#c >>> 11)) + word) | 0;
        return word >>> 0;
    }
}
