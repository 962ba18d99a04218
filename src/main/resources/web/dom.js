/** Makes elements. Text is always added as text: whatever a server or a person writes is never markup. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      node.addEventListener(name.slice(2), value);
    } else if (value === true) {
      node.setAttribute(name, "");
    } else if (value !== false && value !== undefined && value !== null) {
      node.setAttribute(name, value);
    }
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** A field with its label above it. */
export function labelled(label, field, hint) {
  return h("label", { class: "field" }, h("span", { class: "label" }, label, hint ? h("small", {}, " ", hint) : null), field);
}

/** Text of a server, isolated: its direction ends with it. */
export function foreign(text) {
  return h("bdi", {}, text);
}

/** A number of bytes for people. */
export function bytes(count) {
  if (count < 1000) {
    return `${count} B`;
  }
  return count < 1e6 ? `${(count / 1e3).toFixed(1)} KB` : `${(count / 1e6).toFixed(1)} MB`;
}
