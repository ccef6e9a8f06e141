"""All of the first contract's campaign and scorer, in Python: what goes in comes out again, through every operation and
value. Without the SDK: these are the types that `componentize-py` generates.
"""

from componentize_py_types import Err, Ok
from wit_world.exports import campaign as c
from wit_world.exports import scorer as s
from wit_world.imports import host, types


class Campaign:
    def decide(self, config, moments):
        host.log(host.Level.DEBUG, f"{len(moments)} moments")
        host.log(host.Level.INFO, config)
        host.log(host.Level.WARN, "警告")
        host.log(host.Level.ERROR, "")
        return [decide(config, moment) for moment in moments]


def decide(config, moment):
    match moment.event.kind:
        case "misconfigured":
            return Err(types.Failure_BadConfig(config))
        case "refused":
            return Err(types.Failure_BadInput(moment.event.id))
        case "broken":
            return Err(types.Failure_Other("as asked"))
        case "quiet":
            return Ok(c.Decision(operations=[], state=None, reasons=[]))
        case _:
            return Ok(everything(moment))


def everything(moment):
    event, person, now = moment.event, moment.person, moment.now
    inline = c.Content_Inline('{"text": "Hello {{name}}"}')
    first = person.reachable[0] if person.reachable else None
    operations = [
        message(c.Content_Stored("welcome"), c.MessageClass.REPLY, "service", first, now + 1_000, now + 2_000),
        message(inline, c.MessageClass.TRANSACTIONAL, "order"),
        message(inline, c.MessageClass.MARKETING, "marketing"),
        c.Operation_EarnPoints(c.Points("points", moment.seed, "a visit", now + 1_000)),
        c.Operation_EarnPoints(c.Points("points", 1, "again", None)),
        c.Operation_IssueCoupon(c.Coupon("tea", "a visit")),
        c.Operation_GrantMoney(c.Payment("spring", -1, "taken back")),
        c.Operation_RemoveTag(c.TagName("interest", "coffee")),
        c.Operation_StartTimer(c.Timer("again", now + 60_000, event.properties)),
        c.Operation_CancelTimer("before"),
        c.Operation_Emit(c.Emission("seen", event.properties)),
        c.Operation_AskStaff(c.Task("Look", " ".join(person.reachable))),
        *(c.Operation_AddTag(tag) for tag in person.tags),
        *(c.Operation_SetField(field) for field in person.fields),
        *(c.Operation_SetField(types.Field(score.name, types.Value_Number(score.value))) for score in person.scores),
    ]
    reasons = [event.id, event.kind, str(event.at), event.channel or "-", event.touchpoint or "-"]
    reasons += [person.id, word(person.stage), person.locale or "-", moment.state or "-"]
    reasons += [word(role) for role in person.roles]
    reasons += [f"{earlier.id} {earlier.properties}" for earlier in moment.history]
    return c.Decision(operations=operations, state=f"[{now}]", reasons=reasons)


def message(content, kind, purpose, channel=None, not_before=None, expires=None):
    variables = '{"name": "friend"}'
    return c.Operation_Send(c.Message(content, variables, kind, purpose, channel, not_before, expires))


def word(case):
    """`opinion-leader` of `OPINION_LEADER`."""
    return case.name.lower().replace("_", "-")


class Scorer:
    def score_all(self, config, inputs, rows, now, explain):
        match inputs:
            case [s.Column_Integers(revenue), s.Column_Numbers(followers), s.Column_Texts(cities)]:
                people = zip(revenue, followers, cities)
                values = [(2.0 if city == "上海" else 1.0) * (own + reach) for own, reach, city in people]
                terms = [s.TermColumn("worth", "reach", followers)] if explain else []
                return s.Scored(scores=[s.ScoreColumn("worth", values)], terms=terms)
        raise Err(types.Failure_BadInput(f"{len(inputs)} columns for {rows} rows"))
