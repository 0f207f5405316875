// The SMSC behind kannel: `smsc.js SMPP_PORT HTTP_PORT`. It takes what is submitted, reports delivery, and shows what came at `/seen`.
const http = require("http");
const smpp = require("smpp");

const seen = [];
const server = smpp.createServer((session) => {
  session.on("error", () => {});
  session.on("bind_transceiver", (pdu) => {
    if (pdu.system_id !== "kannel" || pdu.password !== "secret") {
      session.send(pdu.response({ command_status: smpp.ESME_RBINDFAIL }));
      return session.close();
    }
    session.send(pdu.response());
  });
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => { session.send(pdu.response()); session.close(); });
  session.on("submit_sm", (pdu) => {
    const message = pdu.short_message.message;
    const udh = pdu.short_message.udh;
    seen.push({
      to: pdu.destination_addr,
      data_coding: pdu.data_coding,
      text: message.toString(),
      udh: udh ? Buffer.concat([].concat(udh).map((one) => Buffer.from(one))).toString("hex") : "",
    });
    if (pdu.destination_addr.endsWith("0000")) {
      return session.send(pdu.response({ command_status: smpp.ESME_RINVDSTADR }));
    }
    const id = String(seen.length);
    session.send(pdu.response({ message_id: id }));
    if (pdu.registered_delivery) {
      const receipt = `id:${id} sub:001 dlvrd:001 submit date:2611231200 done date:2611231200 stat:DELIVRD err:000 text:`;
      session.deliver_sm({
        source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4, short_message: receipt,
      });
    }
  });
});
server.listen(Number(process.argv[2]), "127.0.0.1");
http.createServer((_, answer) => answer.end(JSON.stringify(seen))).listen(Number(process.argv[3]), "127.0.0.1");
