"""Sends with the SDKs of WhatsApp and Twilio to a server on this machine, and prints what they asked it for."""

import http.server
import json
import sys
import threading

import httpx
from pywa import WhatsApp
from pywa.types import Button, SectionList, Section, SectionRow, URLButton
from pywa.types.templates import BodyText, TemplateLanguage
from twilio.rest import Client

given = json.loads(sys.argv[1])
asked = []


class Channel(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked.append({"path": self.path, "headers": headers, "body": body})
        is_twilio = self.path.startswith("/2010")
        accepted = {"contacts": [{"input": given["to"], "wa_id": given["to"]}], "messages": [{"id": "wamid.1"}]}
        answer = {"sid": "SM1"} if is_twilio else accepted
        self.send_response(201 if is_twilio else 200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Channel)
threading.Thread(target=server.serve_forever, daemon=True).start()
host = f"http://127.0.0.1:{server.server_port}"

session = httpx.Client()
whatsapp = WhatsApp(phone_id=given["phone_id"], token="token", session=session, api_version="26.0")
session.base_url = f"{host}/v26.0"
to, text, id = given["to"], given["text"], given["id"]
whatsapp.send_message(to=to, text=text, preview_url=False, tracker=id)
whatsapp.send_image(to=to, image="https://shop.example/tea.jpg", caption=text, tracker=id)
yes = [Button(title="Yes", callback_data="yes"), Button(title="No", callback_data="no")]
whatsapp.send_message(to=to, text=text, header="Order", buttons=yes, tracker=id)
rows = [SectionRow(title=f"Tea {n}", callback_data=str(n)) for n in range(1, 5)]
choices = SectionList(button_title="☰", sections=[Section(title="", rows=rows)])
whatsapp.send_message(to=to, text=text, buttons=choices, tracker=id)
whatsapp.send_message(to=to, text=text, buttons=URLButton(title="Shop", url="https://shop.example"), tracker=id)
values = BodyText.params("阿达", "A-7")
whatsapp.send_template(to=to, name="order_shipped", language=TemplateLanguage.CHINESE_CHN, params=[values], tracker=id)

twilio = Client(given["key"], given["secret"], given["account"])
twilio.api.base_url = host
number, sender, callback = given["number"], given["sender"], given["callback"]
twilio.messages.create(to=number, from_=sender, body=text, status_callback=callback)
twilio.messages.create(to=number, from_=sender, body=text, media_url=["https://shop.example/tea.jpg"], status_callback=callback)
twilio.messages.create(to=number, messaging_service_sid=given["service"], body=text, status_callback=callback)
spoken = f'<Response><Say language="cmn-CN">{text}</Say></Response>'
twilio.calls.create(to=number, from_=sender, twiml=spoken, status_callback=callback)
print(json.dumps(asked))
