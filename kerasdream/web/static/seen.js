// What the network sees at a place of the picture: the channels that are strongest there, named and drawn.

import { post } from "./api.js";
import { html } from "./parts.js";
import { set, shownJob, state } from "./state.js";
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
  const picture = shownJob()?.picture ?? state.picture.id;
  const seen = await post("seen", { picture, model: state.model, x, y }).catch((error) => ({ fault: error.message }));
  if (at === last) set({ seen });
}

export function Seen() {
  const { seen } = state;
  if (!seen) return html`<p class="note seen">Point at a place of the picture: what the network sees there is shown here.</p>`;
  if (seen.fault) return html`<p class="fault">${seen.fault}</p>`;
  return html`<div id="seen"><h3>Seen at this place</h3>
    ${seen.layers.map(({ layer, look, channels }) => html`<div key=${layer} class="layer-of"><h4>${layer} <small>${look}</small></h4><div class="tiles">
      ${channels.slice(0, 4).map(({ channel, name, strength }) => html`<${Tile} key=${channel} layer=${layer} channel=${channel} name=${name} share=${Math.min(1, strength / 6)} />`)}
    </div></div>`)}
  </div>`;
}
