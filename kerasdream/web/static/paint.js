// Painting: the mask, which says where the next dream goes, and the brush, which dreams where one paints.

import * as mask from "./mask.js";
import { Button, html, Section, Slider } from "./parts.js";
import { set, state } from "./state.js";

const turn = (changes) => set({ pen: { ...state.pen, ...changes } });

// Take a tool, or put it away.
export const use = (tool) => set({ tool: state.tool === tool ? "move" : tool, drawer: tool === "touch" ? "layers" : "paint" });

export function Paint() {
  const { tool, pen } = state;
  const choice = (name, about) => html`<button id="tool-${name}" aria-pressed=${tool === name} onClick=${() => use(name)}><b>${name}</b><small>${about}</small></button>`;
  return html`<${Section} id="paint" name="Paint">
    <div class="choices">
      ${choice("mask", "Paint where the next dream goes")}
      ${choice("brush", "Dreams where you paint, while you paint")}
    </div>
    <${Slider} id="pen-size" label="Size" min="6" max="300" value=${pen.size} onInput=${(size) => turn({ size })} />
    ${tool !== "brush" && html`<${Slider} id="pen-feather" label="Feather" min="0" max="60" value=${pen.feather} onInput=${(feather) => turn({ feather })} />
    <div class="row">
      <button id="eraser" aria-pressed=${pen.erase} onClick=${() => turn({ erase: !pen.erase })}>Eraser</button>
      <${Button} id="invert" label="Invert" onClick=${mask.invert} />
      <${Button} id="undo" icon="undo" label="Undo" disabled=${!state.mask} onClick=${mask.undo} />
      <${Button} id="clear" label="Clear" disabled=${!state.mask} onClick=${mask.blank} />
    </div>`}
    <p class="note">${tool === "brush" ? "Each stroke is dreamt with the look you chose, on what is there." : "An empty mask means everywhere."} Hold Alt to move the picture, or use two fingers.</p>
  <//>`;
}
