// The log: lines kept with the decision and shown to the tenant.

import { log as write } from "#host";

/** How much a line matters: for the author, for the curious, somebody should look, something failed. */
export type Level = "debug" | "info" | "warn" | "error";

/**
 * Writes lines into the log, which stands in the receipt. A line has 1,024 bytes, longer ones are cut; a call has 32,
 * more are dropped.
 *
 * ```ts
 * log.warn(`no text for ${language}`);
 * ```
 */
export const log: { readonly [Name in Level]: (line: string) => void } = {
    debug: (line) => write("debug", String(line).toWellFormed()),
    info: (line) => write("info", String(line).toWellFormed()),
    warn: (line) => write("warn", String(line).toWellFormed()),
    error: (line) => write("error", String(line).toWellFormed()),
};
