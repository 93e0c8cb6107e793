// Shortcuts: what keys do, and the list of them.

import { fit, zoom } from "./camera.js";
import { deeper, dream, favour, open, stop } from "./dreams.js";
import { html } from "./html.js";
import { IconButton } from "./menu.js";
import { undo } from "./mask.js";
import { isOver, set, shownJob, state, tried } from "./state.js";
import { four, surprise } from "./variations.js";

export const bare = () => set({ bare: !state.bare });

export function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen().catch(() => {});
}

function step(by) {
  const { dreams } = state.gallery;
  const at = dreams.indexOf(state.shown);
  const to = dreams[at < 0 ? 0 : at + by];
  if (to) open(to);
}

const done = (action) => () => shownJob()?.state === "done" && action(shownJob());
const tool = (name) => () => set({ tool: state.tool === name ? "move" : name, ...(name === "touch" ? { drawer: "layers" } : { drawer: "paint" }) });

const KEYS = [
  ["Ctrl+Enter", "Dream", tried(() => dream())],
  ["Ctrl+Z", "Take back a stroke", () => state.tool === "mask" && undo()],
  ["ArrowLeft", "The newer dream", () => step(-1)],
  ["ArrowRight", "The older dream", () => step(1)],
  ["s", "Surprise me", () => surprise()],
  ["v", "Four variations", () => four("looks")],
  ["d", "Deeper", done((job) => deeper(job))],
  ["l", "Favourite", done((job) => favour(job))],
  [".", "Stop and keep", () => shownJob() && !isOver(shownJob()) && stop(state.shown)],
  ["b", "Before, while it is held", () => set({ split: 1, held: state.split })],
  ["c", "Before and after, half and half", () => set({ split: state.split > 0.01 && state.split < 0.99 ? 0 : 0.5 })],
  ["+", "Nearer", () => zoom(1.25)],
  ["-", "Farther", () => zoom(0.8)],
  ["0", "The whole picture", fit],
  ["m", "Paint a mask", tool("mask")],
  ["p", "Paint with the dream", tool("brush")],
  ["t", "See what the network sees", tool("touch")],
  ["g", "Gallery", () => set({ view: state.view === "gallery" ? "stage" : "gallery" })],
  ["q", "Queue", () => set({ drawer: state.drawer === "queue" ? null : "queue" })],
  ["h", "Hide everything but the picture", bare],
  ["f", "Full screen", fullScreen],
  ["?", "These shortcuts", () => set({ dialog: state.dialog ? "" : "keys" })],
  ["Escape", "Close", close],
];

function close() {
  if (state.menu || state.dialog) return set({ menu: null, dialog: "" });
  if (state.view !== "stage") return set({ view: "stage" });
  if (state.bare) return set({ bare: false });
  if (state.tool !== "move") return set({ tool: "move" });
  return set({ fault: "", toast: null });
}

const writing = (target) => target.matches?.("input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select");
const sliding = (target) => target.matches?.("input, [role=slider]");

export function listenForKeys() {
  addEventListener("keydown", (event) => {
    const name = `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.key.length === 1 ? event.key.toLowerCase() : event.key}`;
    const found = KEYS.find(([key]) => key === name || key === event.key);
    const typing = writing(event.target) && !name.startsWith("Ctrl+") && name !== "Escape";
    if (!found || typing || event.altKey || event.repeat || (name.startsWith("Arrow") && sliding(event.target))) return;
    if (state.dialog && !["?", "Escape"].includes(found[0])) return;
    if (name === "Ctrl+z" && found[0] !== "Ctrl+Z") return;
    event.preventDefault();
    found[2]();
  });
  addEventListener("keyup", (event) => event.key === "b" && !writing(event.target) && set({ split: state.held ?? 0 }));
}

const NAMES = { ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };

export function Help() {
  if (state.dialog !== "keys") return null;
  const key = (name) => name.split(/(?<=.)\+(?=.)/).map((part) => html`<kbd>${NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part)}</kbd>`);
  return html`<dialog id="help" aria-label="Shortcuts" ref=${(at) => at && !at.open && at.showModal()} onClose=${() => state.dialog && set({ dialog: "" })} onClick=${(event) => event.target === event.currentTarget && set({ dialog: "" })}>
    <div class="head"><h2>Shortcuts</h2><${IconButton} icon="close" label="Close" onClick=${() => set({ dialog: "" })} /></div>
    <dl>${KEYS.map(([name, words]) => html`<div key=${name}><dt>${key(name)}</dt><dd>${words}</dd></div>`)}</dl>
    <p class="note">Wheel or pinch: nearer. Drag: move. Double click: the picture's own pixels.</p>
  </dialog>`;
}
