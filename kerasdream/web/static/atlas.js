// The atlas: the layers and channels of a network as pictures, to be clicked into the mix.

import { call, post } from "./api.js";
import { sketchKey } from "./dreams.js";
import { Network } from "./looks.js";
import { isMixed, Mix, Tile, toggle } from "./mix.js";
import { Follower, html, Section } from "./parts.js";
import { set, shownJob, state, tried } from "./state.js";

const load = tried(async () => {
  const { model } = state;
  set({ atlas: { model, layers: [] } });
  const { layers } = await call(`atlas?model=${encodeURIComponent(model)}`);
  if (state.model === model) set({ atlas: { model, layers } });
});

export class Atlas extends Follower {
  follow() {
    if (state.atlas?.model !== state.model) load();
  }

  render() {
    const layers = state.atlas?.layers ?? [];
    return html`<${Section} id="atlas" name="Layers" head=${html`<${Network} />`}>
      <p class="note">What each part of the network looks for, from the first strokes to whole animals. Click to dream of it; click more to mix.</p>
      ${state.tool === "touch" && html`<${Seen} />`}
      ${state.edits.layers && html`<${Mix} />`}
      ${layers.map((layer) => html`<${Layer} key=${layer.name} layer=${layer} />`)}
    <//>`;
  }
}

const SHOWN = 8; // that the studio draws unasked

function Layer({ layer: { name, look, drawn, names, channels: count } }) {
  // The numbers at the end of those keys that begin so.
  const among = (all, start) => Object.keys(all).filter((key) => key.startsWith(start)).map((key) => Number(key.slice(start.length)));
  const since = among(state.sketched, sketchKey({ model: state.model, layer: name, channel: "" }));
  const mixed = among(state.edits.layers ?? {}, `${name}:`);
  const channels = [...new Set([...drawn, ...since, ...mixed])].filter(Number.isInteger).sort((a, b) => a - b);
  const coming = Array.from({ length: Math.max(0, SHOWN - channels.length) });
  const add = ({ target }) => {
    const channel = target.value === "" ? -1 : Number(target.value);
    target.value = "";
    if (Number.isInteger(channel) && channel >= 0 && channel < count) toggle(`${name}:${channel}`);
  };
  return html`<div class="layer-of">
    <div class="row">
      <h3><button class="whole" aria-pressed=${isMixed(name)} onClick=${() => toggle(name)}>${name}</button> <small>${look}</small></h3>
      <input class="pick" type="text" inputmode="numeric" aria-label="A channel of ${name} by its number" placeholder="0–${count - 1}" onChange=${add} />
    </div>
    <div class="tiles">
      ${channels.map((channel) => html`<${Tile} key=${channel} layer=${name} channel=${channel} name=${names[channel]} />`)}
      ${coming.map((_, i) => html`<i class="tile empty" key=${`to come ${i}`}></i>`)}
    </div>
  </div>`;
}

const PAUSE = 160; // milliseconds that the pointer rests
let waiting;
let last = "";

// Called after each drawing.
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

function Seen() {
  const { seen } = state;
  if (!seen) return html`<p class="note seen">Point at a place of the picture: what the network sees there is shown here.</p>`;
  if (seen.fault) return html`<p class="fault">${seen.fault}</p>`;
  return html`<div id="seen"><h3>Seen at this place</h3>
    ${seen.layers.map(({ layer, look, channels }) => html`<div key=${layer} class="layer-of"><h4>${layer} <small>${look}</small></h4><div class="tiles">
      ${channels.slice(0, 4).map(({ channel, name, strength }) => html`<${Tile} key=${channel} layer=${layer} channel=${channel} name=${name} share=${Math.min(1, strength / 6)} />`)}
    </div></div>`)}
  </div>`;
}
