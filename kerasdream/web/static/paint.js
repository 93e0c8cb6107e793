// Painting: the mask, which says where the next dream goes, and the brush, which dreams where one paints.

import { html, Part } from "./html.js";
import * as mask from "./mask.js";
import { Button, Slider } from "./menu.js";
import { set, state } from "./state.js";

const pen = (changes) => set({ pen: { ...state.pen, ...changes } });
const use = (tool) => set({ tool: state.tool === tool ? "move" : tool });

export class Paint extends Part {
  render() {
    const { tool } = state;
    return html`<section id="paint" aria-label="Paint">
      <div class="head"><h2>Paint</h2></div>
      <div class="choices">
        <button type="button" id="tool-mask" aria-pressed=${tool === "mask"} onClick=${() => use("mask")}><b>Mask</b><small>Paint where the next dream goes</small></button>
        <button type="button" id="tool-brush" aria-pressed=${tool === "brush"} onClick=${() => use("brush")}><b>Brush</b><small>Dreams where you paint, while you paint</small></button>
      </div>
      <${Slider} id="pen-size" label="Size" min="6" max="300" value=${state.pen.size} onInput=${(size) => pen({ size })} />
      ${tool !== "brush" && html`<${Slider} id="pen-feather" label="Feather" min="0" max="60" value=${state.pen.feather} onInput=${(feather) => pen({ feather })} />
      <div class="row">
        <button type="button" id="eraser" aria-pressed=${state.pen.erase} onClick=${() => pen({ erase: !state.pen.erase })}>Eraser</button>
        <${Button} id="invert" label="Invert" onClick=${mask.invert} />
        <${Button} id="undo" icon="undo" label="Undo" disabled=${!state.mask} onClick=${mask.undo} />
        <${Button} id="clear" label="Clear" disabled=${!state.mask} onClick=${mask.blank} />
      </div>`}
      <p class="note">${tool === "brush" ? "Each stroke is dreamt with the look you chose, on what is there." : "An empty mask means everywhere."} Hold Alt to move the picture, or use two fingers.</p>
    </section>`;
  }
}
