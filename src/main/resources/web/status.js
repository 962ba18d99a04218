/** The status of a call, from the forms in which protocols carry it: {code, message, details}. */

const CODES = [
  "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
  "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
  "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
];

const ANY_FIELD = 3;
const TYPE_URL_FIELD = 1;
const LENGTH_DELIMITED = 2;

function ofError(error) {
  const code = String(error.code ?? "unknown").toUpperCase();
  return {
    code: code === "CANCELED" ? "CANCELLED" : code,
    message: error.message ?? "",
    details: (error.details ?? []).map(({ type, debug }) => ({ type, fields: debug ?? null })),
  };
}

/** Reads the fields of a protobuf message, as far as the types of details need it. */
function* fields(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; at < bytes.length; shift += 7) {
      const octet = bytes[at++];
      value += (octet & 127) * 2 ** shift;
      if (octet < 128) {
        break;
      }
    }
    return value;
  };
  while (at < bytes.length) {
    const key = varint();
    if ((key & 7) !== LENGTH_DELIMITED) {
      varint();
      continue;
    }
    const length = varint();
    yield [key >>> 3, bytes.subarray(at, at + length)];
    at += length;
  }
}

/** The types in grpc-status-details-bin; their content is for programs. */
function detailsOf(base64) {
  const bytes = Uint8Array.from(atob(base64.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const types = [];
  for (const [number, any] of fields(bytes)) {
    if (number === ANY_FIELD) {
      for (const [name, url] of fields(any)) {
        if (name === TYPE_URL_FIELD) {
          types.push({ type: new TextDecoder().decode(url).replace(/^.*\//, ""), fields: null });
        }
      }
    }
  }
  return types;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const rpcStatus = {
  /** Of the last frame of a stream of Connect, or of a WebSocket. */
  ofEnd(json) {
    const { error } = JSON.parse(json);
    return error ? ofError(error) : { code: "OK", message: "", details: [] };
  },

  /** Of a failed unary call of Connect, or of a request that was refused as one of HTTP. */
  ofBody(httpStatus, text) {
    try {
      return ofError(JSON.parse(text));
    } catch {
      return { code: `HTTP ${httpStatus}`, message: text.split("\n")[0], details: [] };
    }
  },

  /** Of gRPC-Web. */
  ofTrailers(get) {
    const details = get("grpc-status-details-bin");
    return {
      code: CODES[Number(get("grpc-status"))] ?? "UNKNOWN",
      message: decoded(get("grpc-message") ?? ""),
      details: details ? detailsOf(details) : [],
    };
  },
};
