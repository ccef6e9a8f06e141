import assert from "node:assert/strict";
import { test } from "node:test";

import { build } from "esbuild";

import { places } from "../src/component/places.ts";

const SOURCE = `interface Order { total?: { amount: number } }

export function amount(order: Order): number {
    // Gone from the bundle.
    return order.total!.amount;
}
`;

test("a stack in the bundle is told in lines of the source", async () => {
    const { outputFiles } = await build({
        stdin: { contents: SOURCE, sourcefile: "src/plugin.ts", loader: "ts" },
        bundle: true,
        format: "esm",
        sourcemap: "external",
        outfile: "build/plugin.js",
        write: false,
    });
    const [map, bundle] = outputFiles.map(({ text }) => text);
    const line = bundle!.split("\n").findIndex((text) => text.includes("return order.total.amount")) + 1;
    const where = places(JSON.parse(map!));
    assert.equal(
        where(`    at amount (/build/plugin.js:${line}:10)\n    at map (native)\n`),
        " (amount, src/plugin.ts:5)",
    );
    assert.equal(where("    at <anonymous> (/build/plugin.js:9999:1)\n"), undefined);
});
