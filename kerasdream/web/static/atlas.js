// The atlas: the layers and channels of a network as pictures, to be clicked into the mix.

import { call } from "./api.js";
import { sketchKey } from "./dreams.js";
import { isMixed, Mix, toggle } from "./mix.js";
import { Network } from "./network.js";
import { Component, html, Section } from "./parts.js";
import { Seen } from "./seen.js";
import { set, state, tried } from "./state.js";
import { Tile } from "./tile.js";

const load = tried(async () => {
  const { model } = state;
  if (state.atlas?.model === model) return;
  set({ atlas: { model, layers: [] } });
  const { layers } = await call(`atlas?model=${encodeURIComponent(model)}`);
  if (state.model === model) set({ atlas: { model, layers } });
});

export class Atlas extends Component {
  componentDidMount() {
    load();
  }

  componentDidUpdate() {
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

const SHOWN = 8; // channels of each layer that the studio draws unasked

function Layer({ layer: { name, look, drawn, names, channels: count } }) {
  // The numbers of the channels of this layer among keys that begin so.
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
