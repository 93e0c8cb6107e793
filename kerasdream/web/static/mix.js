// The mix of layers and channels that a dream follows, with their weights.

import { Component, html, IconButton } from "./parts.js";
import { layersOf, loadLayers, number, turn, turnBack } from "./settings.js";
import { state } from "./state.js";

const pairs = () => Object.entries(layersOf());
const put = (pairs) => (pairs.length ? turn("layers", Object.fromEntries(pairs)) : turnBack("layers"));

export const isMixed = (name) => name in (state.edits.layers ?? {});

// Add a layer or a channel to the mix; what is there goes out. The first one makes a mix of its own.
export function toggle(name) {
  const there = Object.entries(state.edits.layers ?? {});
  put(isMixed(name) ? there.filter(([one]) => one !== name) : [...there, [name, 1]]);
}

export class Mix extends Component {
  componentDidMount() {
    loadLayers().catch(() => {});
  }

  render({ fault }) {
    const names = state.layers[state.model] ?? [];
    const add = ({ target }) => {
      const name = target.value.trim();
      if (name) put([...pairs(), [name, 1]]);
      target.value = "";
    };
    return html`<div id="layers" class="knob wide ${state.edits.layers ? "own" : ""}">
      <p><b>layers</b></p>
      ${pairs().map(([name, weight], i) => html`<${Row} key=${i} i=${i} name=${name} weight=${weight} />`)}
      <div class="layer"><input type="text" id="add-layer" list="layer-names" aria-label="Add a layer" placeholder="Add a layer or channel" onChange=${add} /></div>
      <datalist id="layer-names">${names.map((layer) => html`<option key=${layer.name} value=${layer.name}>${layer.look}</option>`)}</datalist>
      <p class="note">What the dream follows, and how much. mixed4:150 is one channel; under Layers you see them.</p>
      <p class="fault" role="alert">${fault}</p>
    </div>`;
  }
}

function Row({ i, name, weight }) {
  const change = (...pair) => put(pairs().with(i, pair));
  const away = () => put(pairs().filter((_, at) => at !== i));
  return html`<div class="layer">
    <input type="text" list="layer-names" aria-label="Layer ${i + 1}" value=${name} onChange=${({ target }) => change(target.value.trim(), weight)} />
    <input type="range" min="-3" max="5" step="0.1" aria-label="Weight of ${name}, as a slider" value=${Number(weight) || 0} onInput=${({ target }) => change(name, target.valueAsNumber)} />
    <input type="text" inputmode="decimal" class="weight" aria-label="Weight of layer ${i + 1}" value=${weight} onInput=${({ target }) => change(name, number(target.value))} />
    <${IconButton} class="small" icon="close" label="Remove layer ${i + 1}" onClick=${away} />
  </div>`;
}
