// A centre that speaks SMPP, with the npm package `smpp`: takes short messages of one account, tells each as one line of JSON, and
// delivers a receipt for the last part and a reply; what the other side says to those is a line, too.
import { createRequire } from "node:module";

const require = createRequire(`${process.env.GUANXI_TEST_NODE_MODULES}/`);
const smpp = require("smpp");

const given = JSON.parse(process.argv[2]);
const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
let sessions = 0;
let taken = 0;

function text(pdu) {
  const { message, udh } = pdu.short_message;
  return { text: Buffer.isBuffer(message) ? message.toString("latin1") : message, has_header: (udh ?? []).length > 0 };
}

function deliver(session, pdu, id) {
  const receipt = `id:${id} sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:DELIVRD err:000 text:`;
  const route = { source_addr: pdu.destination_addr, source_addr_ton: 1, source_addr_npi: 1, destination_addr: pdu.source_addr };
  session.deliver_sm({ ...route, esm_class: 4, short_message: receipt }, (answer) =>
    tell({ delivered: "receipt", status: answer.command_status }),
  );
  session.deliver_sm({ ...route, esm_class: 0, data_coding: 8, short_message: "谢谢！🍵" }, (answer) =>
    tell({ delivered: "reply", status: answer.command_status }),
  );
}

const server = smpp.createServer((session) => {
  sessions += 1;
  session.on("error", () => {});
  session.on("bind_transceiver", (pdu) => {
    const good = pdu.system_id === given.system_id && pdu.password === given.password;
    session.send(pdu.response({ command_status: good ? smpp.ESME_ROK : smpp.ESME_RBINDFAIL, system_id: "centre" }));
    if (!good) session.close();
  });
  session.on("submit_sm", (pdu) => {
    if (pdu.destination_addr.endsWith("9999")) {
      session.send(pdu.response({ command_status: smpp.ESME_RINVDSTADR }));
      return;
    }
    taken += 1;
    const id = `m-${taken}`;
    tell({ to: pdu.destination_addr, from: pdu.source_addr, coding: pdu.data_coding, sessions, id, ...text(pdu) });
    session.send(pdu.response({ message_id: id }));
    if (pdu.registered_delivery === 1) deliver(session, pdu, id);
  });
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => {
    session.send(pdu.response());
    session.close();
  });
});

server.listen(0, "127.0.0.1", () => tell({ port: server.address().port }));
