"""The smallest scorer: what a person spends in one order."""

from guanxi_plugin import People, Scored, scorer


@scorer(inputs=["revenue", "order-count"])
def basket_size(config: None, people: People) -> Scored:
    orders = people.integers("order-count")
    revenue = people.integers("revenue")
    return Scored().score("basket-size", (total / max(n, 1) for total, n in zip(revenue, orders)))
