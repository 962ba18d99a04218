/** The outcome of a call: its messages, its status, and what went over the wire. */
import { h, foreign, bytes } from "./dom.js";

/** The limits of what is kept and shown of a call that may never end. */
const MAX_SHOWN = 200;
const MAX_CHARS = 20_000;

/** The first entries of the wire's log stay: the request, and the head of the response. */
const FIRST_KEPT = 10;
const REFRESH_MILLIS = 100;

/** Shows the last of it, a few times a second. */
export class Output {
  #status = h("p", { class: "status", role: "status" });
  #counts = h("p", { class: "counts" });
  #details = h("ul", { class: "details" });
  #progress = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "sent" });
  #messages = h("ol");
  #log = h("div", { class: "log", role: "log", "aria-live": "off", "aria-label": "Received", tabindex: "0" }, this.#messages);
  #wireEntries = h("ol");
  #wireLog = h("div", { class: "wire", role: "region", "aria-label": "On the wire", tabindex: "0" }, this.#wireEntries);
  #new = [];
  #newWire = [];
  #timer = null;

  node = h(
    "section",
    { class: "output", "aria-label": "Responses", hidden: true },
    h("h2", {}, "Responses"),
    this.#status,
    this.#counts,
    this.#progress,
    this.#details,
    this.#log,
    h("details", { class: "onwire" }, h("summary", {}, "On the wire"), this.#wireLog),
  );

  reset() {
    this.node.hidden = false;
    this.#new = [];
    this.#newWire = [];
    this.#messages.replaceChildren();
    this.#wireEntries.replaceChildren();
    this.#log.hidden = true;
    this.#details.replaceChildren();
    this.#progress.hidden = true;
    this.#say("open", "open", "");
    this.began = performance.now();
    this.first = null;
    this.ended = null;
    this.received = this.receivedBytes = this.sentCount = this.sentBytes = 0;
    this.#soon();
  }

  wire(direction, what, content) {
    push(this.#newWire, [direction, what, cut(content)], FIRST_KEPT);
    this.#soon();
  }

  sent(text, extra) {
    this.sentCount++;
    this.sentBytes += new TextEncoder().encode(text).length + extra;
    this.#soon();
  }

  message(text, size) {
    this.first ??= performance.now();
    this.received++;
    this.receivedBytes += size;
    push(this.#new, text);
    this.#soon();
  }

  paused(yes) {
    this.#say(yes ? "paused" : "open", "open", yes ? ": nothing is read, so the server waits" : "");
  }

  note(text) {
    this.#say("not sent", "bad", `: ${text}`);
  }

  progress(part) {
    this.#progress.hidden = false;
    this.#progress.value = part;
  }

  end(status) {
    this.ended = performance.now();
    this.#say(status.code, status.code === "OK" ? "good" : "bad", status.message ? `: ${status.message}` : "");
    this.#details.replaceChildren(...status.details.map(detail));
    this.#show();
  }

  #say(code, mood, message) {
    this.#status.className = `status ${mood}`;
    this.#status.replaceChildren(h("strong", {}, code), foreign(message));
  }

  #soon() {
    this.#timer ??= setTimeout(() => this.#show(), REFRESH_MILLIS);
  }

  #show() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#log.hidden = this.received === 0;
    add(this.#log, this.#messages, this.#new.splice(0).map((text) => h("li", {}, foreign(pretty(text)))));
    add(this.#wireLog, this.#wireEntries, this.#newWire.splice(0).map(([direction, what, content]) =>
      h("li", {}, h("span", { class: "direction" }, `${direction} `), what, content ? h("pre", {}, foreign(content)) : null)), FIRST_KEPT);
    this.#count();
  }

  #count() {
    const seconds = ((this.ended ?? performance.now()) - this.began) / 1000;
    const parts = [`${this.received.toLocaleString("en")} ${this.received === 1 ? "message" : "messages"}`];
    if (this.received > MAX_SHOWN) {
      parts[0] += `, the last ${MAX_SHOWN} shown`;
      parts.push(`${Math.round(this.received / seconds).toLocaleString("en")} a second`);
    }
    parts.push(`${bytes(this.receivedBytes)} received`, `${bytes(this.sentBytes)} sent`);
    if (this.sentCount > 1) {
      parts.push(`${this.sentCount.toLocaleString("en")} messages sent`);
    }
    if (this.first !== null) {
      parts.push(`first after ${Math.round(this.first - this.began)} ms`);
    }
    if (this.ended !== null) {
      parts.push(`ended after ${Math.round(this.ended - this.began)} ms`);
    }
    this.#counts.textContent = parts.join(" · ");
  }
}

/** Adds to a list of which only the first and the last are kept. */
function push(list, item, first = 0) {
  list.push(item);
  if (list.length > MAX_SHOWN) {
    list.splice(first, 1);
  }
}

/** Adds entries, and stays at the end unless a reader has scrolled away from it. */
function add(box, list, items, first = 0) {
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  list.append(...items);
  while (list.children.length > MAX_SHOWN) {
    list.children[first].remove();
  }
  if (atEnd) {
    box.scrollTop = box.scrollHeight;
  }
}

function cut(text) {
  return text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}… (${text.length} characters)` : text;
}

function pretty(text) {
  try {
    const object = JSON.parse(text);
    const line = JSON.stringify(object);
    return cut(line.length <= 100 ? line.replaceAll(/("(?:[^"\\]|\\.)*")|([:,])/g, (all, string, mark) => string ?? `${mark} `) : JSON.stringify(object, null, 2));
  } catch {
    return cut(text);
  }
}

/** A detail of an error: its type, and its fields as a list. */
function detail({ type, fields }) {
  return h("li", {}, h("code", {}, type), fields ? valueOf(fields) : null);
}

function valueOf(value) {
  if (Array.isArray(value)) {
    return h("ul", {}, value.map((item) => h("li", {}, valueOf(item))));
  }
  if (value && typeof value === "object") {
    return h("dl", {}, Object.entries(value).map(([name, inner]) => h("div", {}, h("dt", {}, foreign(name)), h("dd", {}, valueOf(inner)))));
  }
  return foreign(String(value));
}
