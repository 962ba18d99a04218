/** The run of a call: its buttons, and what they do. */
import { h } from "./dom.js";
import { Output } from "./output.js";
import { SocketCall } from "./socket.js";
import { FetchCall } from "./wire.js";

/** A body of fetch is built before it is sent: longer files need the WebSocket, which reads them as it sends. */
const MAX_UPLOAD_BYTES = 16 << 20;

export function runner(method, call, facts) {
  const out = new Output();
  let running = null;
  let halfClosed = false;

  const button = (label, onclick, primary) => h("button", { type: primary ? "submit" : "button", class: primary ? "primary" : "", onclick }, label);
  const start = button("Call", null, true);
  const send = button("Send", () => say());
  const half = button("Half-close", () => {
    running.halfClose();
    halfClosed = true;
    show();
  });
  const pause = button("Pause", () => {
    const paused = pause.textContent === "Resume";
    pause.textContent = paused ? "Pause" : "Resume";
    paused ? running.resume() : running.pause();
    out.paused(!paused);
  });
  const cancel = button("Cancel", () => running.cancel());
  const buttons = [start, send, half, pause, cancel];

  function show() {
    const open = running !== null;
    start.disabled = open;
    send.hidden = half.hidden = method.kind !== "bidirectional";
    send.disabled = half.disabled = !open || halfClosed;
    pause.hidden = !(method.kind === "server_stream");
    pause.disabled = !open || !running.pause;
    cancel.disabled = !open;
  }

  function begin() {
    if (running) {
      return;
    }
    const made = call();
    const invalid = problem(made, facts());
    halfClosed = false;
    out.reset();
    if (invalid) {
      out.end({ code: "not sent", message: invalid, details: [] });
      return;
    }
    const listener = {
      wire: (...entry) => out.wire(...entry),
      sent: (text, extra) => out.sent(text, extra),
      message: (text, size) => out.message(text, size),
      end: (status) => {
        running = null;
        pause.textContent = "Pause";
        out.end(status);
        show();
      },
    };
    if (made.protocol === "WebSocket") {
      running = new SocketCall(made, listener);
      if (method.kind !== "bidirectional") {
        sendAll(running, made, out).catch((failure) => {
          running?.cancel();
          out.note(failure.message);
        });
      } else if (made.messages.length) {
        say();
      }
    } else {
      startFetch(made, listener).catch((failure) => listener.end({ code: "not sent", message: failure.message, details: [] }));
    }
    show();
  }

  async function startFetch(made, listener) {
    let cancelled = false;
    running = { cancel: () => (cancelled = true) };
    if (made.file) {
      made.messages = await lines(made.file);
    }
    if (cancelled) {
      throw new Error("cancelled while the file was read");
    }
    running = new FetchCall(made, listener);
    show();
  }

  function say() {
    const made = call();
    const invalid = problem(made, facts());
    if (invalid) {
      out.note(invalid);
      return;
    }
    made.messages.forEach((message) => running.send(message));
  }

  show();
  return {
    buttons,
    node: out.node,
    start: begin,
    startOrSend: () => (running && method.kind === "bidirectional" ? halfClosed || say() : begin()),
    leave: () => running?.cancel(),
  };
}

/** Returns the reason to refuse a call without sending it, or null. */
export function problem(call, facts) {
  if (call.protocol === "WebSocket" && !facts.socket) {
    return "this server offers no WebSocket (web.socket)";
  }
  for (const [name] of call.metadata) {
    if (!/^[0-9a-z_.-]+$/.test(name)) {
      return `metadata needs the form "name: value"`;
    }
  }
  if (call.file && call.protocol !== "WebSocket" && call.file.size > MAX_UPLOAD_BYTES) {
    return `${call.file.name} has more than ${MAX_UPLOAD_BYTES.toLocaleString("en")} bytes: send it over a WebSocket`;
  }
  for (const text of call.file ? [] : call.messages) {
    try {
      JSON.parse(text);
    } catch (failure) {
      return `a message is not JSON: ${failure.message}`;
    }
  }
  return null;
}

async function lines(file) {
  return (await file.text()).split("\n").map((line) => line.trim()).filter(Boolean);
}

/** Sends the lines of the editor, or of a file as it is read, and half-closes. */
async function sendAll(running, call, out) {
  if (!call.file) {
    for (const message of call.messages) {
      await running.send(message);
    }
  } else {
    let rest = "";
    let read = 0;
    for (const reader = call.file.stream().pipeThrough(new TextDecoderStream()).getReader(); !running.isOver; ) {
      const { done, value } = await reader.read();
      const parts = (rest + (value ?? "")).split("\n");
      rest = done ? "" : parts.pop();
      if (rest.length > call.method.max_message_bytes) {
        throw new Error(`a line of ${call.file.name} is longer than a message may be`);
      }
      for (const line of parts.map((part) => part.trim()).filter(Boolean)) {
        await running.send(line);
      }
      read += value?.length ?? 0;
      out.progress(done ? 1 : Math.min(1, read / call.file.size));
      if (done) {
        break;
      }
    }
  }
  running.halfClose();
}
