// menu.js - a small menu at a button: arrows move, Escape closes, the focus goes back.
// SPDX-License-Identifier: MIT
import { el } from "./dom.js";

let open = null; // {menu, button}

export function closeMenu(focus = false) {
  if (!open) return;
  const { menu, button } = open;
  open = null;
  menu.remove();
  button.setAttribute("aria-expanded", "false");
  if (focus) button.focus();
}

function place(menu, button) {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = at.bottom + 4 + height <= innerHeight;
  menu.style.left = `${Math.max(6, Math.min(at.left, innerWidth - width - 6))}px`;
  menu.style.top = `${Math.max(6, below ? at.bottom + 4 : Math.max(6, at.top - height - 4))}px`;
}

function keys(event, menu) {
  const items = [...menu.querySelectorAll("[role=menuitem]:not(:disabled)")];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    items.at(to % items.length)?.focus();
  } else if (event.key === "Escape") {
    event.preventDefault();
    closeMenu(true);
  } else if (event.key === "Tab") {
    closeMenu();
  }
}

/** items: [{label, note?, danger?, disabled?, run}], null for a line between them. */
export function openMenu(button, title, items) {
  const again = open?.button === button;
  closeMenu();
  if (again) return;
  const menu = el("div", { className: "menu", role: "menu", "aria-label": title },
    el("p", { className: "menu-title", "aria-hidden": "true" }, title),
    ...items.map((item) => item === null ? el("hr", { role: "separator" }) : el("button", {
      type: "button", role: "menuitem", tabIndex: -1, disabled: Boolean(item.disabled),
      className: item.danger ? "danger" : "",
      onclick: () => {
        closeMenu(true);
        item.run();
      },
    }, item.label, item.note ? el("small", {}, item.note) : null)));
  menu.addEventListener("keydown", (event) => keys(event, menu));
  document.body.append(menu);
  button.setAttribute("aria-expanded", "true");
  open = { menu, button };
  place(menu, button);
  menu.querySelector("[role=menuitem]:not(:disabled)")?.focus({ preventScroll: true });
}

addEventListener("pointerdown", (event) => {
  if (open && !open.menu.contains(event.target) && !open.button.contains(event.target)) closeMenu();
});
addEventListener("resize", () => closeMenu());
