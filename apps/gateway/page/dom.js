// dom.js - making elements. Text goes in as text nodes only, so that nothing said is ever markup.
// SPDX-License-Identifier: MIT

/** An element with properties (className, onclick, aria-…, data-…) and children. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name.includes("-") || name === "for" || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

const HUES = [222, 340, 172, 28, 268, 200, 96];

/** A round avatar drawn by style sheet: the name's first letter on a colour of the id's. */
export function avatar(id, name) {
  const element = el("span", { className: "avatar", "aria-hidden": "true" },
    [...name.trim()][0] ?? "?");
  element.style.setProperty("--hue", HUES[id % HUES.length]);
  return element;
}

/** Is the element scrolled to its end, or nearly, or was before something of a height came? */
export const atEnd = (element, more = 0) =>
  element.scrollHeight - element.scrollTop - element.clientHeight < 60 + more;
