// The knobs: four sliders with plain names, and under them every knob, to be searched.

import { Mix } from "./mix.js";
import { Button, FileInput, html, IconButton, Section, Select } from "./parts.js";
import { takeGuide } from "./picture.js";
import { faulty, isWhole, limits, reset, turn, turnBack, typed, valueOf } from "./settings.js";
import { Simple } from "./simple.js";
import { rounded, set, state } from "./state.js";

export function Knobs() {
  const words = state.search.trim().toLowerCase();
  const shown = state.schema.knobs.filter((knob) => knob.name !== "preset" && knob.name !== "model" && fits(knob, words));
  const groups = [...new Set(shown.map((knob) => knob.group))];
  const asLook = html`<${Button} id="reset" class="quiet" icon="undo" label="As the look has it" disabled=${!Object.keys(state.edits).length} onClick=${reset} />`;
  return html`<${Section} id="knobs" name="Knobs" head=${asLook}>
    ${!words && html`<${Simple} />`}
    <input id="knob-search" class="search" type="search" aria-label="Search the knobs" placeholder="Search the knobs" value=${state.search} onInput=${({ target }) => set({ search: target.value })} />
    ${groups.map((group) => html`<fieldset key=${group}><legend>${group}</legend>
      ${shown.filter((knob) => knob.group === group).map((knob) => html`<${Knob} key=${knob.name} knob=${knob} />`)}
    </fieldset>`)}
    ${!shown.length && html`<p class="note">No knob has “${state.search}” in its name or its help.</p>`}
    ${!words && html`<${Guide} />`}
  <//>`;
}

export const labelOf = (name) => name.replaceAll("_", " ");

const fits = ({ name, help, group }, words) => [labelOf(name), name, help, group].some((text) => text.toLowerCase().includes(words));

function Knob({ knob }) {
  const { name, help } = knob;
  const id = `knob-${name}`;
  const label = labelOf(name);
  const own = name in state.edits;
  const fault = faulty(state.fault) === name ? state.fault : "";
  if (name === "layers") return html`<${Mix} fault=${fault} />`;
  const range = rangeOf(knob);
  return html`<div class="knob ${own ? "own" : ""}">
    <label for=${id}>${label}</label>
    <${Field} knob=${knob} id=${id} aria-describedby="${id}-note ${id}-fault" aria-invalid=${Boolean(fault)} />
    ${own && html`<${IconButton} class="small back" icon="undo" label="${label} as the look has it" onClick=${() => turnBack(name)} />`}
    ${range && html`<input type="range" class="range" min="0" max="1000" aria-label="${label}, as a slider" value=${range.at} onInput=${({ target }) => turn(name, range.value(target.valueAsNumber))} />`}
    <p class="note" id="${id}-note">${help}${limits(knob) && html`<br /><i>${limits(knob)}</i>`}</p>
    <p class="fault" id="${id}-fault" role="alert">${fault}</p>
  </div>`;
}

function Field({ knob, ...rest }) {
  const { name, choices, kind, optional } = knob;
  if (choices.length) return html`<${Select} ...${rest} options=${choices} value=${typed(name)} onChange=${(value) => turn(name, value)} />`;
  if (kind === "bool") return html`<input ...${rest} type="checkbox" checked=${valueOf(name)} onChange=${({ target }) => turn(name, target.checked)} />`;
  return html`<input ...${rest} type="text" autocomplete="off" inputmode=${isWhole(knob) ? "numeric" : "decimal"} placeholder=${optional ? "none" : ""} value=${typed(name)}
    onInput=${({ target }) => turn(name, target.value)} />`;
}

const BEND = 3; // low values have more room on a slider: that is where they matter

function rangeOf(knob) {
  const { name, low, high } = knob;
  const value = valueOf(name);
  if (low === null || high === null || name === "seed" || typeof value !== "number") return null;
  const span = high - low;
  return {
    at: Math.round(1000 * (Math.max(0, value - low) / span) ** (1 / BEND)),
    value: (at) => {
      const exact = low + span * (at / 1000) ** BEND;
      return isWhole(knob) ? Math.round(exact) : rounded(Math.max(exact, low || span / 1e4));
    },
  };
}

function Guide() {
  return html`<div class="guide" id="guide-drop">
    <h3>Guide picture</h3>
    <p class="note">The dream takes its shapes from it. Choose one, or drop it here.</p>
    <div class="row">
      <label class="button">Choose<${FileInput} id="guide" accept="image/*" take=${takeGuide} /></label>
      ${state.guide && html`<img id="guide-shown" src="/api/pictures/${state.guide}" alt="The guide picture" />
        <${Button} id="guide-clear" class="quiet" label="No guide" onClick=${() => set({ guide: null })} />`}
    </div>
  </div>`;
}
