// What the network sees at a place of the picture: the channels that are strongest there, named and drawn.

import { post } from "./api.js";
import { html } from "./html.js";
import { set, state } from "./state.js";
import { Tile } from "./tile.js";

const PAUSE = 160; // milliseconds that the pointer rests
let waiting;
let last = "";

// Ask once the pointer rests. Called after each drawing.
export function lookClosely() {
  const { pointer, tool } = state;
  if (tool !== "touch" || !pointer || pointer.x < 0 || pointer.x > 1 || pointer.y < 0 || pointer.y > 1) return;
  const at = `${pointer.x.toFixed(2)} ${pointer.y.toFixed(2)} ${state.model} ${state.shown}`;
  if (at === last) return;
  last = at;
  clearTimeout(waiting);
  waiting = setTimeout(() => ask(pointer, at), PAUSE);
}

async function ask({ x, y }, at) {
  const picture = state.jobs[state.shown]?.picture ?? state.picture.id;
  try {
    const answer = await post("/api/seen", { picture, model: state.model, x, y });
    if (at === last) set({ seen: { x, y, ...answer } });
  } catch (error) {
    if (at === last) set({ seen: { x, y, layers: [], fault: error.message } });
  }
}

export function Seen() {
  const { seen } = state;
  if (!seen) return html`<p class="note seen">Point at a place of the picture: what the network sees there is shown here.</p>`;
  if (seen.fault) return html`<p class="fault">${seen.fault}</p>`;
  return html`<div id="seen"><h3>Seen at this place</h3>
    ${seen.layers.map((layer) => html`<div key=${layer.layer} class="layer-of"><h4>${layer.layer} <small>${layer.look}</small></h4><div class="tiles">
      ${layer.channels.slice(0, 4).map((one) => html`<${Tile} key=${one.channel} layer=${layer.layer} channel=${one.channel} name=${one.name} share=${Math.min(1, one.strength / 6)} />`)}
    </div></div>`)}
  </div>`;
}
