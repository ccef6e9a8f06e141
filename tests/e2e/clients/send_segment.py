"""Sends what a shop's backend sends, through Segment's own Python library; safe to run again with the same ids."""

import datetime
import json
import sys

from segment.analytics.client import Client

given = json.loads(sys.argv[1])
problems = []


def at(days):
    return datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)


client = Client(
    given["write_key"],
    host=given["host"],
    gzip=given["gzip"],
    max_retries=2,
    timeout=60,
    on_error=lambda error, items: problems.append(str(error)),
)
run = given["run"]
client.identify(
    user_id="ada",
    anonymous_id="browser-1",
    traits={"email": "Ada@Example.com", "name": "Ada", "followers": 400, "relevance": 0.8, "proximity": 0.5, "trust": 0.5},
    context={"locale": "en-GB"},
    message_id=f"{run}-identify",
    timestamp=at(20),
)
for number, (days, total) in enumerate([(9, 129.9), (2, 70.05)]):
    client.track(
        user_id="ada",
        event="Order Completed",
        properties={"order_id": f"A-{number}", "total": total, "currency": "CNY"},
        message_id=f"{run}-order-{number}",
        timestamp=at(days),
    )
client.page(
    anonymous_id="browser-1",
    category="Shop",
    name="Tea",
    properties={"url": "https://shop.example/tea?session=1"},
    message_id=f"{run}-page",
    timestamp=at(1),
)
client.group(user_id="ada", group_id="club", traits={"name": "Tea club"}, message_id=f"{run}-group", timestamp=at(1))
client.alias(previous_id="browser-0", user_id="ada", message_id=f"{run}-alias", timestamp=at(1))
client.flush()
client.shutdown()
print(json.dumps({"problems": problems}))
