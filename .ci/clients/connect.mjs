// Calls a server with the stock clients of Connect, over each of their protocols, and with Google's gRPC-Web.
// Arguments: the port, and a file with the descriptors of the contract and of the error details.
// Prints what was checked; ends with 1 at the first difference.

import assert from "node:assert";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// Packages are found by NODE_PATH, which import does not know.
const load = createRequire(import.meta.url);
const { createFileRegistry, create, fromBinary, toBinary } = load("@bufbuild/protobuf");
const { FileDescriptorSetSchema } = load("@bufbuild/protobuf/wkt");
const { Code, ConnectError, createClient } = load("@connectrpc/connect");
const node = load("@connectrpc/connect-node");
const web = load("@connectrpc/connect-web");
const grpcWeb = load("grpc-web");

const [port, descriptors] = process.argv.slice(2);
const baseUrl = `http://127.0.0.1:${port}`;
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptors)));
const service = registry.getService("users.v1.UserService");
const errorInfo = registry.getMessage("google.rpc.ErrorInfo");
let checks = 0;

function check(name, actual, expected) {
  assert.deepStrictEqual(actual, expected, name);
  checks++;
}

async function failure(call) {
  try {
    await call();
  } catch (error) {
    return ConnectError.from(error);
  }
  assert.fail("the call did not fail");
}

async function* messages(count, text = "hello") {
  for (let i = 0; i < count; i++) {
    yield { userId: 1, message: `${text} ${i}` };
  }
}

async function* badUsers() {
  yield { name: "Some One", email: "no address" };
}

async function all(stream) {
  const received = [];
  for await (const message of stream) {
    received.push(message);
  }
  return received;
}

const gzip = { sendCompression: node.compressionGzip, compressMinBytes: 0 };
const transports = {};
for (const useBinaryFormat of [true, false]) {
  const format = useBinaryFormat ? "binary" : "JSON";
  for (const httpVersion of ["1.1", "2"]) {
    const options = { baseUrl, httpVersion, useBinaryFormat };
    transports[`Connect ${format} HTTP/${httpVersion}`] = node.createConnectTransport(options);
    transports[`Connect ${format} HTTP/${httpVersion} gzip`] = node.createConnectTransport({ ...options, ...gzip });
    transports[`gRPC-Web ${format} HTTP/${httpVersion}`] = node.createGrpcWebTransport(options);
  }
  transports[`gRPC ${format}`] = node.createGrpcTransport({ baseUrl, useBinaryFormat });
  transports[`fetch Connect ${format}`] = web.createConnectTransport({ baseUrl, useBinaryFormat });
  transports[`fetch gRPC-Web ${format}`] = web.createGrpcWebTransport({ baseUrl, useBinaryFormat });
}

for (const [name, transport] of Object.entries(transports)) {
  const users = createClient(service, transport);

  check(`${name}: unary`, (await users.getUser({ userId: 1 })).name, "Alice Johnson");

  const missing = await failure(() => users.getUser({ userId: 4242 }));
  check(`${name}: code`, missing.code, Code.NotFound);
  check(`${name}: details`, missing.findDetails(errorInfo)[0].reason, "USER_NOT_FOUND");

  const listed = await all(users.listUsers({ limit: 3 }));
  check(`${name}: server stream`, listed.map((user) => user.userId), [1, 2, 3]);
  const negative = await failure(() => all(users.listUsers({ limit: -1 })));
  check(`${name}: failed stream`, negative.code, Code.InvalidArgument);

  const tooLarge = await failure(() => users.createUser({ name: "x".repeat(100_000) }));
  check(`${name}: too large`, tooLarge.code, Code.ResourceExhausted);

  if (!name.startsWith("fetch")) {
    check(`${name}: client stream`, (await users.batchCreateUsers(messages(0))).usersCreated, 0);
    const bad = await failure(() => users.batchCreateUsers(badUsers()));
    check(`${name}: failed client stream`, bad.code, Code.InvalidArgument);
  }

  if (name.includes("HTTP/2") || name.startsWith("gRPC JSON") || name.startsWith("gRPC binary")) {
    const said = await all(users.streamUsers(messages(3, "x".repeat(2_000))));
    check(`${name}: bidirectional`, said.length, 3);

    const late = await failure(() => all(users.streamUsers(endless(), { timeoutMs: 100 })));
    check(`${name}: deadline`, late.code, Code.DeadlineExceeded);

    const cancel = new AbortController();
    const cancelled = await failure(async () => {
      for await (const _ of users.streamUsers(endless(cancel), { signal: cancel.signal })) {
        cancel.abort();
      }
    });
    check(`${name}: cancel`, cancelled.code, Code.Canceled);
  }
}

// One message, and then none for longer than any deadline here.
async function* endless(cancel) {
  yield { userId: 1, message: "hello" };
  await new Promise((done) => {
    const timer = setTimeout(done, 5_000);
    cancel?.signal.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    });
  });
}

// Over HTTP/1.1 a bidirectional stream is refused, and said so.
const old = createClient(service, node.createConnectTransport({ baseUrl, httpVersion: "1.1" }));
const refused = await failure(() => all(old.streamUsers(messages(1))));
check("bidirectional over HTTP/1.1", refused.message.includes("505"), true);

// Google's client, in its two formats, with the request objects that it expects.
globalThis.XMLHttpRequest = load("xhr2");
const get = service.method.getUser;
const list = service.method.listUsers;
for (const format of ["text", "binary"]) {
  const client = new grpcWeb.GrpcWebClientBase({ format });
  const describe = (method, type) =>
    new grpcWeb.MethodDescriptor(
      `/users.v1.UserService/${method.name}`,
      type,
      Object,
      Object,
      (message) => toBinary(method.input, message),
      (bytes) => fromBinary(method.output, bytes),
    );
  const path = (method) => `${baseUrl}/users.v1.UserService/${method.name}`;
  const unary = (message) =>
    new Promise((done, fail) =>
      client.rpcCall(path(get), message, {}, describe(get, "unary"), (error, user) =>
        error ? fail(error) : done(user),
      ),
    );
  check(`grpc-web ${format}`, (await unary(create(get.input, { userId: 1 }))).name, "Alice Johnson");
  const error = await unary(create(get.input, { userId: 4242 })).catch((failed) => failed);
  check(`grpc-web ${format}: code`, error.code, 5);
  if (format === "text") {
    const stream = client.serverStreaming(
      path(list),
      create(list.input, { limit: 3 }),
      {},
      describe(list, "server_streaming"),
    );
    const names = await new Promise((done, fail) => {
      const received = [];
      stream.on("data", (user) => received.push(user.userId));
      stream.on("error", fail);
      stream.on("end", () => done(received));
    });
    check("grpc-web text: server stream", names, [1, 2, 3]);
  }
}

console.log(`${checks} checks passed`);
process.exit(0);
