"""One component of two kinds: scores how loyal a person is, and thanks the loyal ones."""

from guanxi_plugin import Decision, Message, Moment, People, Scored, campaign, scorer


@scorer
def loyalty(config: None, people: People) -> Scored:
    return Scored().score("loyalty", (min(orders, 10) for orders in people.integers(0)))


@campaign
def thanks(config: None, moment: Moment) -> Decision:
    if (moment.person.score("loyalty") or 0) >= 3:
        return Decision.because("loyal").send(Message.text("Thank you, again!"))
    return Decision.skip("fewer than three orders")
