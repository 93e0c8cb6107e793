// The atlas: the layers and channels of a network as pictures, to be clicked into the mix.

import { call } from "./api.js";
import { sketchKey } from "./dreams.js";
import { html, Part } from "./html.js";
import { Mix, isMixed, toggle } from "./mix.js";
import { Network } from "./network.js";
import { Seen } from "./seen.js";
import { set, state, tried } from "./state.js";
import { Tile } from "./tile.js";

export const loadAtlas = tried(async () => {
  const { model } = state;
  if (state.atlas?.model === model) return;
  set({ atlas: { model, layers: [] } });
  const answer = await call(`/api/atlas?model=${encodeURIComponent(model)}`);
  if (state.model === model) set({ atlas: { model, layers: answer.layers, open: state.atlas?.open ?? null } });
});

export class Atlas extends Part {
  componentDidMount() {
    loadAtlas();
  }

  componentDidUpdate() {
    if (state.atlas?.model !== state.model) loadAtlas();
  }

  render() {
    const layers = state.atlas?.layers ?? [];
    return html`<section id="atlas" aria-label="Layers and channels">
      <div class="head"><h2>Layers</h2><${Network} /></div>
      <p class="note">What each part of the network looks for, from the first strokes to whole animals. Click to dream of it; click more to mix.</p>
      ${state.tool === "touch" && html`<${Seen} />`}
      ${state.edits.layers && html`<${Mix} />`}
      ${layers.map((layer) => html`<${Layer} key=${layer.name} layer=${layer} />`)}
    </section>`;
  }
}

const SHOWN = 8; // channels of each layer that the studio draws unasked

function Layer({ layer }) {
  const key = sketchKey({ model: state.model, layer: layer.name, channel: "" });
  const since = Object.keys(state.sketched).filter((one) => one.startsWith(key)).map((one) => Number(one.slice(key.length)));
  const mixed = Object.keys(state.edits.layers ?? {}).filter((one) => one.startsWith(`${layer.name}:`)).map((one) => Number(one.split(":")[1]));
  const channels = [...new Set([...layer.drawn, ...since, ...mixed])].filter(Number.isInteger).sort((a, b) => a - b);
  const coming = Array.from({ length: Math.max(0, SHOWN - channels.length) });
  return html`<div class="layer-of">
    <div class="row"><h3><button type="button" class="whole" aria-pressed=${isMixed(layer.name)} onClick=${() => toggle(layer.name)}>${layer.name}</button> <small>${layer.look}</small></h3><${More} layer=${layer} /></div>
    <div class="tiles">
      ${channels.map((channel) => html`<${Tile} key=${channel} layer=${layer.name} channel=${channel} name=${layer.names[channel]} />`)}
      ${coming.map((_, i) => html`<i class="tile empty" key=${`to come ${i}`}></i>`)}
    </div>
  </div>`;
}

function More({ layer }) {
  const add = (event) => {
    const channel = Number(event.target.value);
    event.target.value = "";
    if (!Number.isInteger(channel) || channel < 0 || channel >= layer.channels) return;
    toggle(`${layer.name}:${channel}`);
  };
  return html`<label class="pick"><span class="hidden">A channel of ${layer.name} by its number</span><input type="text" inputmode="numeric" placeholder=${`0–${layer.channels - 1}`} onChange=${add} /></label>`;
}
