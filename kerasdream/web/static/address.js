// The address of the page holds what is asked for and what is looked at: a reload, or a link, brings it back.

import { asked } from "./settings.js";
import { set, state } from "./state.js";

const PICTURE = /^(sample|noise:\d+x\d+|[0-9a-f]{32})$/;
let last = "";

export function write() {
  const { preset, model, ...own } = asked();
  const parts = new URLSearchParams({ look: preset, model });
  if (Object.keys(own).length) parts.set("knobs", JSON.stringify(own));
  if (state.picture.id !== "sample") parts.set("picture", `${state.picture.id}_${state.picture.width}x${state.picture.height}`);
  if (state.picture.film) parts.set("film", `${state.picture.film.frames}_${state.picture.film.seconds}`);
  if (state.guide) parts.set("guide", state.guide);
  if (state.shown) parts.set("dream", state.shown);
  const text = `#${parts}`;
  if (text === last) return;
  last = text;
  history.replaceState(null, "", text);
}

// Read the address; what makes no sense is left out. Returns the id of the dream that it names.
export function read() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const { looks, models, knobs } = state.schema;
  const changes = {};
  if (looks.some((look) => look.name === parts.get("look"))) changes.look = parts.get("look");
  if (models.includes(parts.get("model"))) changes.model = parts.get("model");
  try {
    const own = Object.entries(JSON.parse(parts.get("knobs") ?? "{}"));
    changes.edits = Object.fromEntries(own.filter(([name]) => knobs.some((knob) => knob.name === name)));
  } catch {
    changes.edits = {};
  }
  const [, id, width, height] = (parts.get("picture") ?? "").match(/^(.*)_(\d+)x(\d+)$/) ?? [];
  if (id && PICTURE.test(id)) changes.picture = { id, width: Number(width), height: Number(height), name: "" };
  const [, frames, seconds] = (parts.get("film") ?? "").match(/^(\d+)_([\d.]+)$/) ?? [];
  if (frames && changes.picture) changes.picture.film = { frames: Number(frames), seconds: Number(seconds) };
  if (/^[0-9a-f]{32}$/.test(parts.get("guide") ?? "")) changes.guide = parts.get("guide");
  set(changes);
  return parts.get("dream");
}
