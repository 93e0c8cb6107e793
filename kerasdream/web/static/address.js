// The address holds what is asked for and looked at: a reload, or a link, brings it back.

import { asked, knobOf } from "./settings.js";
import { set, state } from "./state.js";

let last = "";

export function writeAddress() {
  const { preset, model, ...own } = asked();
  const { id, width, height, film } = state.picture;
  const parts = new URLSearchParams({ look: preset, model });
  if (Object.keys(own).length) parts.set("knobs", JSON.stringify(own));
  if (id !== "sample") parts.set("picture", `${id}_${width}x${height}`);
  if (film) parts.set("film", `${film.frames}_${film.seconds}`);
  if (state.guide) parts.set("guide", state.guide);
  if (state.shown) parts.set("dream", state.shown);
  const text = `#${parts}`;
  if (text === last) return;
  last = text;
  history.replaceState(null, "", text);
}

// Read the address; what makes no sense is left out. Returns the id of the dream that it names.
export function readAddress() {
  const { look, model, knobs, picture, film, guide, dream } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  const found = (text, pattern) => text?.match(pattern)?.slice(1);
  const changes = {};
  if (state.schema.looks.some(({ name }) => name === look)) changes.look = look;
  if (state.schema.models.includes(model)) changes.model = model;
  try {
    changes.edits = Object.fromEntries(Object.entries(JSON.parse(knobs)).filter(([name]) => knobOf(name)));
  } catch {
    changes.edits = {};
  }
  const [id, width, height] = found(picture, /^(sample|noise:\d+x\d+|[0-9a-f]{32})_(\d+)x(\d+)$/) ?? [];
  if (id) changes.picture = { id, width: Number(width), height: Number(height), name: "" };
  const [frames, seconds] = found(film, /^(\d+)_([\d.]+)$/) ?? [];
  if (frames && id) changes.picture.film = { frames: Number(frames), seconds: Number(seconds) };
  if (/^[0-9a-f]{32}$/.test(guide)) changes.guide = guide;
  set(changes);
  return dream;
}
