"""Write plugins for Guanxi, the social CRM whose campaign logic, scorers and connectors are sandboxed components.

A plugin is a pure function: it gets what its manifest asked for and the tenant granted, and answers with what should be
done. It has no clock, no network and no files; the host hands it the time and a seed. That is why every decision can be
explained, repeated bit for bit, and tried on last year's events before it meets a customer.

    from guanxi_plugin import Decision, Message, Moment, campaign

    @campaign
    def hello(config: None, moment: Moment) -> Decision:
        name = moment.person.text("name") or "friend"
        return Decision.because("somebody new").send(Message.text("Hello {{name}}!", name=name))

`campaign`, `scorer`, `analyzer` and `connector` name what `plugin.py` exports; several of them make one component of
several kinds. `log` writes lines, `secrets` computes with secrets, `testing` stands in for the host in native tests.
"""

from . import log, secrets
from .analyzers import Reading, Text, analyzer
from .campaigns import TIMER, Decision, Moment, campaign
from .connectors import (
    Audience,
    AudienceChange,
    Authorization,
    Connector,
    Failed,
    Incoming,
    Outbound,
    Page,
    Poll,
    PollStep,
    Receive,
    Reception,
    Session,
    connector,
)
from .failures import BadConfig, BadInput, BadSignature, Failure, Malformed, Other, Refusal, Stale
from .http import (
    Done,
    Header,
    Outcome,
    Perform,
    QuotaExhausted,
    RecipientGone,
    RefreshSession,
    Rejected,
    Request,
    Response,
    RetryAfter,
    Sent,
    Step,
    WindowClosed,
)
from .messages import Message, MessageClass, Stored
from .operations import (
    AddTag,
    AskStaff,
    CancelTimer,
    EarnPoints,
    Emit,
    GrantMoney,
    IssueCoupon,
    Operation,
    RemoveTag,
    Send,
    SetField,
    StartTimer,
)
from .scorers import People, ScoreColumn, Scored, TermColumn, scorer
from .words import DAY, HOUR, MINUTE, SECOND, Event, Profile, Received, Role, Stage, Tag, Time, Value

__all__ = [
    "AddTag",
    "AskStaff",
    "Audience",
    "AudienceChange",
    "Authorization",
    "BadConfig",
    "BadInput",
    "BadSignature",
    "CancelTimer",
    "Connector",
    "DAY",
    "Decision",
    "Done",
    "EarnPoints",
    "Emit",
    "Event",
    "Failed",
    "Failure",
    "GrantMoney",
    "HOUR",
    "Header",
    "Incoming",
    "IssueCoupon",
    "MINUTE",
    "Malformed",
    "Message",
    "MessageClass",
    "Moment",
    "Operation",
    "Other",
    "Outbound",
    "Outcome",
    "Page",
    "People",
    "Perform",
    "Poll",
    "PollStep",
    "Profile",
    "QuotaExhausted",
    "Reading",
    "Receive",
    "Received",
    "Reception",
    "RecipientGone",
    "RefreshSession",
    "Refusal",
    "Rejected",
    "RemoveTag",
    "Request",
    "Response",
    "RetryAfter",
    "Role",
    "SECOND",
    "ScoreColumn",
    "Scored",
    "Send",
    "Sent",
    "Session",
    "SetField",
    "Stage",
    "Stale",
    "StartTimer",
    "Step",
    "Stored",
    "TIMER",
    "Tag",
    "TermColumn",
    "Text",
    "Time",
    "Value",
    "WindowClosed",
    "analyzer",
    "campaign",
    "connector",
    "log",
    "scorer",
    "secrets",
]
