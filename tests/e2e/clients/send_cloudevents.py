"""Sends CloudEvents in all three modes of HTTP, made by the CloudEvents SDK; safe to run again."""

import datetime
import json
import sys

import requests
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

given = json.loads(sys.argv[1])
now = datetime.datetime.now(datetime.timezone.utc)


def event(number, kind, data):
    attributes = {
        "id": f"ce-{number}",
        "source": "https://till.example/7",
        "type": kind,
        "specversion": "1.0",
        "subject": "email:cleo@example.com",
        "time": now - datetime.timedelta(hours=number + 1),
        "datacontenttype": "application/json",
        "channel": "store",
    }
    return CloudEvent(attributes, data)


def send(headers, body):
    answer = requests.post(
        given["host"] + "/v1/events",
        data=body,
        headers=headers,
        auth=(given["write_key"], ""),
        timeout=60,
    )
    return {"status": answer.status_code, "body": answer.json()}


order = lambda number: event(number, "Order Completed", {"order_id": f"C-{number}", "total": 10.5})
structured = to_structured_event(order(1))
binary = to_binary_event(order(2))
batch = b"[" + b",".join(JSONFormat().write(order(number)) for number in (3, 4, 5)) + b"]"
print(
    json.dumps(
        {
            "structured": send(structured.headers, structured.body),
            "binary": send(binary.headers, binary.body),
            "batched": send({"content-type": "application/cloudevents-batch+json"}, batch),
        }
    )
)
