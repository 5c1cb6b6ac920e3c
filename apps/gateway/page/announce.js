// announce.js - a few words on what has been done: for those who listen, and, fading, for those
// who see. SPDX-License-Identifier: MIT
import { byId, el } from "./dom.js";

/** A new element each time, so that its style sheet lets it fade anew. */
export const announce = (words) => byId("spoken").replaceChildren(el("span", {}, words));
