"""Greets whoever says who they are."""

import json

from componentize_py_types import Ok, Result
from wit_world import exports
from wit_world.exports.campaign import Content_Inline, Decision, Message, MessageClass, Moment, Operation_Send
from wit_world.imports.types import Failure, Value_Text


def decide_one(moment: Moment) -> Decision:
    if moment.event.kind != "identify":
        return Decision([], moment.state, [f"`{moment.event.kind}` is not an introduction"])
    texts = {field.name: field.value.value for field in moment.person.fields if isinstance(field.value, Value_Text)}
    message = Message(
        content=Content_Inline(json.dumps({"text": "Hello {{name}}!"})),
        variables=json.dumps({"name": texts.get("name", "friend")}),
        class_=MessageClass.MARKETING,
        purpose="marketing",
        channel=None,
        not_before=None,
        expires=None,
    )
    return Decision([Operation_Send(message)], moment.state, ["somebody new"])


class Campaign(exports.Campaign):
    def decide(self, config: str, moments: list[Moment]) -> list[Result[Decision, Failure]]:
        return [Ok(decide_one(moment)) for moment in moments]
