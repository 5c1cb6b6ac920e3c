// faults.js - the panel's third view: what goes wrong on purpose. Each change is set at once.
// SPDX-License-Identifier: MIT
import { announce } from "./announce.js";
import { byId, el } from "./dom.js";
import { get, post } from "./live.js";
import { state } from "./state.js";
import { t } from "./text.js";
import { accountSelect } from "./watch.js";

const TIMES = [0, 1, 3, 10, -1];
// In the order shown. A list gives the values that can be chosen; a flag is on or off.
const FAULTS = [
  { name: "delay_ms", values: [0, 300, 1000, 5000, 30000, 120000], say: (n) => t("after_ms", n) },
  { name: "drop", values: TIMES, counts: true },
  { name: "disconnect", values: TIMES, counts: true },
  { name: "refuse", values: TIMES, counts: true },
  { name: "risk", values: TIMES, counts: true },
  { name: "reorder", values: [0, 2, 3, 5, 10, 20], say: (n) => t("replies", n) },
  { name: "missing_echo", flag: true },
  { name: "empty_echo", flag: true },
  { name: "string_ids", flag: true },
  { name: "duplicate_events", flag: true },
  { name: "deaf", flag: true },
];

let known = {}; // as the gateway has them
let knownOf = 0; // whose those are
let account = 0; // who is looked at; 0: the first one
let asking = false;

const chosen = () => {
  if (!state.accounts.has(account)) account = state.botId; // it was closed, or none was chosen
  return account;
};

const urlOf = (one) => `/api/faults?account=${one}`;

/** Take an account's faults; false: meanwhile another one is looked at. */
function take(faults, of) {
  if (of !== chosen()) return false;
  known = faults;
  knownOf = of;
  return true;
}

const set = () => FAULTS.filter(({ name }) => known[name]);
const say = (fault, value) => value === 0 ? t("off") : fault.say ? fault.say(value)
  : value === -1 ? t("every_call") : t("next_calls", value);

function trouble(words) {
  byId("fault-problem").hidden = !words;
  byId("fault-problem").textContent = words;
}

let last = Promise.resolve();

/** One request after another: each change builds on the answer to the one before. */
const inTurn = (step) => (last = last.then(step));

/** Of the account that is looked at now, whichever it will be when its turn has come. */
function change(wanted, from) {
  const of = chosen();
  return inTurn(async () => {
    try {
      const before = from ?? (knownOf === of ? known : await get(urlOf(of)));
      if (!take(await post(urlOf(of), { ...before, ...wanted }), of)) return;
      trouble("");
      announce(set().length ? t("faults_set", set().length) : t("no_faults"));
    } catch (error) {
      if (of === chosen()) trouble(error.message);
    }
    showFaults(true);
  });
}

/** Ask again: calls count down, scripts and other pages set them as well. */
export async function refreshFaults() {
  if (asking) return;
  asking = true;
  await inTurn(async () => {
    asking = false;
    const of = chosen();
    try {
      if (take(await get(urlOf(of)), of)) showFaults();
    } catch {
      // the banner tells that the gateway is gone
    }
  });
}

/** A call has passed: those that count calls may have gone down. */
export function callPassed() {
  if (FAULTS.some(({ name, counts }) => counts && known[name] > 0)) refreshFaults();
}

function control(fault, id) {
  if (fault.flag) return el("input", {
    type: "checkbox", role: "switch", id, "aria-describedby": `${id}-about`,
    onchange: (event) => change({ [fault.name]: event.target.checked }),
  });
  return el("select", {
    id, "aria-describedby": `${id}-about`,
    onchange: (event) => change({ [fault.name]: Number(event.target.value) }),
  }, ...fault.values.map((one) => el("option", { value: one }, say(fault, one))));
}

function row(name, made) {
  const id = `fault-${name}`;
  const item = el("div", { className: "fault" }, el("label", { for: id }, t(id.replace("-", "_"))), made,
    el("small", { id: `${id}-about` }, t(`about_${name}`)));
  item.dataset.fault = name;
  return item;
}

/** Only which action, and with which code: these alone break nothing. */
const narrowing = () => [
  row("action", el("input", {
    id: "fault-action", "aria-describedby": "fault-action-about", type: "text", maxLength: 63,
    placeholder: "send_group_msg", spellcheck: false,
    onchange: (event) => change({ action: event.target.value.trim() }),
  })),
  row("retcode", el("input", {
    id: "fault-retcode", "aria-describedby": "fault-retcode-about", type: "number", placeholder: "100", step: 1,
    onchange: (event) => change({ retcode: Number(event.target.value) || 0 }),
  })),
];

/** A select that has the value, even one that only a script would set. */
function showValue(select, fault, value) {
  if (![...select.options].some((one) => one.value === String(value)))
    select.append(el("option", { value }, say(fault, value)));
  select.value = String(value);
}

/** Show what is set, without making anything anew: somebody may be choosing or writing here. */
function showFaults(all = false) {
  for (const fault of FAULTS) {
    const value = known[fault.name] ?? 0;
    const made = byId(`fault-${fault.name}`);
    if (fault.flag) made.checked = Boolean(value);
    else showValue(made, fault, value);
    made.closest(".fault").classList.toggle("set", Boolean(value));
  }
  for (const name of ["action", "retcode"]) {
    const field = byId(`fault-${name}`);
    if (all || field !== document.activeElement) field.value = known[name] || "";
  }
  const count = set().length;
  byId("fault-count").textContent = count || "";
  byId("fault-count").setAttribute("aria-label", t("faults_set", count));
  byId("fault-state").textContent = count ? t("faults_set", count) : t("no_faults");
  byId("no-faults").disabled = !count && !known.action && !known.retcode;
}

async function choose(one) {
  account = one;
  trouble("");
  await refreshFaults();
}

/** Whose faults they are, where there are several accounts. */
export function drawFaultAccounts() {
  const had = document.activeElement?.id === "fault-account";
  byId("fault-whose").replaceChildren(accountSelect("fault-account", state.accounts.has(account) ? account : state.botId, choose));
  if (had) byId("fault-account").focus();
}

export function drawFaults() {
  drawFaultAccounts();
  byId("faults").replaceChildren(...FAULTS.map((fault) => row(fault.name, control(fault, `fault-${fault.name}`))),
    el("h3", {}, t("only_these")), ...narrowing());
  showFaults();
}

export function startFaults() {
  byId("no-faults").addEventListener("click", () => change({}, {}));
  addEventListener("focus", refreshFaults);
}
