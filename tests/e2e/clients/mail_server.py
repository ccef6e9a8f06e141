"""A real mail server (aiosmtpd) with STARTTLS and a user; every message that it takes is one line of JSON, its DKIM signature
verified with dkimpy against the key that the first line hands out."""

import asyncio
import base64
import datetime
import email
import email.policy
import ipaddress
import json
import pathlib
import ssl
import sys

import dkim
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

given = json.loads(sys.argv[1])
folder = pathlib.Path(given["folder"])


def pem(key):
    kind = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())


def certificate(key):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).add_extension(names, critical=False)
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=9))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


tls_key, dkim_key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
(folder / "tls-key.pem").write_bytes(pem(tls_key))
(folder / "tls.pem").write_bytes(certificate(tls_key))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder / "tls.pem", folder / "tls-key.pem")
public = dkim_key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
asked = []


def lookup(name, timeout=5):
    asked.append(name.decode().rstrip("."))
    return record


def authenticate(server, session, envelope, mechanism, data):
    good = (data.login, data.password) == (given["user"].encode(), given["password"].encode())
    return AuthResult(success=good, auth_data=data.login.decode() if good else None, handled=good)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("later"):
            return "451 4.7.1 Greylisted, come again"
        if address.startswith("nobody"):
            return "550 5.1.1 No such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        changed = envelope.content.replace(b"Subject: ", b"Subject: Re: ")
        told = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "user": session.auth_data,
            "tls": session.ssl is not None,
            "signed": dkim.verify(envelope.content, dnsfunc=lookup),
            "changed": dkim.verify(changed, dnsfunc=lookup),
            "asked": asked[-1] if asked else None,
            "headers": {name.lower(): str(value) for name, value in message.items()},
            "text": message.get_body(("plain",)).get_content(),
            "html": message.get_body(("html",)).get_content(),
        }
        print(json.dumps(told), flush=True)
        return "250 2.0.0 Taken"


async def main():
    def session():
        return SMTP(
            Handler(), hostname="mx.example", tls_context=context, require_starttls=True, auth_required=True, authenticator=authenticate
        )

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    ready = {"port": port, "certificate": str(folder / "tls.pem"), "dkim_key": pem(dkim_key).decode()}
    print(json.dumps(ready), flush=True)
    await server.serve_forever()


asyncio.run(main())
