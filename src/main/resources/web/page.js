/** The page: what answers, the methods, and one of them at a time. */
import { h, foreign } from "./dom.js";
import { KINDS, loadContract } from "./contract.js";
import { methodView } from "./method.js";

const POLL_MILLIS = 2000;
const ANSWER_MILLIS = 1500;

const main = document.getElementById("main");
let contract = null;
let facts = { socket: true };
let view = null;

/** The strip at the top. */
function strip() {
  const state = h("span", { class: "state", role: "status" });
  const list = h("dl", { class: "facts" });
  document.getElementById("strip").append(h("a", { class: "brand", href: "#/" }, "Services"), state, list);
  const show = (health, answer) => {
    if (state.textContent !== health) {
      state.textContent = health;
      state.className = `state ${health === "SERVING" ? "good" : "bad"}`;
    }
    const pairs = [
      ["instance", answer.instance],
      ["version", answer.version],
      ["store", answer.store],
      ["members", answer.members?.length],
      ["open calls", answer.open_calls],
      ["since", answer.started && new Date(answer.started).toLocaleString()],
    ].filter(([, value]) => value !== undefined && value !== null);
    list.replaceChildren(...pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, foreign(String(value))))));
  };
  const poll = async () => {
    try {
      const answer = await fetch("server.json", { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MILLIS) });
      if (!answer.ok) {
        throw new Error(`HTTP ${answer.status}`);
      }
      facts = await answer.json();
      show(facts.health, facts);
      contract ??= await start();
    } catch {
      show("not reachable", {});
    }
    setTimeout(poll, POLL_MILLIS);
  };
  return poll();
}

async function start() {
  try {
    const loaded = await loadContract();
    contract = loaded;
    navigation();
    route();
    return loaded;
  } catch (failure) {
    main.replaceChildren(h("h1", {}, "No description of the services"), h("p", {}, failure.message));
    return null;
  }
}

function navigation() {
  const groups = contract.services.map((service) =>
    h(
      "section",
      {},
      h("h2", {}, service.name.split(/(?<=\.)/).flatMap((part) => [part, h("wbr")])),
      h(
        "ul",
        {},
        service.methods.map((method) =>
          h(
            "li",
            {},
            h(
              "a",
              { href: `#${method.path}` },
              h("span", { class: "name" }, method.name),
              h("span", { class: `kind ${method.kind}`, title: KINDS[method.kind].says }, KINDS[method.kind].name),
            ),
          ),
        ),
      ),
    ),
  );
  document.getElementById("methods").replaceChildren(...groups);
}

/** A link is #/service/method, with the call behind it. */
function route() {
  // "#main" is a place within the method that is shown.
  if (!contract || (view && location.hash && !location.hash.startsWith("#/"))) {
    return;
  }
  const [path, query = ""] = location.hash.slice(1).split("?");
  const method = contract.methods.find((known) => known.path === path) ?? contract.methods[0];
  if (!method) {
    return;
  }
  for (const link of document.querySelectorAll("nav a")) {
    const current = link.getAttribute("href") === `#${method.path}`;
    current ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
  }
  view?.leave();
  view = methodView(contract, method, new URLSearchParams(query), () => facts);
  main.replaceChildren(view.node);
  document.title = `${method.name} – ${method.service}`;
}

addEventListener("hashchange", () => {
  route();
  if (location.hash.startsWith("#/")) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
});
strip();
