// The bar over the stage: where one is, and what concerns the whole page. And the rail with its drawers.

import { fit, zoom } from "./camera.js";
import { html, Part } from "./html.js";
import { bare, fullScreen } from "./keys.js";
import { IconButton } from "./menu.js";
import { Atlas } from "./atlas.js";
import { Family } from "./family.js";
import { Knobs } from "./knobs.js";
import { Looks } from "./looks.js";
import { Motion } from "./motion.js";
import { Paint } from "./paint.js";
import { Queue } from "./queue.js";
import { Sweep } from "./sweep.js";
import { Icon } from "./icon.js";
import { set, state } from "./state.js";
import { nextTheme } from "./theme.js";

export class Bar extends Part {
  render() {
    const to = (view) => ({ "aria-current": state.view === view ? "page" : undefined, onClick: () => set({ view }) });
    return html`<header>
      <h1><svg viewBox="0 0 32 32" aria-hidden="true"><circle cx="16" cy="16" r="15" class="iris" /><circle cx="16" cy="16" r="9" class="gold" /><circle cx="16" cy="16" r="5" class="pupil" /><circle cx="18" cy="14" r="1.6" class="glint" /></svg>kerasdream</h1>
      <nav aria-label="Parts of the studio">
        <button type="button" id="to-stage" ...${to("stage")}>Studio</button>
        <button type="button" id="to-gallery" ...${to("gallery")}>Gallery</button>
        ${state.view === "comparison" && html`<button type="button" ...${to("comparison")}>Comparison</button>`}
      </nav>
      <span class="space"></span>
      ${!state.online && html`<span class="offline" role="status">The studio does not answer</span>`}
      <${IconButton} class="quiet wide-only" icon="theme" label=${`Colours: ${state.theme}`} id="theme" onClick=${nextTheme} />
      <${IconButton} class="quiet wide-only" icon="help" label="Shortcuts (?)" id="to-help" onClick=${() => set({ dialog: "keys" })} />
      <${IconButton} icon="full" label="Full screen (F)" id="full-screen" onClick=${fullScreen} />
    </header>`;
  }
}

export function Tools() {
  const touch = () => set({ tool: state.tool === "touch" ? "move" : "touch", drawer: "layers" });
  return html`<div id="tools" role="toolbar" aria-label="The view">
    <${IconButton} icon="eye" id="tool-touch" label="See what the network sees (T)" aria-pressed=${state.tool === "touch"} onClick=${touch} />
    <button type="button" class="quiet" aria-label="Nearer" onClick=${() => zoom(1.4)}>+</button>
    <button type="button" class="quiet number" id="zoom" aria-label="The whole picture" title="The whole picture (0)" onClick=${fit}>${Math.round(100 * state.camera.zoom)}%</button>
    <button type="button" class="quiet" aria-label="Farther" onClick=${() => zoom(1 / 1.4)}>−</button>
    <${IconButton} icon="panel" id="bare" label="Nothing but the picture (H)" aria-pressed=${Boolean(state.bare)} onClick=${bare} />
  </div>`;
}

const DRAWERS = { looks: ["Looks", Looks], knobs: ["Knobs", Knobs], layers: ["Layers", Atlas], paint: ["Paint", Paint], sweep: ["Sweep", Sweep], motion: ["Motion", Motion], family: ["Family", Family], queue: ["Queue", Queue] };

export class Rail extends Part {
  render() {
    const turn = (name) => set({ drawer: state.drawer === name ? null : name, view: "stage", ...(["mask", "brush"].includes(state.tool) && name !== "paint" ? { tool: "move" } : {}) });
    return html`<nav id="rail" aria-label="Drawers">${Object.entries(DRAWERS).map(([name, [label]]) => html`<button type="button" key=${name} id=${`to-${name}`} aria-expanded=${state.drawer === name} onClick=${() => turn(name)}>
      <${Icon} name=${name} /><span>${label}</span>
      ${name === "queue" && state.queue.length > 0 && html`<b class="badge">${state.queue.length}</b>`}
      ${name === "knobs" && Object.keys(state.edits).length > 0 && html`<b class="badge">${Object.keys(state.edits).length}</b>`}
    </button>`)}</nav>`;
  }
}

export function Drawer() {
  if (!state.drawer) return null;
  const Content = DRAWERS[state.drawer][1];
  return html`<aside id="drawer" key=${state.drawer}><${Content} /></aside>`;
}
