"""Verifies webhooks with the reference library of Standard Webhooks, and that a changed body is refused."""

import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

given = json.loads(sys.argv[1])
webhook = Webhook(given["secret"])
payloads, refused = [], 0
for request in given["requests"]:
    payloads.append(webhook.verify(request["body"], request["headers"]))
    try:
        webhook.verify(request["body"] + " ", request["headers"])
    except WebhookVerificationError:
        refused += 1
print(json.dumps({"payloads": payloads, "refused": refused}))
