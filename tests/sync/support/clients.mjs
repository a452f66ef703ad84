// Yjs clients with npm's y-websocket, each a copy of a room's document and a socket of an account.

import { WebSocket } from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { CLUSTER } from "../../browser/support/demo.mjs";

/** A program sends its token. */
export const bearer = (demo, account) => ({ authorization: `Bearer ${demo.tokens[account]}` });

/** A page sends its cookie and where it came from. */
export async function page(demo, account) {
  const answer = await fetch(`${demo.url}/api/session`, { method: "POST", headers: { origin: demo.url }, body: JSON.stringify({ token: demo.tokens[account] }) });
  if (!answer.ok) throw new Error(`${account} cannot sign in: ${answer.status}`);
  return { cookie: answer.headers.get("set-cookie").split(";")[0], origin: demo.url };
}

/** Enters a room; `stop` leaves it for good. */
export class Client {
  denied = [];
  constructor(demo, room, headers) {
    this.doc = new Y.Doc();
    class Socket extends WebSocket {
      constructor(url, protocols) { super(url, protocols, { headers }); }
    }
    // Nothing passes but over the socket.
    const options = { WebSocketPolyfill: Socket, disableBc: true, maxBackoffTime: 200 };
    this.provider = new WebsocketProvider(demo.url.replace("http", "ws") + `/ws/sync/${CLUSTER}`, room, this.doc, options);
    this.awareness = this.provider.awareness;
    this.closed = new Promise((resolve) => this.provider.on("closed", resolve));
  }

  /** Once it has heard everything there is. */
  async synced() {
    if (!this.provider.synced) await new Promise((resolve) => this.provider.once("sync", resolve));
    return this;
  }

  /** As when the network goes: nobody says goodbye. */
  cut() { this.provider.ws?.terminate(); }

  disconnect() { this.provider.disconnect(); }

  connect() { this.provider.connect(); }

  stop() {
    this.provider.destroy();
    this.doc.destroy();
  }
}

/** Everything that a document says, to be compared deeply: yrs keeps no order of the fields of a value. */
export const said = (doc) => JSON.parse(JSON.stringify([
  doc.getArray("array").toJSON(), doc.getMap("map").toJSON(), doc.getText("text").toDelta(), doc.getText("pairs").toString(), doc.get("xml", Y.XmlElement).toString(),
]));

/** Whether two copies are the same, what was deleted included. */
export const same = (a, b) => Y.equalSnapshots(Y.snapshot(a), Y.snapshot(b));
