// Shortcuts, and the list of them.

import { fit, zoom } from "./camera.js";
import { deeper, dream, favour, open, stop } from "./dreams.js";
import { undo } from "./mask.js";
import { takeBack, use } from "./paint.js";
import { html, IconButton } from "./parts.js";
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
const closeHelp = () => set({ help: false });

const KEYS = [
  ["Ctrl+Enter", "Dream", tried(() => dream())],
  ["Ctrl+z", "Take back a stroke", () => (state.tool === "mask" ? undo() : takeBack())],
  ["ArrowLeft", "The newer dream", () => step(-1)],
  ["ArrowRight", "The older dream", () => step(1)],
  ["s", "Surprise me", surprise],
  ["v", "Four variations", () => four("looks")],
  ["d", "Deeper", done((job) => deeper(job))],
  ["l", "Favourite", done(favour)],
  [".", "Stop and keep", () => shownJob() && !isOver(shownJob()) && stop(state.shown)],
  ["b", "Before, while it is held", () => set({ split: 1, held: state.split })],
  ["c", "Before and after, half and half", () => set({ split: state.split > 0.01 && state.split < 0.99 ? 0 : 0.5 })],
  ["+", "Nearer", () => zoom(1.25)],
  ["-", "Farther", () => zoom(0.8)],
  ["0", "The whole picture", fit],
  ["m", "Paint a mask", () => use("mask")],
  ["p", "Paint with the dream", () => use("brush")],
  ["t", "See what the network sees", () => use("touch")],
  ["g", "Gallery", () => set({ view: state.view === "gallery" ? "stage" : "gallery" })],
  ["q", "Queue", () => set({ drawer: state.drawer === "queue" ? null : "queue" })],
  ["h", "Hide everything but the picture", bare],
  ["f", "Full screen", fullScreen],
  ["?", "These shortcuts", () => set({ help: !state.help })],
  ["Escape", "Close", close],
];

function close() {
  if (state.menu || state.help) set({ menu: null, help: false });
  else if (state.view !== "stage") set({ view: "stage" });
  else if (state.bare) bare();
  else if (state.tool !== "move") set({ tool: "move" });
  else set({ fault: "", toast: null });
}

const writing = (target) => target.matches?.("input:not([type=range], [type=checkbox], [type=radio]), textarea, select");

export function listenForKeys() {
  addEventListener("keydown", (event) => {
    const ctrl = event.ctrlKey || event.metaKey;
    const name = `${ctrl ? "Ctrl+" : ""}${event.key.length === 1 ? event.key.toLowerCase() : event.key}`;
    const action = KEYS.find(([key]) => key === name)?.[2];
    const typing = writing(event.target) && !ctrl && name !== "Escape";
    if (!action || typing || event.altKey || event.repeat || (name.startsWith("Arrow") && event.target.matches?.("input, [role=slider]"))) return;
    if (state.help && !["?", "Escape"].includes(name)) return;
    event.preventDefault();
    action();
  });
  addEventListener("keyup", (event) => event.key === "b" && !writing(event.target) && set({ split: state.held ?? 0 }));
}

const NAMES = { ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };

export function Help() {
  if (!state.help) return null;
  const key = (name) => name.split(/(?<=.)\+/).map((part) => html`<kbd>${NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part)}</kbd>`);
  return html`<dialog id="help" aria-label="Shortcuts" ref=${(at) => at?.open || at?.showModal()} onClose=${closeHelp} onClick=${(event) => event.target === event.currentTarget && closeHelp()}>
    <div class="head"><h2>Shortcuts</h2><${IconButton} icon="close" label="Close" onClick=${closeHelp} /></div>
    <dl>${KEYS.map(([name, words]) => html`<div><dt>${key(name)}</dt><dd>${words}</dd></div>`)}</dl>
    <p class="note">Wheel or pinch: nearer. Drag: move. Double click: the picture's own pixels.</p>
  </dialog>`;
}
