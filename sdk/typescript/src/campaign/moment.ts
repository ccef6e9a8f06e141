// Reading a moment: kept state, timers and chance.

import { Failure } from "../failure.ts";
import { Rng } from "../random.ts";
import type { RawMoment } from "../raw.ts";
import { Event, Profile, type Instant } from "../words.ts";

/** The kind of the events that the host makes when a timer is due. */
export const TIMER = "guanxi.timer";

/** Everything a decision may depend on. */
export class Moment {
    /** What just happened. */
    readonly event: Event;
    /** To whom, after the event. */
    readonly person: Profile;
    /** The time of the decision. */
    readonly now: Instant;
    /** The only randomness there is: derived from event and installation, below 2^53. {@link Moment.rng} draws from it. */
    readonly seed: number;
    /** @internal */
    readonly raw: RawMoment;
    #history: readonly Event[] | undefined;

    /** @internal */
    constructor(raw: RawMoment) {
        this.event = new Event(raw.event);
        this.person = new Profile(raw.person);
        this.now = raw.now;
        this.seed = raw.seed;
        this.raw = raw;
    }

    /** Earlier events of the kinds that the manifest's `history` asks for, newest first. */
    get history(): readonly Event[] {
        return (this.#history ??= this.raw.history.map((event) => new Event(event)));
    }

    /** What the installation kept for this person the last time, see {@link Decision.keep}; taken as a `State`. */
    kept<State = unknown>(): State | undefined {
        if (this.raw.state === null) {
            return undefined;
        }
        try {
            return JSON.parse(this.raw.state) as State;
        } catch (problem) {
            throw Failure.badInput(`the kept state cannot be read: ${(problem as Error).message}`);
        }
    }

    /** Whether this moment is a timer of this installation coming due, whatever its key. */
    get isTimer(): boolean {
        return this.event.kind === TIMER;
    }

    /** The payload of the timer `key`, taken as a `Payload`, if that is what just came due. */
    timer<Payload = unknown>(key: string): Payload | undefined {
        const due = this.isTimer && this.event.text("key") === key;
        return due ? (this.event.properties["payload"] as Payload) : undefined;
    }

    /** A generator of random numbers that draws the same for the same moment, however often it is decided. */
    rng(): Rng {
        return new Rng(this.seed);
    }
}
