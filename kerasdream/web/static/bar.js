// The bar over the stage, the tools of the view, and the rail with its drawers.

import { Atlas } from "./atlas.js";
import { fit, zoom } from "./camera.js";
import { Family } from "./family.js";
import { bare, fullScreen } from "./keys.js";
import { Knobs } from "./knobs.js";
import { Looks } from "./looks.js";
import { Motion } from "./motion.js";
import { Paint, painting, use } from "./paint.js";
import { html, Icon, IconButton } from "./parts.js";
import { Queue } from "./queue.js";
import { set, state, THEME } from "./state.js";
import { Sweep } from "./variations.js";

const THEMES = ["system", "light", "dark"];

function nextTheme() {
  const theme = THEMES[(THEMES.indexOf(state.theme) + 1) % THEMES.length];
  set({ theme });
  localStorage.setItem(THEME, theme);
}

export function Bar() {
  const to = (view, label) => html`<button id="to-${view}" aria-current=${state.view === view ? "page" : undefined} onClick=${() => set({ view })}>${label}</button>`;
  return html`<header>
    <h1><img src="/static/icon.svg" alt="" />kerasdream</h1>
    <nav aria-label="Parts of the studio">${to("stage", "Studio")}${to("gallery", "Gallery")}${state.view === "comparison" && to("comparison", "Comparison")}</nav>
    <span class="space"></span>
    ${!state.online && html`<span class="offline" role="status">The studio does not answer</span>`}
    <${IconButton} class="wide-only" icon="theme" label="Colours: ${state.theme}" id="theme" onClick=${nextTheme} />
    <${IconButton} class="wide-only" icon="help" label="Shortcuts (?)" id="to-help" onClick=${() => set({ help: true })} />
    <${IconButton} icon="full" label="Full screen (F)" id="full-screen" onClick=${fullScreen} />
  </header>`;
}

export function Tools() {
  return html`<div id="tools" role="toolbar" aria-label="The view">
    <${IconButton} icon="eye" id="tool-touch" label="See what the network sees (T)" aria-pressed=${state.tool === "touch"} onClick=${() => use("touch")} />
    <button class="quiet" aria-label="Nearer" onClick=${() => zoom(1.4)}>+</button>
    <button class="quiet number" id="zoom" aria-label="The whole picture" title="The whole picture (0)" onClick=${fit}>${Math.round(100 * state.camera.zoom)}%</button>
    <button class="quiet" aria-label="Farther" onClick=${() => zoom(1 / 1.4)}>−</button>
    <${IconButton} icon="panel" id="bare" label="Nothing but the picture (H)" aria-pressed=${state.bare} onClick=${bare} />
  </div>`;
}

const DRAWERS = { looks: Looks, knobs: Knobs, layers: Atlas, paint: Paint, sweep: Sweep, motion: Motion, family: Family, queue: Queue };

export function Rail() {
  const many = { knobs: Object.keys(state.edits).length, queue: state.queue.length };
  const turn = (name) => {
    set({ drawer: state.drawer === name ? null : name, view: "stage" });
    if (name !== "paint" && painting()) set({ tool: "move" });
  };
  return html`<nav id="rail" aria-label="Drawers">${Object.keys(DRAWERS).map((name) => html`<button key=${name} id="to-${name}" aria-expanded=${state.drawer === name} onClick=${() => turn(name)}>
    <${Icon} name=${name} /><span>${name}</span>${many[name] > 0 && html`<b class="badge">${many[name]}</b>`}
  </button>`)}</nav>`;
}

export const Drawer = () => state.drawer && html`<aside id="drawer" key=${state.drawer}><${DRAWERS[state.drawer]} /></aside>`;
