"""The smallest campaign: greets whoever says who they are."""

from guanxi_plugin import Decision, Message, Moment, campaign


@campaign
def hello(config: None, moment: Moment) -> Decision:
    name = moment.person.text("name") or "friend"
    return Decision.because("somebody new").send(Message.text("Hello {{name}}!", name=name))
