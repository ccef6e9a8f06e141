// An installation's configuration: JSON from the host, a type of the author's choice in the plugin.

import { Failure } from "./failure.ts";

/**
 * Makes settings of an installation's configuration, and throws where it does not fit; runs once a call.
 *
 * Without one, the configuration is taken as it is: the host has checked it against `[config]` of the manifest and
 * filled in defaults. Any validating library will do: `schema.parse` of most has this shape.
 */
export type ReadSettings<Settings> = (config: unknown) => Settings;

/** Reads a configuration; whatever is wrong with it is a failure of kind `bad-config`. */
export function readSettings<Settings>(config: string, read?: ReadSettings<Settings>): Settings {
    try {
        const value: unknown = JSON.parse(config === "" ? "{}" : config);
        return read === undefined ? (value as Settings) : read(value);
    } catch (problem) {
        throw problem instanceof Failure
            ? problem
            : Failure.badConfig(problem instanceof Error ? problem.message : String(problem));
    }
}
