/** Commands that make the same call. What a person has typed is quoted, and a token is never in them. */

export const COMMANDS = { curl: "curl", buf: "buf curl", python: "Python", jar: "call, of the jar" };

/** Quotes for a POSIX shell. */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The headers of the call; the token comes from the environment. */
function headers(call) {
  const lines = call.metadata.map(([name, value]) => quoted(`${name}: ${value}`));
  return call.token ? [...lines, '"authorization: Bearer $TOKEN"'] : lines;
}

function octal(number) {
  return [24, 16, 8, 0].map((shift) => `\\${((number >>> shift) & 255).toString(8).padStart(3, "0")}`).join("");
}

const COMPACT = (text) => {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
};

function curl(call) {
  const url = quoted(location.origin + call.method.path);
  const extra = headers(call).map((header) => ` -H ${header}`).join("");
  const deadline = call.deadline ? ` -H 'connect-timeout-ms: ${call.deadline}'` : "";
  if (call.method.kind === "unary") {
    return `curl -d ${quoted(COMPACT(call.messages[0] ?? "{}"))} -H 'content-type: application/json'${deadline}${extra} ${url}`;
  }
  const length = (text) => new TextEncoder().encode(text).length;
  const frames = call.messages.map(COMPACT).map((text) => `printf '\\000${octal(length(text))}%s' ${quoted(text)}`);
  // A bidirectional stream of Connect needs HTTP/2.
  const http2 = call.method.kind !== "bidirectional" ? "" : location.protocol === "http:" ? " --http2-prior-knowledge" : " --http2";
  return `{ ${frames.join("; ")}; } |\n  curl -sN${http2} --data-binary @- -H 'content-type: application/connect+json'${deadline}${extra} ${url}`;
}

function buf(call) {
  const http2 = location.protocol === "http:" ? " --http2-prior-knowledge" : "";
  const extra = headers(call).map((header) => ` -H ${header}`).join("");
  return `buf curl${http2} --protocol grpc -d ${quoted(call.messages.map(COMPACT).join(" "))}${extra} ${quoted(location.origin + call.method.path)}`;
}

/** A literal of JSON is one of Python, too. */
function python(call) {
  const unary = call.method.kind === "unary";
  const all = [...call.metadata, ["content-type", unary ? "application/json" : "application/connect+json"]];
  if (call.deadline) {
    all.push(["connect-timeout-ms", String(call.deadline)]);
  }
  const pairs = all.map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)},`);
  if (call.token) {
    pairs.push('    "authorization": "Bearer " + os.environ["TOKEN"],');
  }
  const messages = call.messages.map((text) => `    ${JSON.stringify(COMPACT(text))},`);
  return [
    `import os, struct, urllib.error, urllib.request`,
    `messages = [`,
    ...messages,
    `]`,
    `headers = {`,
    ...pairs,
    `}`,
    unary
      ? `body = messages[0].encode()`
      : `body = b"".join(b"\\0" + struct.pack(">I", len(m.encode())) + m.encode() for m in messages)`,
    `request = urllib.request.Request(${JSON.stringify(location.origin + call.method.path)}, body, headers)`,
    `try:`,
    `    response = urllib.request.urlopen(request)`,
    `except urllib.error.HTTPError as failure:`,
    `    response = failure`,
    `print(response.read().decode(errors="replace"))`,
  ].join("\n");
}

function jar(call) {
  const tls = location.protocol === "https:" ? " --tls" : "";
  const port = location.port || (tls ? "443" : "80");
  const extra = call.metadata.map(([name, value]) => ` --metadata ${quoted(`${name}:${value}`)}`).join("");
  const token = call.token ? ' --token-file "$TOKEN_FILE"' : "";
  const deadline = call.deadline ? ` --deadline ${call.deadline}ms` : "";
  const messages = call.messages.map((text) => ` ${quoted(COMPACT(text))}`).join("");
  return `java -jar target/user-service.jar call --address ${location.hostname}:${port}${tls}${token}${deadline}${extra} ${call.method.path.slice(1)}${messages}`;
}

/** @returns the command, or null for a call that it cannot make. What is not JSON must not get here: "@" names a file. */
export function command(name, call) {
  switch (name) {
    case "curl":
      return curl(call);
    case "buf":
      return buf(call);
    case "python":
      // Its standard library has no HTTP/2.
      return call.method.kind === "bidirectional" ? null : python(call);
    default:
      return jar(call);
  }
}
