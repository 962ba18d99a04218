// Uses the page as people do, in Chromium. Reads JSON: the ports of a server that is open to all, of one
// with tokens, and a free one; a token; where pictures go.
// Prints how many checks held; ends with 1 at the first that does not.

import assert from "node:assert";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

// Packages are found by NODE_PATH, which import does not know.
const load = createRequire(import.meta.url);
const { chromium } = load("playwright-core");
const axe = load.resolve("axe-core/axe.min.js");

const settings = JSON.parse(readFileSync(0, "utf8"));
const BASE = `http://127.0.0.1:${settings.port}`;
const SERVICE = "users.v1.UserService";
const PATIENCE_MILLIS = 30_000;
const MILLION = 1_000_000;
const BATCH = 10_000;
const MAX_HEAP_BYTES = 40e6;

mkdirSync(settings.pictures, { recursive: true });
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const faults = [];
let checks = 0;

function check(what, actual, expected) {
  assert.deepStrictEqual(actual, expected, what);
  checks++;
}

function matches(what, text, pattern) {
  assert.match(text, pattern, what);
  checks++;
}

/** A tab, with what its console says: only what browsers say of each failed response is expected. */
async function tab({ base = BASE, hash = "", ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE_MILLIS);
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (line) => {
    if (line.type() === "error" && !/Failed to load resource|WebSocket connection/.test(line.text())) {
      faults.push(line.text());
    }
  });
  await page.goto(`${base}/${hash}`);
  await page.locator("h1").waitFor();
  return page;
}

const method = (name, call = {}) => `#/${SERVICE}/${name}?${new URLSearchParams(call)}`;
const button = (page, name) => page.getByRole("button", { name, exact: true });
const status = (page) => page.locator(".output .status");
const counts = (page) => page.locator(".output .counts").innerText();
const log = (page) => page.getByRole("log").locator("li");

/** Waits until a text of the page matches. */
async function until(locator, pattern) {
  await locator.filter({ hasText: pattern }).waitFor();
}

async function call(page) {
  await button(page, "Call").click();
}

async function copiedLink(page) {
  await button(page, "Copy link").click();
  await until(page.locator(".command"), "#/");
  return page.locator(".command").innerText();
}

async function unary() {
  const page = await tab();
  matches("the strip names the instance", await page.locator("header").innerText(), new RegExp(`SERVING[^]*127.0.0.1:${settings.port}[^]*memory`));
  check("all services", await page.locator("nav h2").count(), 4);
  check("all kinds", (await page.locator("nav .kind").allInnerTexts()).slice(0, 5), ["unary", "unary", "server stream", "client stream", "bidirectional"]);
  matches("the comment of the contract", await page.locator("article").innerText(), /The user with an id/);
  for (const protocol of ["Connect", "gRPC-Web", "WebSocket"]) {
    await page.getByLabel("Protocol").selectOption(protocol);
    await page.getByLabel("Message").fill('{"user_id": 1}');
    await call(page);
    await until(status(page), /^OK$/);
    matches(`${protocol}: the user`, await log(page).innerText(), /Alice Johnson/);
    await page.getByLabel("Message").fill('{"user_id": 999999999}');
    await call(page);
    await until(status(page), /NOT_FOUND: /);
    matches(`${protocol}: details`, await page.locator(".details").innerText(), /google.rpc.ErrorInfo[^]*google.rpc.ResourceInfo/);
    await page.getByLabel("Message").fill('{"user_idd": 1}');
    await call(page);
    await until(status(page), /INVALID_ARGUMENT: .*user_idd/);
  }
  await page.getByLabel("Message").fill("{");
  await call(page);
  await until(status(page), /not sent: a message is not JSON/);
  await page.getByLabel("Message").fill('{"user_id": 1}');
  await page.getByLabel("Metadata").fill("no pair");
  await call(page);
  await until(status(page), /not sent: metadata needs/);
  await page.getByLabel("Metadata").fill("request-id: 42");
  await page.getByLabel("Protocol").selectOption("Connect");
  await call(page);
  await until(status(page), /^OK$/);
  await page.getByText("On the wire").click();
  matches("the wire", await page.locator(".wire").innerText(), /POST \/users[^]*request-id: 42[^]*body, 14 bytes[^]*HTTP 200/);
  checks += 5;
  await page.context().close();
}

async function failuresNameFields() {
  const page = await tab({ hash: method("CreateUser", { json: '{"name": "", "email": "x"}' }) });
  await call(page);
  await until(status(page), /INVALID_ARGUMENT/);
  matches("each field", await page.locator(".details").innerText(), /BadRequest[^]*name[^]*must have 1 to 100[^]*email/);
  await page.context().close();
}

async function textIsText() {
  const page = await tab({ hash: method("CreateUser") });
  const names = ["<img src=x onerror=alert(1)><b>bold</b>", "\u202Egnirts a", "a" + "\u0301".repeat(99)];
  for (const [index, name] of names.entries()) {
    await page.getByLabel("Message").fill(JSON.stringify({ name, email: `odd${index}@example.com` }));
    await call(page);
    await until(status(page), /^(OK$|INVALID)/);
    check("no markup", await page.locator(".output img, .output b").count(), 0);
    const box = await page.locator(".output").boundingBox();
    check("within the page", box.width <= 1200 && box.height < 900, true);
  }
  await page.context().close();
}

async function serverStream() {
  const page = await tab({ hash: method("ListUsers", { json: '{"limit": 3}' }) });
  for (const protocol of ["Connect", "gRPC-Web", "WebSocket"]) {
    await page.getByLabel("Protocol").selectOption(protocol);
    await call(page);
    await until(status(page), /^OK$/);
    check(`${protocol}: three users`, await log(page).count(), 3);
    matches("counts", await counts(page), /3 messages · .* ended after/);
  }
  await page.getByLabel("Message").fill('{"limit": -1}');
  await call(page);
  await until(status(page), /INVALID_ARGUMENT/);
  checks++;
  await page.context().close();
}

async function clientStream() {
  const user = (i) => JSON.stringify({ name: "User", email: `page${i}@example.com` });
  const page = await tab({ hash: method("BatchCreateUsers") });
  for (const [turn, protocol] of ["WebSocket", "Connect", "gRPC-Web"].entries()) {
    await page.getByLabel("Protocol").selectOption(protocol);
    await page.getByLabel("Message").fill([user(`${turn}a`), user(`${turn}b`)].join("\n"));
    await call(page);
    await until(status(page), /^OK$/);
    matches(`${protocol}: two users`, await log(page).innerText(), /"users_created": 2/);
  }
  await page.getByLabel("Protocol").selectOption("WebSocket");
  const file = join(settings.pictures, "users.jsonl");
  writeFileSync(file, Array.from({ length: 3_000 }, (_, i) => user(`f${i}`)).join("\n"));
  await page.getByText("or a file").click();
  await page.getByLabel("File").setInputFiles(file);
  await call(page);
  await until(status(page), /^OK$/);
  matches("a file", await log(page).innerText(), /"users_created": 3000/);
  check("its progress", await page.locator("progress").evaluate((bar) => bar.value), 1);
  await call(page);
  await until(status(page), /ALREADY_EXISTS/);
  const endless = join(settings.pictures, "endless.jsonl");
  writeFileSync(endless, "x".repeat(17 << 20));
  await page.getByLabel("File").setInputFiles(endless);
  await call(page);
  await until(status(page), /a line of endless.jsonl is longer than a message may be/);
  await page.getByLabel("Protocol").selectOption("Connect");
  await call(page);
  await until(status(page), /more than 16,777,216 bytes/);
  checks += 3;
  await page.context().close();
}

async function chat() {
  const says = (text) => JSON.stringify({ user_id: 1, message: text });
  const [ann, bob] = [await tab({ hash: method("StreamUsers", { json: says("one") }) }), await tab({ hash: method("StreamUsers", { json: says("two") }) })];
  await call(ann);
  await until(log(ann).last(), /Server received: one/);
  await call(bob);
  await until(log(ann).last(), /"two"/);
  await ann.getByLabel("Message").fill(says("three"));
  await ann.getByLabel("Message").press("Control+Enter");
  await until(log(bob).last(), /"three"/);
  await button(bob, "Half-close").click();
  await until(status(bob), /^OK$/);
  await button(ann, "Cancel").click();
  await until(status(ann), /CANCELLED/);
  await ann.getByLabel("Deadline (ms)").fill("200");
  await call(ann);
  await until(status(ann), /DEADLINE_EXCEEDED: .*200/);
  checks += 6;
  await ann.context().close();
  await bob.context().close();
}

/** A full batch, over Connect: users with a number and the ones that follow it. */
async function createBatch(user, first = 0) {
  const frames = Array.from({ length: BATCH }, (_, i) => {
    const text = Buffer.from(JSON.stringify(user(first + i)));
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(text.length, 1);
    return [prefix, text];
  });
  const answer = await fetch(`${BASE}/${SERVICE}/BatchCreateUsers`, {
    method: "POST",
    headers: { "content-type": "application/connect+json" },
    body: Buffer.concat(frames.flat()),
  });
  assert.match(await answer.text(), new RegExp(`"users_created":${BATCH}`));
}

async function createMillion() {
  for (let first = 0; first < MILLION; first += BATCH) {
    await createBatch((i) => ({ name: `User ${i}`, email: `user${i}@example.com` }), first);
  }
}

async function sentByServer() {
  const answer = await fetch(`http://127.0.0.1:${settings.management}/metrics`);
  const line = /rpc_server_messages_sent_total\{[^}]*ListUsers"[^}]*\} (\S+)/.exec(await answer.text());
  return Number(line[1]);
}

async function millionUsers() {
  await createMillion();
  const page = await tab({ hash: method("ListUsers", { json: "{}" }) });
  const devtools = await page.context().newCDPSession(page);
  const before = await sentByServer();
  await call(page);
  await until(page.locator(".counts"), /a second/);
  await button(page, "Pause").click();
  await until(status(page), /paused: nothing is read/);
  // What is on its way is still sent; then nothing more.
  let sent;
  let later = await sentByServer();
  do {
    sent = later;
    await new Promise((soon) => setTimeout(soon, 500));
    later = await sentByServer();
  } while (later !== sent);
  check("a paused reader stops the server", later - before < MILLION, true);
  await button(page, "Resume").click();
  await until(status(page), /^OK$/);
  matches("all of them", await counts(page), /1,01\d,\d{3} messages, the last 200 shown/);
  check("few of them are kept", await log(page).count(), 200);
  await page.getByText("On the wire").click();
  matches("the request stays", await page.locator(".wire").innerText(), /POST \/users[^]*HTTP 200[^]*end of the stream/);
  await devtools.send("HeapProfiler.enable");
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  console.log(`a million users: ${(usedSize / 1e6).toFixed(1)} MB in the tab; ${await counts(page)}`);
  check("the tab stays small", usedSize < MAX_HEAP_BYTES, true);
  await call(page);
  await until(page.locator(".counts"), /a second/);
  await button(page, "Cancel").click();
  await until(status(page), /CANCELLED/);
  checks++;
  await page.context().close();
}

function startServer() {
  return spawn(settings.java, ["-jar", "target/user-service.jar", "serve", "--conf", JSON.stringify({ port: settings.mortal })], { stdio: "ignore" });
}

async function serverGoesAndReturns() {
  let server = startServer();
  const base = `http://127.0.0.1:${settings.mortal}`;
  while (!(await fetch(base).catch(() => null))) {
    await new Promise((soon) => setTimeout(soon, 100));
  }
  try {
    const page = await tab({ base, hash: method("StreamUsers") });
    await call(page);
    await log(page).first().waitFor();
    server.kill("SIGKILL");
    await until(status(page), /UNAVAILABLE: the socket was closed/);
    await until(page.locator("header"), /not reachable/);
    await page.goto(`${base}/${method("GetUser")}`).catch(() => {});
    server = startServer();
    await until(page.locator("header"), /SERVING/);
    await button(page, "Call").click();
    await until(status(page), /^OK$/);
    checks += 4;
    await page.context().close();
  } finally {
    server.kill("SIGKILL");
  }
}

async function tokens() {
  const page = await tab({ base: `http://127.0.0.1:${settings.guarded}` });
  check("unknown callers see little", (await page.locator("header").innerText()).includes("memory"), false);
  for (const protocol of ["Connect", "gRPC-Web", "WebSocket"]) {
    await page.getByLabel("Protocol").selectOption(protocol);
    for (const [token, expected] of [["", /UNAUTHENTICATED/], ["x.y.z", /UNAUTHENTICATED/], [settings.token, /^OK$/]]) {
      await page.getByLabel("Token").fill(token);
      await call(page);
      await until(status(page), expected);
      checks++;
    }
    check("a token is not shown", (await page.locator("body").innerHTML()).includes(settings.token), false);
  }
  await page.getByRole("link", { name: /^CreateUser/ }).click();
  await until(page.locator("h1"), /CreateUser/);
  await call(page);
  await until(status(page), /PERMISSION_DENIED/);
  const link = await copiedLink(page);
  check("nor in a link", link.includes(settings.token), false);
  await page.context().close();
}

async function otherOrigins() {
  const page = await tab({ base: `http://127.0.0.1:${settings.guarded}` });
  const outcome = (path, init) =>
    page.evaluate(([url, options]) => fetch(url, options).then((answer) => answer.status, (failure) => failure.name), [BASE + path, init]);
  const json = { method: "POST", headers: { "content-type": "application/json" }, body: '{"user_id": 1}' };
  check("a call from another origin", await outcome(`/${SERVICE}/GetUser`, json), "TypeError");
  check("what the server tells of itself", await outcome("/server.json"), "TypeError");
  const socket = await page.evaluate(
    (url) => new Promise((done) => Object.assign(new WebSocket(url), { onopen: () => done("open"), onerror: () => done("refused") })),
    `ws://127.0.0.1:${settings.port}/${SERVICE}/StreamUsers`,
  );
  check("a WebSocket from another origin", socket, "refused");
  faults.length = 0;
  await page.context().close();
  const rebound = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--host-resolver-rules=MAP evil.test 127.0.0.1"] });
  const stranger = await rebound.newPage();
  check("a re-bound name", (await stranger.goto(`http://evil.test:${settings.port}/`)).status(), 421);
  await rebound.close();
}

async function links() {
  const page = await tab({ hash: method("GetUser", { json: '{"user_id": 2}', deadline: "4000", protocol: "gRPC-Web" }) });
  const link = await copiedLink(page);
  await page.goto("about:blank");
  await page.goto(link);
  check("the message", await page.getByLabel("Message").inputValue(), '{"user_id": 2}');
  check("the deadline", await page.getByLabel("Deadline (ms)").inputValue(), "4000");
  check("the protocol", await page.getByLabel("Protocol").inputValue(), "gRPC-Web");
  for (const [name, expected] of [["curl", /^curl -d '\{"user_id":2\}'/], ["buf", /^buf curl/], ["python", /^import os/], ["jar", /user-service.jar call/]]) {
    await page.getByLabel("Copy as").selectOption(name);
    await button(page, "Copy").click();
    await until(page.locator(".command"), expected);
    checks++;
  }
  // curl and buf would read the file.
  await page.getByLabel("Message").fill("@/etc/passwd");
  await button(page, "Copy").click();
  await until(page.locator(".note"), /not JSON/);
  check("a command is made of JSON alone", await page.locator(".command").isHidden(), true);
  await page.goto("about:blank");
  await page.goto(`${BASE}/#main`);
  await until(page.locator("h1"), /GetUser/);
  await page.context().close();
}

/** Copied commands are pasted, with a text that shells, printf and formats would like to read. */
async function commands() {
  const page = await tab({ hash: method("CreateUser") });
  const odd = `O'Hara $(id) \`id\` "%s" \\n é`;
  const json = (turn) => JSON.stringify({ name: odd, email: `pasted${turn}@example.com` });
  const paste = async (as, text) => {
    await page.getByLabel("Copy as").selectOption(as);
    await page.getByLabel("Message").fill(text);
    check("what was copied before is gone", await page.locator(".command").isHidden(), true);
    await button(page, "Copy").click();
    await page.locator(".command").waitFor();
    const command = await page.locator(".command").innerText();
    return as === "python" ? execFileSync("python3", ["-c", command], { encoding: "utf8" }) : execFileSync("sh", ["-c", command], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  };
  for (const as of ["curl", "python"]) {
    check(`${as}: any text`, JSON.parse(await paste(as, json(as))).name, odd);
    matches(`${as}: a failure`, await paste(as, json(as)), /already_exists/);
  }
  for (const [name, text, expected] of [
    ["ListUsers", () => '{"limit": 2}', /Alice Johnson/],
    ["BatchCreateUsers", (as) => [json(`${as}1`), json(`${as}2`)].join("\n"), /"users_created": ?2/],
  ]) {
    await page.getByRole("link", { name: new RegExp(`^${name}`) }).click();
    await until(page.locator("h1"), name);
    for (const as of ["curl", "python"]) {
      matches(`${as}: ${name}`, await paste(as, text(as)), expected);
    }
  }
  await page.context().close();
}

async function keyboardAlone() {
  const page = await tab();
  await page.keyboard.press("Tab");
  matches("the first stop", await page.locator(":focus").innerText(), /Skip to the method/);
  await page.keyboard.press("Enter");
  check("it skips", await page.evaluate(() => document.activeElement.id), "main");
  for (let i = 0; i < 20 && (await page.evaluate(() => document.activeElement.tagName)) !== "TEXTAREA"; i++) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Control+Enter");
  await until(status(page), /^OK$/);
  checks++;
  await page.context().close();
}

/** Some seconds for a list of 10,000, so that a button pressed after the first message comes before the last. */
async function slowLine(page) {
  const tools = await page.context().newCDPSession(page);
  await tools.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: 200_000, uploadThroughput: -1 });
}

const TOUR = "src/docs/TOUR.md";
const SHOWN = { viewport: { width: 1100, height: 800 } };

/** The pictures of TOUR, which are of this server. Made first, while it has the sample users alone. */
const PICTURES = {
  async page(page) {
    await page.setViewportSize({ width: 1200, height: 1040 });
    await page.goto(`${BASE}/`);
    await call(page);
    await until(status(page), /^OK$/);
    return page;
  },
  async contract(page) {
    return page.locator(".messages details").first();
  },
  async batch(page) {
    await call(page);
    await until(status(page), /INVALID_ARGUMENT: items\[1\]/);
    return page.locator(".output");
  },
  async chat(page) {
    await call(page);
    await until(log(page), /Server received/);
    const other = await tab({ hash: method("StreamUsers", { json: '{"user_id": 2, "message": "Hello Alice"}' }) });
    await call(other);
    await until(log(other), /Server received/);
    await other.getByLabel("Message").fill('{"user_id": 2, "message": "How are you?"}');
    await button(other, "Send").click();
    await until(log(page), /How are you/);
    await other.context().close();
    return page.locator(".output");
  },
  async details(page) {
    await call(page);
    await until(status(page), /INVALID_ARGUMENT/);
    return page.locator(".output");
  },
  async paused(page) {
    await createBatch((i) => ({ name: "Reader ".repeat(14).trim(), email: `reader${i}@example.com` }));
    await slowLine(page);
    await call(page);
    await log(page).first().waitFor();
    await button(page, "Pause").click();
    await until(status(page), /^paused/);
    return page.locator(".output");
  },
};

/** Each link of TOUR makes a call, which ends as the paragraph says; a picture shows what it says. */
async function tour() {
  const text = readFileSync(TOUR, "utf8");
  const steps = text.split("**On the page.**").slice(1).map((step) => step.split(/\n(?=#|\*\*|```)/)[0]);
  const servers = { 50051: BASE, 50052: BASE, 50053: `http://127.0.0.1:${settings.guarded}` };
  const pictures = [...text.matchAll(/!\[[^\]]+\]\(pictures\/(\w+)\.png\)/g)].map(([, name]) => name);
  check("all pictures of TOUR can be made", pictures.toSorted(), Object.keys(PICTURES).toSorted());
  check("and are there", readdirSync("src/docs/pictures").toSorted(), pictures.map((name) => `${name}.png`).toSorted());
  const make = async (name, page) => {
    await (await PICTURES[name](page)).screenshot({ path: join(settings.pictures, `${name}.png`) });
  };
  await make("page", await tab());
  for (const step of steps) {
    const picture = /pictures\/(\w+)\.png/.exec(step)?.[1];
    const codes = [...step.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code);
    for (const [, port, hash] of step.matchAll(/\(https?:\/\/[\w.]+:(\d+)\/(#[^)]*)\)/g)) {
      const page = await tab({ ...SHOWN, base: servers[port], hash });
      if (picture) {
        await make(picture, page);
      } else if (codes.length) {
        await call(page);
        await until(status(page), new RegExp(`^(${codes.join("|")})`));
      } else {
        await call(page);
        await until(status(page), /^open/);
        await button(page, "Cancel").click();
        await until(status(page), /^CANCELLED/);
      }
      checks++;
      await page.context().close();
    }
  }
}

/** A picture of all of the page: a window as high as it is, because the strip sticks to the top of a window. */
async function picture(page, name) {
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: page.viewportSize().width, height });
  await page.screenshot({ path: join(settings.pictures, `${name}.png`) });
}

async function lookAndAccess() {
  const looks = {
    light: {},
    dark: { colorScheme: "dark" },
    phone: { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 },
  };
  for (const [name, options] of Object.entries(looks)) {
    for (const shown of ["GetUser", "CreateUser", "ListUsers", "BatchCreateUsers", "StreamUsers"]) {
      const json = shown === "CreateUser" ? { json: '{"name": "", "email": "x"}' } : {};
      const page = await tab({ ...options, hash: method(shown, json) });
      await call(page);
      await page.locator(".output .status").filter({ hasNotText: /^$/ }).waitFor();
      if (shown === "StreamUsers") {
        await log(page).first().waitFor();
      } else {
        await until(status(page), /^(OK|INVALID_ARGUMENT|ALREADY_EXISTS)/);
      }
      await picture(page, `${name}-${shown}`);
      check(`${name}, ${shown}: nothing wider than the page`, await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
      // By the protocol of the tools: the policy of the page forbids scripts of others.
      await page.evaluate(`${readFileSync(axe, "utf8")}; 0`);
      const { violations } = await page.evaluate(() => window.axe.run());
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      check(`${name}, ${shown}: accessible`, serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`), []);
      await page.context().close();
    }
  }
}

for (const part of [tour, unary, failuresNameFields, textIsText, serverStream, clientStream, chat, links, commands, keyboardAlone, tokens, otherOrigins, lookAndAccess, serverGoesAndReturns, millionUsers]) {
  const start = Date.now();
  await part();
  check(`${part.name}: the console is silent`, faults, []);
  console.log(`${part.name}: ${((Date.now() - start) / 1000).toFixed(1)} s`);
}
await browser.close();
console.log(`Browser: ${checks} passed, 0 failed`);
