// One component of two kinds: scores how loyal a person is, and thanks the loyal ones.

import { Decision, defineCampaign, defineScorer, Message, Scored } from "guanxi-plugin";

export const scorer = defineScorer(["order-count"], (people) =>
    new Scored().score(
        "loyalty",
        people.integers("order-count").map((orders) => Math.min(orders, 10)),
    ),
);

export const campaign = defineCampaign((moment) =>
    (moment.person.score("loyalty") ?? 0) >= 3
        ? Decision.because("loyal").send(Message.text("Thank you, again!"))
        : Decision.skip("fewer than three orders"),
);
