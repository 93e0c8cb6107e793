// The mix of layers and channels that a dream follows, with their weights.

import { Component, html } from "./html.js";
import { IconButton } from "./menu.js";
import { layersOf, loadLayers, number, turn, turnBack } from "./settings.js";
import { state } from "./state.js";

const put = (pairs) => turn("layers", Object.fromEntries(pairs));
const pairs = () => Object.entries(layersOf());

// Add a layer or a channel to the mix; what is there goes out. The first one makes a mix of its own.
export function toggle(name) {
  const there = state.edits.layers ?? {};
  if (name in there) {
    const { [name]: _, ...rest } = there;
    if (Object.keys(rest).length) turn("layers", rest);
    else turnBack("layers");
  } else turn("layers", { ...there, [name]: 1 });
}

export const isMixed = (name) => name in (state.edits.layers ?? {});

export class Mix extends Component {
  componentDidMount() {
    loadLayers().catch(() => {});
  }

  render({ fault }) {
    const names = state.layers[state.model] ?? [];
    return html`<div id="layers" class=${state.edits.layers ? "knob wide own" : "knob wide"}>
      <p><b>layers</b></p>
      ${pairs().map(([name, weight], i) => html`<${Row} key=${i} i=${i} name=${name} weight=${weight} />`)}
      <${Adding} />
      <datalist id="layer-names">${names.map((layer) => html`<option key=${layer.name} value=${layer.name}>${layer.look}</option>`)}</datalist>
      <p class="note">What the dream follows, and how much. mixed4:150 is one channel; under Layers you see them.</p>
      <p class="fault" role="alert">${fault}</p>
    </div>`;
  }
}

function Row({ i, name, weight }) {
  const change = (to, how) => put(pairs().map((pair, at) => (at === i ? [to, how] : pair)));
  const away = () => {
    const rest = pairs().filter((_, at) => at !== i);
    if (rest.length) put(rest);
    else turnBack("layers");
  };
  return html`<div class="layer">
    <input type="text" list="layer-names" aria-label=${`Layer ${i + 1}`} value=${name} onChange=${(event) => change(event.target.value.trim(), weight)} />
    <input type="range" min="-3" max="5" step="0.1" aria-label=${`Weight of ${name}, as a slider`} value=${Number(weight) || 0} onInput=${(event) => change(name, Number(event.target.value))} />
    <input type="text" inputmode="decimal" class="weight" aria-label=${`Weight of layer ${i + 1}`} value=${weight} onInput=${(event) => change(name, number(event.target.value))} />
    <${IconButton} class="quiet small" icon="close" label=${`Remove layer ${i + 1}`} onClick=${away} />
  </div>`;
}

function Adding() {
  const add = (event) => {
    const name = event.target.value.trim();
    if (name) put([...pairs(), [name, 1]]);
    event.target.value = "";
  };
  return html`<div class="layer"><input type="text" id="add-layer" list="layer-names" aria-label="Add a layer" placeholder="Add a layer or channel" onChange=${add} /></div>`;
}
