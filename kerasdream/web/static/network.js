// The network that dreams.

import { html, Select } from "./parts.js";
import { askForWall } from "./picture.js";
import { set, state } from "./state.js";

const NAMES = { mini: "mini, the quick one", inception_v3: "InceptionV3" };
const words = (model) => NAMES[model] ?? model;

export function Network() {
  const change = (model) => {
    set({ model, atlas: null });
    askForWall();
  };
  const { models } = state.schema;
  if (models.length < 2) return html`<span class="note">${words(state.model)}</span>`;
  return html`<${Select} id="knob-model" class="model" aria-label="Network" options=${models} words=${words} value=${state.model} onChange=${change} />`;
}
