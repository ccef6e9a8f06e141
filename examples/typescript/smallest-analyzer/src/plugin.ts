// The smallest analyzer: hears complaints.

import { defineAnalyzer, Reading } from "guanxi-plugin";

export const analyzer = defineAnalyzer((text) => {
    const complains = ["refund", "broken", "退款", "投诉"].some((word) => text.body.includes(word));
    return complains ? new Reading().tag("intent", "complaint", 0.8).mood(-0.5) : new Reading();
});
