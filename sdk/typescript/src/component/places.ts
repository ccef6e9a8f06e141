// From a stack in the bundle to lines of the author's files, by the source map that esbuild writes.

/** As far as it is read here. */
export interface SourceMap {
    readonly sources: readonly string[];
    readonly mappings: string;
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const FRAME = /^\s*at (\S+) \(.*?:(\d+):(\d+)\)$/gm;
const FRAMES_MAX = 3;
/** Numbers a segment. */
const WIDTH = 4;
/** This file, by which the package knows its own. */
const HERE = "component/places.ts";

/** Makes a function that says where a stack passes through the author's own files, innermost first. */
export function places(map: SourceMap): (stack: string) => string | undefined {
    const segments = decode(map.mappings);
    const files = map.sources.map((source) => source.replace(/^(\.\.\/)+/, ""));
    const ours = files.find((file) => file.endsWith(HERE))?.replace(HERE, "");
    return (stack) => {
        const found: string[] = [];
        for (const [, name = "", line, column] of stack.matchAll(FRAME)) {
            const [source = -1, place = 0] = look(segments, Number(line) - 1, Number(column) - 1);
            const file = files[source];
            if (file !== undefined && !(ours !== undefined && file.startsWith(ours))) {
                found.push(`${name.startsWith("<") ? "" : `${name}, `}${file}:${place + 1}`);
            }
            if (found.length === FRAMES_MAX) {
                break;
            }
        }
        return found.length === 0 ? undefined : ` (${found.join("; called by ")})`;
    };
}

/** The source and its line of the last segment that begins at or before a place on a line of the bundle. */
function look(
    segments: Int32Array,
    line: number,
    column: number,
): [source?: number | undefined, line?: number | undefined] {
    let [low, high] = [0, segments.length / WIDTH];
    while (low < high) {
        const middle = (low + high) >>> 1;
        const [at = 0, from = 0] = segments.subarray(middle * WIDTH);
        if (at < line || (at === line && from <= column)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const [at, , source, place] = segments.subarray((low - 1) * WIDTH);
    return low > 0 && at === line ? [source, place] : [];
}

/**
 * In a row of numbers, where lines of the sources begin: line and column of the bundle, source and its line. Little
 * garbage, for the heap becomes part of the component.
 *
 * A segment is numbers in base 64, each relative to the one before: five bits a digit, lowest first, the sign in the
 * lowest bit. Columns start again on every line.
 */
function decode(mappings: string): Int32Array {
    const segments = new Int32Array(mappings.length);
    const now = [0, 0, 0, 0, 0];
    let [length, line, part, value, shift] = [0, 0, 0, 0, 0];
    for (let at = 0; at <= mappings.length; at++) {
        const character = mappings.charAt(at);
        if (character === "," || character === ";" || character === "") {
            const [column = 0, source = 0, place = 0] = now;
            const goesOn =
                segments[length - WIDTH] === line && segments[length - 2] === source && segments[length - 1] === place;
            if (part > 1 && !goesOn) {
                segments.set([line, column, source, place], length);
                length += WIDTH;
            }
            part = 0;
            if (character === ";") {
                line++;
                now[0] = 0;
            }
            continue;
        }
        const digit = DIGITS.indexOf(character);
        value |= (digit & 31) << shift;
        shift += 5;
        if (digit < 32) {
            now[part]! += value & 1 ? -(value >>> 1) : value >>> 1;
            [part, value, shift] = [part + 1, 0, 0];
        }
    }
    return segments.slice(0, length);
}
