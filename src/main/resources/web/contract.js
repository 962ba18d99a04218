/** The services as the server describes them: methods, messages, and examples made from them. */

export const KINDS = {
  unary: { name: "unary", sign: "→ ←", says: "one request, one response" },
  server_stream: { name: "server stream", sign: "→ ⇇", says: "one request, many responses" },
  client_stream: { name: "client stream", sign: "⇉ ←", says: "many requests, one response" },
  bidirectional: { name: "bidirectional", sign: "⇉ ⇇", says: "many requests, many responses" },
};

const MAX_DEPTH = 4;

/** The JSON of the types that have one of their own (protobuf, "ProtoJSON format"). */
const WELL_KNOWN = {
  Timestamp: "2026-01-01T00:00:00Z",
  Duration: "1.5s",
  FieldMask: "",
  Struct: {},
  Value: null,
  ListValue: [],
  Empty: {},
  Any: {},
  StringValue: "text",
  BytesValue: "",
  BoolValue: true,
  DoubleValue: 1.5,
  FloatValue: 1.5,
  Int32Value: 1,
  UInt32Value: 1,
  Int64Value: "1",
  UInt64Value: "1",
};

const WORDS = [
  [/e-?mail/, "ada@example.com"],
  [/(^|_)(name|title)$/, "Ada Lovelace"],
  [/(url|uri)$/, "https://example.com"],
  // Mostly set by the server, or continued from an earlier call.
  [/(time|timestamp|_at|date|token|cursor)$/, undefined],
];

export async function loadContract() {
  const answer = await fetch("services.json");
  const json = await answer.json();
  if (!answer.ok) {
    throw new Error(json.message);
  }
  const methods = json.services.flatMap((service) =>
    service.methods.map((method) => ({ ...method, service: service.name })),
  );
  return { ...json, methods };
}

/** An example of a message, as an object. */
export function example(contract, type, depth = 0) {
  const short = type.startsWith("google.protobuf.") ? type.slice("google.protobuf.".length) : "";
  if (short in WELL_KNOWN) {
    return WELL_KNOWN[short];
  }
  const message = contract.messages[type];
  if (!message || depth === MAX_DEPTH) {
    return {};
  }
  const seen = new Set();
  const result = {};
  for (const field of message.fields) {
    // One field of a oneof at most.
    if (field.oneof && seen.has(field.oneof)) {
      continue;
    }
    seen.add(field.oneof);
    const value = sample(contract, field, depth);
    if (value === undefined) {
      continue;
    }
    result[field.name] = field.map ? { key: value } : field.repeated ? [value] : value;
  }
  return result;
}

function sample(contract, field, depth) {
  const name = field.name.toLowerCase();
  switch (field.type) {
    case "message":
      return depth + 1 === MAX_DEPTH ? undefined : example(contract, field.type_name, depth + 1);
    case "enum": {
      const values = contract.enums[field.type_name]?.values ?? [];
      return (values.find((value) => value.number !== 0) ?? values[0])?.name;
    }
    case "string":
      return (WORDS.find(([pattern]) => pattern.test(name)) ?? [null, "hello"])[1];
    case "bytes":
      return "";
    case "bool":
      return false;
    case "double":
    case "float":
      return 0.5;
    default: {
      const number = /^(after|before|page|offset)/.test(name) ? 0 : /(^|_)id$/.test(name) ? 1 : /limit|size|count|max/.test(name) ? 10 : 0;
      return /64$/.test(field.type) ? String(number) : number;
    }
  }
}

/** The type of a field as the .proto has it. */
export function typeOf(field) {
  const type = field.type_name ?? field.type;
  if (field.map) {
    return `map<${field.key}, ${type}>`;
  }
  return (field.repeated ? "repeated " : field.optional ? "optional " : "") + type;
}
