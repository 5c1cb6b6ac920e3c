// media.js - images and voices as they came, without a network: base64 becomes a data: URL of the
// type that its first bytes tell; everything else is told by its address, as text.
// SPDX-License-Identifier: MIT
import { el } from "./dom.js";
import { t } from "./text.js";

const MOST = 1024 * 1024; // characters of base64 that are shown
const BASE64 = /^[A-Za-z0-9+/\s]+=*\s*$/;

// What the first bytes are, as Latin-1.
const IMAGES = [[/^\x89PNG\r\n/, "image/png"], [/^\xff\xd8\xff/, "image/jpeg"], [/^GIF8[79]a/, "image/gif"],
  [/^RIFF[^]{4}WEBP/, "image/webp"], [/^BM/, "image/bmp"]];
const SOUNDS = [[/^RIFF[^]{4}WAVE/, "audio/wav"], [/^OggS/, "audio/ogg"], [/^fLaC/, "audio/flac"],
  [/^(ID3|\xff[\xe2-\xfb])/, "audio/mpeg"]];

function base64Of({ file, url }) {
  for (const given of [file, url]) {
    const found = /^(?:base64:\/\/|data:[^,]{0,80};base64,)([^]*)$/.exec(given ?? "");
    if (found) return found[1];
  }
  return null;
}

/** A data: URL for base64 of one of the kinds; null when it is none, or too long. */
function dataUrl(base64, kinds) {
  if (base64.length > MOST || !BASE64.test(base64)) return null;
  try {
    const first = atob(base64.replace(/\s/g, "").slice(0, 32));
    const kind = kinds.find(([pattern]) => pattern.test(first));
    return kind ? `data:${kind[1]};base64,${base64.replace(/\s/g, "")}` : null;
  } catch {
    return null;
  }
}

const size = (base64) => `${Math.ceil(base64.length * 3 / 4 / 1024)} KB`;

/** A frame that says what would be seen here. */
function placeholder(sign, kind, data, why) {
  const base64 = base64Of(data);
  const where = base64 === null ? data.url || data.file || "" : `base64, ${size(base64)}`;
  return el("span", { className: "placeholder", title: String(where).slice(0, 500) },
    el("span", { "aria-hidden": "true" }, sign), el("span", { className: "kind" }, t(kind)),
    el("small", {}, [why, String(where).slice(0, 160)].filter(Boolean).join(" · ")));
}

export function imageOf(data) {
  const base64 = base64Of(data);
  const src = base64 === null ? null : dataUrl(base64, IMAGES);
  if (!src) return placeholder("🖼", "image", data, base64 === null ? "" : t("unreadable"));
  const image = el("img", { className: "picture", alt: data.summary || t("image"), src });
  image.addEventListener("error", () =>
    image.replaceWith(placeholder("🖼", "image", data, t("unreadable"))));
  return image;
}

export function recordOf(data) {
  const base64 = base64Of(data);
  const src = base64 === null ? null : dataUrl(base64, SOUNDS);
  if (!src) return placeholder("🎤", "record", data, "");
  return el("audio", { className: "sound", controls: true, preload: "metadata", src, "aria-label": t("record") });
}

export const videoOf = (data) => placeholder("🎬", "video", data, "");
export const fileOf = (data) => placeholder("📄", "file", { url: data.name ?? data.file ?? data.url });

/** A File of the person's disk as base64://…; throws an Error in words. */
export function readImage(file, most) {
  if (file.size > most) throw new Error(t("image_too_big", Math.round(file.size / 1024), Math.round(most / 1024)));
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onerror = () => reject(new Error(t("unreadable")));
    reader.onload = () => {
      const base64 = String(reader.result).split(",")[1] ?? "";
      if (dataUrl(base64, IMAGES)) resolve(`base64://${base64}`);
      else reject(new Error(t("no_image")));
    };
    reader.readAsDataURL(file);
  });
}
