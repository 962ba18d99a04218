/** One method: what it is, its messages, and a form that calls it. */
import { h, labelled, foreign } from "./dom.js";
import { KINDS, example, typeOf } from "./contract.js";
import { COMMANDS, command } from "./copy.js";
import { problem, runner } from "./run.js";

const MAX_DEPTH = 6;
const NOTHING_TYPED = { deadline: "", metadata: "", token: "" };

/** Kept from one method to the next, in memory alone: a token is never stored. */
let typed = { ...NOTHING_TYPED };

/**
 * A comment of the contract: paragraphs, whose lines are joined, and terms. A term is a line that begins with a word
 * and two spaces or more; indented lines continue it.
 */
function comment(text) {
  const parts = [];
  for (const line of (text ?? "").split("\n")) {
    const term = /^(\S+) {2,}(.*)$/.exec(line);
    const last = parts.at(-1);
    if (term) {
      parts.push({ term: term[1], text: term[2] });
    } else if (!line.trim()) {
      parts.push({ text: "" });
    } else if (last && (last.text || last.term)) {
      last.text += ` ${line.trim()}`;
    } else {
      parts.push({ text: line.trim() });
    }
  }
  const shown = parts.filter((part) => part.text).map((part) =>
    part.term ? h("p", { class: "term" }, h("code", {}, foreign(part.term)), " ", foreign(part.text)) : h("p", {}, foreign(part.text)));
  return shown.length ? h("div", { class: "comment" }, shown) : null;
}

/** The fields of a message; fields that are messages unfold. */
function fields(contract, type, depth = 0) {
  const message = contract.messages[type];
  if (!message || message.fields.length === 0) {
    return h("p", { class: "empty" }, "no fields");
  }
  return h(
    "dl",
    { class: "fields" },
    message.fields.flatMap((field) => [
      h("dt", {}, h("code", {}, field.name), " ", h("span", { class: "type" }, typeOf(field)), field.oneof ? h("small", {}, ` one of ${field.oneof}`) : null),
      h("dd", {}, comment(field.comment), nested(contract, field, depth)),
    ]),
  );
}

function nested(contract, field, depth) {
  if (field.type === "enum") {
    const values = contract.enums[field.type_name]?.values ?? [];
    return h("p", { class: "values" }, values.map((value) => value.name).join(" · "));
  }
  if (field.type !== "message" || depth === MAX_DEPTH) {
    return null;
  }
  const details = h("details", {}, h("summary", {}, field.type_name));
  details.addEventListener("toggle", () => details.append(fields(contract, field.type_name, depth + 1)), { once: true });
  return details;
}

function messageOf(contract, role, type, stream) {
  return h(
    "details",
    { class: "message", open: role === "Request" },
    h("summary", {}, h("strong", {}, role), stream ? " stream of " : " ", h("code", {}, type)),
    comment(contract.messages[type]?.comment),
    fields(contract, type),
  );
}

function protocolsOf(kind) {
  if (kind === "bidirectional") {
    return ["WebSocket"];
  }
  return kind === "client_stream" ? ["WebSocket", "Connect", "gRPC-Web"] : ["Connect", "gRPC-Web", "WebSocket"];
}

export function methodView(contract, method, link, facts) {
  const kind = KINDS[method.kind];
  const example_ = () => JSON.stringify(example(contract, method.input), null, method.kind === "unary" || method.kind === "server_stream" ? 2 : 0);
  const message = h("textarea", { spellcheck: "false", autocomplete: "off", autocapitalize: "off" });
  const write = (text) => {
    message.value = text;
    message.rows = Math.min(14, Math.max(3, text.split("\n").length + 1));
  };
  write(link.get("json") ?? example_());
  const rewrite = () => {
    write(example_());
    copied.hide();
  };
  const deadline = h("input", { type: "number", min: 1, max: 9999999, inputmode: "numeric", placeholder: "none" });
  deadline.value = link.get("deadline") ?? typed.deadline;
  const metadata = h("textarea", { rows: 2, spellcheck: "false", placeholder: "name: value" });
  metadata.value = link.get("metadata") ?? typed.metadata;
  const token = h("input", { type: "password", autocomplete: "off", placeholder: facts().auth ? "needed by this server" : "none" });
  token.value = typed.token;
  const protocol = h("select", {}, protocolsOf(method.kind).map((name) => h("option", {}, name)));
  if (protocolsOf(method.kind).includes(link.get("protocol"))) {
    protocol.value = link.get("protocol");
  }
  const file = h("input", { type: "file", accept: ".json,.jsonl,.ndjson,.txt" });
  const streams = method.kind === "client_stream" || method.kind === "bidirectional";

  const pairs = () =>
    metadata.value
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean)
      .map((line) => [line.slice(0, Math.max(0, line.indexOf(":"))).trim().toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]);
  const remember = () => {
    typed = { deadline: deadline.value, metadata: metadata.value, token: token.value };
  };
  const call = () => {
    remember();
    return {
      method,
      protocol: protocol.value,
      deadline: Number(deadline.value) || 0,
      metadata: pairs(),
      token: token.value.trim(),
      messages: messagesIn(message.value, streams),
      file: file.files[0] ?? null,
      headers() {
        return this.token ? [...this.metadata, ["authorization", `Bearer ${this.token}`]] : this.metadata;
      },
    };
  };

  const run = runner(method, call, facts);
  const copied = copies(call, message, deadline, protocol, metadata);
  const form = h(
    "form",
    {
      "aria-label": "Call",
      // What was copied is of the call before the change.
      oninput: copied.hide,
      onsubmit: (event) => {
        event.preventDefault();
        run.start();
      },
      onkeydown: (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          run.startOrSend();
        }
      },
    },
    labelled("Message", message, streams ? "JSON, one message a line" : "JSON"),
    method.kind === "client_stream" ? h("details", { class: "file" }, h("summary", {}, "or a file, one message a line"), labelled("File", file)) : null,
    h(
      "div",
      { class: "row" },
      labelled("Deadline (ms)", deadline),
      labelled("Protocol", protocol),
      labelled("Token", token),
    ),
    labelled("Metadata", metadata, "one pair a line"),
    h("div", { class: "buttons" }, run.buttons, h("button", { type: "button", class: "quiet", onclick: rewrite }, "Example")),
    copied.node,
  );
  const node = h(
    "article",
    {},
    h("p", { class: "path" }, method.path),
    h("h1", {}, method.name, " ", h("span", { class: `kind ${method.kind}` }, h("span", { "aria-hidden": "true" }, kind.sign), ` ${kind.name}`)),
    comment(method.comment),
    h(
      "div",
      { class: "messages" },
      messageOf(contract, "Request", method.input, streams),
      messageOf(contract, "Response", method.output, method.kind === "server_stream" || method.kind === "bidirectional"),
    ),
    h("p", { class: "limit" }, `A request message has at most ${method.max_message_bytes.toLocaleString("en")} bytes.`),
    form,
    run.node,
  );
  return {
    node,
    leave() {
      remember();
      run.leave();
    },
  };
}

/** The messages in the editor: the whole of it, or one a line. */
function messagesIn(text, streams) {
  if (!streams) {
    return [text.trim() || "{}"];
  }
  try {
    JSON.parse(text);
    return [text.trim().replaceAll(/\s*\n\s*/g, " ")];
  } catch {
    return text.split("\n").map((line) => line.trim()).filter(Boolean);
  }
}

/** Links and commands of the call as it stands in the form. */
function copies(call, message, deadline, protocol, metadata) {
  const note = h("span", { class: "note", role: "status" });
  const hide = () => {
    shown.hidden = true;
    note.textContent = "";
  };
  const copyCommand = () => {
    const made = { ...call(), file: null };
    const invalid = problem(made, { socket: true });
    if (invalid) {
      hide();
      note.textContent = invalid;
      return;
    }
    copy(command(as.value, made) ?? "# needs HTTP/2, which Python has only with gRPC: take buf curl, or call");
  };
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      note.textContent = "copied";
    } catch {
      // Without TLS, browsers keep the clipboard from pages that are not of this machine.
      note.textContent = "copy it from here:";
    }
    shown.hidden = false;
    shown.querySelector("code").textContent = text;
  };
  const shown = h("pre", { class: "command", hidden: true, tabindex: "0" }, h("code"));
  const as = h("select", {}, Object.entries(COMMANDS).map(([name, title]) => h("option", { value: name }, title)));
  const link = () => {
    const query = new URLSearchParams({ json: message.value, protocol: protocol.value });
    if (deadline.value) {
      query.set("deadline", deadline.value);
    }
    // A token must not get into a link.
    const open = metadata.value.split("\n").filter((line) => line.trim() && !/^\s*(authorization|cookie)\s*:/i.test(line));
    if (open.length) {
      query.set("metadata", open.join("\n"));
    }
    return `${location.origin}/#${call().method.path}?${query}`;
  };
  const node = h(
    "div",
    { class: "copies" },
    h("button", { type: "button", class: "quiet", onclick: () => copy(link()) }, "Copy link"),
    labelled("Copy as", as),
    h("button", { type: "button", class: "quiet", onclick: copyCommand }, "Copy"),
    note,
    shown,
  );
  return { node, hide };
}
