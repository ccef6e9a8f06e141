"""Reads push messages as a browser would, with the reference library of encrypted content encoding and PyJWT."""

import base64
import json
import sys

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric import ec


def bytes_of(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


given = json.loads(sys.argv[1])
key = ec.derive_private_key(int.from_bytes(bytes_of(given["key"]), "big"), ec.SECP256R1())
read = []
for request in given["requests"]:
    body = base64.b64decode(request["body"])
    text = http_ece.decrypt(body, private_key=key, auth_secret=bytes_of(given["auth"]), version="aes128gcm")
    token, point = request["authorization"].removeprefix("vapid t=").split(", k=")
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes_of(point))
    claims = jwt.decode(token, public, algorithms=["ES256"], audience=given["audience"])
    read.append({"message": json.loads(text), "claims": claims, "key": point, "salt": body[:16].hex()})
print(json.dumps(read))
