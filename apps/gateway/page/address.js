// address.js - the columns in the page's address: #10001-g20001+10003-p10003+10003-p10002~10003
// SPDX-License-Identifier: MIT

export const COLUMNS = 4; // side by side, at most

/** What a hash says, as [{me, place}]; what cannot be read is left out. */
export function readAddress(hash) {
  const list = hash.replace(/^#/, "").split("+").map((one) => /^(\d{1,15})-(g\d{1,15}|p\d{1,15}(?:~\d{1,15})?)$/.exec(one));
  return list.filter(Boolean).slice(0, COLUMNS).map(([, me, place]) => ({ me: Number(me), place }));
}

export const writeAddress = (columns) =>
  `#${columns.map(({ me, place }) => `${me}-${place}`).join("+")}`;
