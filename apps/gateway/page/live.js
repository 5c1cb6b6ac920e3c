// live.js - the socket to the gateway: opened, and opened again for as long as the page is open.
// SPDX-License-Identifier: MIT

const FIRST_MS = 300;
const LAST_MS = 4000;

/** Call take(frame) for each frame and link("online"|"offline") when the connection changes. */
export function stayConnected(take, link) {
  let delay = FIRST_MS;
  let timer = 0;
  let socket = null;

  function open() {
    clearTimeout(timer);
    timer = 0;
    socket = new WebSocket(new URL("/api/live", location.href.replace(/^http/, "ws")));
    socket.onmessage = (message) => {
      delay = FIRST_MS;
      take(JSON.parse(message.data));
    };
    socket.onclose = () => {
      socket = null;
      link("offline");
      timer = setTimeout(open, delay);
      delay = Math.min(delay * 2, LAST_MS);
    };
  }

  // Somebody looks again, or the network is back: do not let them wait.
  const hurry = () => {
    if (!socket && document.visibilityState === "visible") open();
  };
  document.addEventListener("visibilitychange", hurry);
  addEventListener("online", hurry);
  open();
}

/** The answer, or an Error with the gateway's own words. */
async function ask(path, options) {
  const answer = await fetch(path, options);
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.error ?? `${answer.status} ${answer.statusText}`);
  return body;
}

export const get = (path) => ask(path, {});

export const post = (path, json) => ask(path, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(json),
});
