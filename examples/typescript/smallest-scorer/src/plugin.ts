// The smallest scorer: what a person spends in one order.

import { defineScorer, Scored } from "guanxi-plugin";

export const scorer = defineScorer(["revenue", "order-count"], (people) => {
    const orders = people.integers("order-count");
    const basket = people.integers("revenue").map((sum, row) => sum / Math.max(orders[row] ?? 0, 1));
    return new Scored().score("basket-size", basket);
});
