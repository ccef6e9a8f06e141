"""Signs and encrypts with wechatpy what WeChat and its kin send, posts it, and prints what came back."""

import json
import sys
import time

import requests
from wechatpy.crypto import WeChatCrypto
from wechatpy.enterprise.crypto import WeChatCrypto as WorkCrypto
from wechatpy.utils import WeChatSigner


def signed(*parts):
    signer = WeChatSigner()
    signer.add_data(*parts)
    return signer.signature


def envelope(crypto, message, nonce, timestamp):
    """The encrypted part of a message and its signature."""
    xml = crypto.encrypt_message(message, nonce, timestamp)
    inside = xml.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    return inside, signed(crypto.token, timestamp, nonce, inside)


given = json.loads(sys.argv[1])
timestamp, nonce = str(int(time.time())), "1372623149"
answers = []
for call in given["calls"]:
    make = WorkCrypto if call["work"] else WeChatCrypto
    crypto = make(given["token"], given["aes_key"], call["receiver"])
    url = given["host"] + call["path"]
    if "echo" in call:
        inside, signature = envelope(crypto, call["echo"], nonce, timestamp)
        query = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce, "echostr": inside}
        if not call["work"]:
            query = {"signature": signed(given["token"], timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
            query["echostr"] = call["echo"]
        answer = requests.get(url, params=query, timeout=30)
    else:
        inside, signature = envelope(crypto, call["message"].replace("NOW", timestamp), nonce, timestamp)
        query = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce, "encrypt_type": "aes"}
        body = "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[%s]]></Encrypt></xml>" % inside
        answer = requests.post(url, params=query, data=body.encode(), timeout=30)
    answers.append({"status": answer.status_code, "body": answer.text})
print(json.dumps(answers))
