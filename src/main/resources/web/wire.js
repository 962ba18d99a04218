/**
 * Calls by Connect and gRPC-Web (fetch). A call tells its listener what happens:
 * wire(direction, what, content), message(text, bytes), end(status), each in order.
 */
import { rpcStatus } from "./status.js";

const utf8 = new TextDecoder();
const encoder = new TextEncoder();
const PREFIX = 5;
const END_OF_STREAM = 2;
const TRAILERS = 0x80;
const COMPRESSED = 1;

/** The time for which the page reads before it looks at what people do. */
const TURN_MILLIS = 30;

const PROTOCOLS = {
  Connect: {
    unary: "application/json",
    stream: "application/connect+json",
    deadline: (millis) => ["connect-timeout-ms", String(millis)],
  },
  "gRPC-Web": {
    unary: "application/grpc-web+json",
    stream: "application/grpc-web+json",
    deadline: (millis) => ["grpc-timeout", `${millis}m`],
  },
};

/** A frame: flags, length and content. */
function frame(text) {
  const content = encoder.encode(text);
  const bytes = new Uint8Array(PREFIX + content.length);
  new DataView(bytes.buffer).setUint32(1, content.length);
  bytes.set(content, PREFIX);
  return bytes;
}

export class FetchCall {
  #abort = new AbortController();
  #paused = null;
  #resume = null;
  #listener;
  #ended = false;

  /** Sends a whole request: bodies of fetch cannot grow while they are read. */
  constructor(call, listener) {
    this.#listener = listener;
    this.#run(call).catch((failure) => this.#failed(failure));
  }

  cancel() {
    this.#abort.abort();
    this.resume();
  }

  /** Stops reading: the server then stops sending. */
  pause() {
    this.#paused ??= new Promise((resume) => (this.#resume = resume));
  }

  resume() {
    this.#resume?.();
    this.#paused = null;
  }

  #end(status) {
    if (!this.#ended) {
      this.#ended = true;
      this.#listener.end(status);
    }
  }

  #failed(failure) {
    const cancelled = failure.name === "AbortError";
    this.#end({
      code: cancelled ? "CANCELLED" : "UNAVAILABLE",
      message: cancelled ? "cancelled by this page" : `the connection failed: ${failure.message}`,
      details: [],
    });
  }

  async #run(call) {
    const protocol = PROTOCOLS[call.protocol];
    const unary = call.method.kind === "unary";
    const framed = !unary || call.protocol !== "Connect";
    const headers = new Headers([["content-type", unary ? protocol.unary : protocol.stream]]);
    if (call.deadline) {
      headers.set(...protocol.deadline(call.deadline));
    }
    for (const [name, value] of call.headers()) {
      headers.append(name, value);
    }
    const body = framed ? new Blob(call.messages.map(frame)) : (call.messages[0] ?? "{}");
    this.#listener.wire("→", `POST ${call.method.path}`, shown(headers));
    for (const message of call.messages) {
      const length = encoder.encode(message).length;
      this.#listener.wire("→", framed ? `frame, flags 0, ${length} bytes` : `body, ${length} bytes`, message);
      this.#listener.sent(message, framed ? PREFIX : 0);
    }
    const answer = await fetch(call.method.path, {
      method: "POST",
      headers,
      body,
      signal: this.#abort.signal,
      cache: "no-store",
      credentials: "omit",
    });
    this.#listener.wire("←", `HTTP ${answer.status}`, shown(answer.headers));
    const type = answer.headers.get("content-type") ?? "";
    if (!framed || !type.startsWith(protocol.stream) || answer.headers.has("grpc-status")) {
      this.#whole(answer, await answer.text());
    } else {
      await this.#frames(answer.body.getReader(), call.protocol);
    }
  }

  /** A response without frames: of a unary call of Connect, or a refusal. */
  #whole(answer, text) {
    if (answer.headers.has("grpc-status")) {
      this.#end(rpcStatus.ofTrailers((name) => answer.headers.get(name)));
    } else if (answer.ok) {
      this.#listener.message(text, encoder.encode(text).length);
      this.#end({ code: "OK", message: "", details: [] });
    } else {
      this.#listener.wire("←", "body", text);
      this.#end(rpcStatus.ofBody(answer.status, text));
    }
  }

  async #frames(reader, protocol) {
    let rest = new Uint8Array(0);
    let yielded = performance.now();
    for (;;) {
      if (performance.now() - yielded > TURN_MILLIS) {
        // What has arrived is read without a pause, so that no button would answer.
        await new Promise((soon) => setTimeout(soon));
        yielded = performance.now();
      }
      await this.#paused;
      const { done, value } = await reader.read();
      if (done) {
        break;
      }
      rest = rest.length ? joined(rest, value) : value;
      let at = 0;
      while (rest.length - at >= PREFIX) {
        const length = new DataView(rest.buffer, rest.byteOffset + at).getUint32(1);
        if (rest.length - at < PREFIX + length) {
          break;
        }
        this.#frame(rest[at], utf8.decode(rest.subarray(at + PREFIX, at + PREFIX + length)), length, protocol);
        at += PREFIX + length;
      }
      rest = rest.slice(at);
    }
    this.#end({ code: "UNKNOWN", message: "the response ended without a status", details: [] });
  }

  #frame(flags, text, length, protocol) {
    if (flags & COMPRESSED) {
      throw new Error("a frame is compressed, which was not asked for");
    }
    if (protocol === "Connect" && flags & END_OF_STREAM) {
      this.#listener.wire("←", `end of the stream, ${length} bytes`, text);
      this.#end(rpcStatus.ofEnd(text));
    } else if (protocol !== "Connect" && flags & TRAILERS) {
      this.#listener.wire("←", `trailers, ${length} bytes`, text);
      const lines = new Map(text.trim().split("\r\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]));
      this.#end(rpcStatus.ofTrailers((name) => lines.get(name) ?? null));
    } else {
      this.#listener.wire("←", `frame, flags ${flags}, ${length} bytes`, text);
      this.#listener.message(text, PREFIX + length);
    }
  }
}

/** Headers as lines; a token is not shown. */
function shown(headers) {
  return [...headers].map(([name, value]) => `${name}: ${name === "authorization" ? "…" : value}`).join("\n");
}

function joined(one, two) {
  const both = new Uint8Array(one.length + two.length);
  both.set(one);
  both.set(two, one.length);
  return both;
}
