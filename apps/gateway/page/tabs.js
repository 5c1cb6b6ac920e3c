// tabs.js - the panel's views as tabs, and on small screens the row that chooses column or panel.
// SPDX-License-Identifier: MIT
import { byId, el } from "./dom.js";
import { nickname, state } from "./state.js";
import { placeName } from "./places.js";
import { t } from "./text.js";

const tabs = () => [...document.querySelectorAll("[role=tab]")];

/** Show one view of the panel. */
function choose(tab, onShow) {
  for (const one of tabs()) {
    const chosen = one === tab;
    one.setAttribute("aria-selected", String(chosen));
    one.tabIndex = chosen ? 0 : -1;
    byId(one.getAttribute("aria-controls")).hidden = !chosen;
  }
  onShow(tab.id.replace("tab-", ""));
}

/** onShow(name) draws what has just come to be seen: wire, timeline or faults. */
export function startTabs(onShow) {
  for (const tab of tabs()) {
    tab.addEventListener("click", () => choose(tab, onShow));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = tabs().at((tabs().indexOf(tab) + step) % tabs().length);
      choose(next, onShow);
      next.focus();
    });
  }
}

const pressed = (view, column) => String(document.body.dataset.view === view &&
  (view === "panel" || column === state.active));

function show(view, column, activate) {
  document.body.dataset.view = view;
  if (view === "chat") activate(state.columns[column]);
  drawRow(activate);
}

/** The row at the bottom of small screens: a button for each column, and one for the panel. */
export function drawRow(activate) {
  const many = state.columns.length > 1;
  const button = (view, column, words) => el("button", {
    type: "button", "data-show": view, "data-to": String(column), "aria-pressed": pressed(view, column),
    onclick: () => {
      show(view, column, activate);
      byId("row").querySelector(`[data-show=${view}][data-to="${column}"]`).focus();
    },
  }, words);
  byId("row").replaceChildren(
    ...state.columns.map((column, i) => button("chat", i,
      many ? `${nickname(column.me)} · ${placeName(column.place)}` : t("tab_chat"))),
    button("panel", 0, t("tab_wire")));
}
