// The network that dreams.

import { html } from "./html.js";
import { askForWall } from "./picture.js";
import { set, state } from "./state.js";

const NAMES = { mini: "mini, the quick one", inception_v3: "InceptionV3" };

export function Network() {
  const change = (event) => {
    set({ model: event.target.value, atlas: null });
    askForWall();
  };
  if (state.schema.models.length < 2) return html`<span class="note">${NAMES[state.model] ?? state.model}</span>`;
  return html`<label class="model"><span class="hidden">Network</span><select id="knob-model" value=${state.model} onChange=${change}>
    ${state.schema.models.map((model) => html`<option key=${model} value=${model} selected=${model === state.model}>${NAMES[model] ?? model}</option>`)}
  </select></label>`;
}
