// Campaigns: what to do about one moment of one person.

import { settle } from "../failure.ts";
import { instance } from "../lower.ts";
import type { RawDecision, RawMoment, RawResult } from "../raw.ts";
import { readSettings, type ReadSettings } from "../settings.ts";
import { Decision } from "./decision.ts";
import { Moment } from "./moment.ts";

/** What a component exports as `campaign`; made by {@link defineCampaign}. */
export interface Campaign {
    /** @internal */
    decide(config: string, moments: readonly RawMoment[]): RawResult<RawDecision>[];
}

/**
 * Makes a campaign of a function that decides about one moment; what it throws fails this moment only.
 *
 * ```ts
 * export const campaign = defineCampaign((moment) =>
 *     Decision.because("somebody new").send(
 *         Message.text("Hello {{name}}!").with("name", moment.person.text("name") ?? "friend"),
 *     ),
 * );
 * ```
 */
export function defineCampaign<Settings = unknown>(
    decide: (moment: Moment, settings: Settings) => Decision,
    read?: ReadSettings<Settings>,
): Campaign {
    return {
        decide(config, moments) {
            const settings = settle(() => readSettings(config, read));
            if (settings.tag === "err") {
                return moments.map(() => settings);
            }
            return moments.map((raw) =>
                settle(() => {
                    const decision = decide(new Moment(raw), settings.val);
                    return instance("what a campaign returns", decision, Decision, "Decision").lower(raw.state);
                }),
            );
        },
    };
}
