// The host of a component, and the engine's own functions that a pure function must do without. Tests run natively get
// `testing/host.ts` instead: package.json maps `#host`.

/// <reference path="../contract.d.ts" />

import { log } from "guanxi:plugin/host@0.1.0";
import { Failure } from "../failure.ts";
import { places, type SourceMap } from "./places.ts";

export { log };

/** Where the component's entry leaves the bundle's source map. It is read while the component is made. */
const { guanxiSourceMap } = globalThis as { guanxiSourceMap?: SourceMap };
const locate = guanxiSourceMap && places(guanxiSourceMap);
delete (globalThis as { guanxiSourceMap?: SourceMap }).guanxiSourceMap;

/** Where an error was thrown, in the author's files, as words to follow its message. */
export function where(error: Error): string {
    const stack = error.stack ?? "";
    return locate?.(stack) ?? (stack === "" ? "" : ` (${stack.trim().split("\n", 1)[0]?.trim()})`);
}

/** The engine traps on the clock, which would lose the whole call, and its chance is frozen. */
function without(what: string, instead: string): () => never {
    return () => {
        throw Failure.other(`a plugin has no ${what}: ${instead}`);
    };
}

const noClock = without("clock", "use the `now` that it is called with");
globalThis.Date = new Proxy(Date, {
    apply: noClock,
    construct: (date, values, type) => (values.length === 0 ? noClock() : Reflect.construct(date, values, type)),
});
Date.now = noClock;
Math.random = without("chance of its own", "use `moment.rng()`");
