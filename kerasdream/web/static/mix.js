// The mix of layers and channels that a dream follows, and the channels as tiles.

import { sketchKey } from "./dreams.js";
import { Component, html, IconButton } from "./parts.js";
import { layersOf, loadLayers, number, turn, turnBack } from "./settings.js";
import { state } from "./state.js";

const pairs = () => Object.entries(layersOf());
const put = (pairs) => (pairs.length ? turn("layers", Object.fromEntries(pairs)) : turnBack("layers"));

export const isMixed = (name) => name in (state.edits.layers ?? {});

// The first one makes a mix of its own.
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
      <datalist id="layer-names">${names.map((layer) => html`<option value=${layer.name}>${layer.look}</option>`)}</datalist>
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

export function Tile({ layer, channel, name, share }) {
  const text = `${layer}:${channel}`;
  const key = sketchKey({ model: state.model, layer, channel });
  return html`<button class="tile" aria-pressed=${isMixed(text)} title=${name ? `${name} (${text})` : text} onClick=${() => toggle(text)}>
    <${Sketch} key=${`${key} ${state.sketched[key]}`} src="/api/atlas/${key}" /><span>${name || channel}</span>
    ${share !== undefined && html`<meter max="1" value=${share} aria-hidden="true"></meter>`}
  </button>`;
}

// A channel as a picture; a place for it as long as it is still to be drawn.
class Sketch extends Component {
  render({ src }, { missing }) {
    return missing ? html`<i class="empty"></i>` : html`<img src=${src} alt="" loading="lazy" onError=${() => this.setState({ missing: true })} />`;
  }
}
