/** Calls over a WebSocket: one socket a call, one message a frame, and words around them. */
import { rpcStatus } from "./status.js";

/** The max bytes that wait in the browser before the next message is sent. */
const MAX_WAITING_BYTES = 1 << 20;
const LOOK_MILLIS = 20;

export class SocketCall {
  #socket;
  #listener;
  #ended = false;
  #opened;

  constructor(call, listener) {
    this.#listener = listener;
    const url = new URL(call.method.path, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    this.#socket = new WebSocket(url);
    const start = {};
    if (call.deadline) {
      start.timeout_ms = call.deadline;
    }
    const metadata = {};
    for (const [name, value] of call.headers()) {
      (metadata[name] ??= []).push(value);
    }
    if (Object.keys(metadata).length) {
      start.metadata = metadata;
    }
    listener.wire("→", `WebSocket ${call.method.path}`, "");
    this.#opened = new Promise((opened) => {
      this.#socket.onopen = () => {
        this.#socket.send(`start ${JSON.stringify(start)}`);
        listener.wire("→", "start", metadata.authorization ? "{…}" : JSON.stringify(start));
        opened();
      };
    });
    this.#socket.onmessage = (event) => this.#received(event.data);
    this.#socket.onclose = (event) =>
      this.#end({
        code: "UNAVAILABLE",
        message: `the socket was closed without a status (${event.code})`,
        details: [],
      });
  }

  /** Sends a message, once the earlier ones are on their way. */
  async send(text) {
    await this.#opened;
    while (this.#socket.bufferedAmount > MAX_WAITING_BYTES && !this.#ended) {
      await new Promise((soon) => setTimeout(soon, LOOK_MILLIS));
    }
    if (!this.#ended) {
      this.#socket.send(text);
      this.#listener.wire("→", "message", text);
      this.#listener.sent(text, 0);
    }
  }

  async halfClose() {
    await this.#opened;
    if (!this.#ended) {
      this.#socket.send("end");
      this.#listener.wire("→", "end", "");
    }
  }

  cancel() {
    this.#end({ code: "CANCELLED", message: "cancelled by this page", details: [] });
    this.#socket.close();
  }

  get isOver() {
    return this.#ended;
  }

  #received(text) {
    const word = text.startsWith("{") ? "message" : text.slice(0, text.indexOf(" "));
    const content = word === "message" ? text : text.slice(word.length + 1);
    this.#listener.wire("←", word, content);
    if (word === "message") {
      this.#listener.message(text, new TextEncoder().encode(text).length);
    } else if (word === "end") {
      this.#end(rpcStatus.ofEnd(content));
    }
  }

  #end(status) {
    if (!this.#ended) {
      this.#ended = true;
      this.#listener.end(status);
    }
  }
}
