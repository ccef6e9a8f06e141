// What comes back from an exchange.

import { fromUtf8 } from "../bytes.ts";
import type { RawResponse } from "../raw.ts";
import type { Instant } from "../words.ts";
import { Response } from "./http.ts";

/** A response, with what the connector wanted to remember until it is there. */
export interface Answered {
    /** Of the channel. */
    readonly response: Response;
    /** As given with the request; empty if none was. */
    readonly continuation: string;
    /** When the response came. */
    readonly now: Instant;
}

/** As authors see it. */
export function answered(continuation: Uint8Array, response: RawResponse, now: Instant): Answered {
    return { response: new Response(response), continuation: fromUtf8(continuation) ?? "", now };
}
