// The knobs: four sliders with plain names, and under them every knob, to be searched.

import { Mix } from "./mix.js";
import { Button, FileInput, html, IconButton, Section, Select, Slider } from "./parts.js";
import { takeGuide } from "./picture.js";
import { faulty, isWhole, reset, turn, turnBack, typed, usual, valueOf } from "./settings.js";
import { rounded, same, set, state, within } from "./state.js";

export function Knobs() {
  const words = state.search.trim().toLowerCase();
  const shown = state.schema.knobs.filter((knob) => knob.name !== "preset" && knob.name !== "model" && fits(knob, words));
  const asLook = html`<${Button} id="reset" class="quiet" icon="undo" label="As the look has it" disabled=${same(state.edits, {})} onClick=${reset} />`;
  return html`<${Section} name="Knobs" head=${asLook}>
    ${!words && html`<${Simple} />`}
    <input id="knob-search" class="search" type="search" aria-label="Search the knobs" placeholder="Search the knobs" value=${state.search} onInput=${({ target }) => set({ search: target.value })} />
    ${Object.entries(Object.groupBy(shown, ({ group }) => group)).map(([group, knobs]) => html`<fieldset key=${group}><legend>${group}</legend>
      ${knobs.map((knob) => html`<${Knob} key=${knob.name} knob=${knob} />`)}
    </fieldset>`)}
    ${!shown.length && html`<p class="note">No knob has “${state.search}” in its name or its help.</p>`}
    ${!words && html`<${Guide} />`}
  <//>`;
}

export const labelOf = (name) => name.replaceAll("_", " ");

const fits = ({ name, help, group }, words) => `${labelOf(name)} ${name} ${help} ${group}`.toLowerCase().includes(words);

function Knob({ knob }) {
  const { name, help, expected } = knob;
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
    <p class="note" id="${id}-note">${help}${expected && html`<br /><i>${expected}</i>`}</p>
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

// Each stop of a plain slider says what it does to the knobs of the look.
export const each = (value, change) => (Array.isArray(value) ? value.map(change) : change(value));

const touched = (slider) => [...new Set(slider.stops.flatMap((stop) => Object.keys({ ...stop.set, ...stop.times, ...stop.plus })))];

function at({ set, times, plus }, name) {
  if (name in set) return set[name];
  const scaled = (one) => (name === "iterations" ? Math.max(1, Math.round(one * times[name])) : rounded(one * times[name]));
  if (name in times) return each(usual(name), scaled);
  if (name in plus) return each(usual(name), (one) => within(one + plus[name], 1, 12));
  return usual(name);
}

// -1 where the knobs are between its stops.
function place(slider) {
  const names = touched(slider);
  const fits = (stop) => names.every((name) => same(at(stop, name), valueOf(name)));
  return slider.default !== null && fits(slider.stops[slider.default]) ? slider.default : slider.stops.findIndex(fits);
}

const Simple = () => html`<div id="simple">${state.schema.simple[state.model].map((slider) => html`<${Stops} slider=${slider} />`)}</div>`;

function Stops({ slider }) {
  const { name, title, about, stops } = slider;
  const here = place(slider);
  const last = stops.length - 1;
  const go = (to) => touched(slider).forEach((knob) => turn(knob, at(stops[to], knob)));
  const shown = here >= 0 ? stops[here].label : touched(slider).some((knob) => knob in state.edits) ? "as you set it" : "as the look";
  return html`<${Slider} id="simple-${name}" label=${title} min="0" max=${last} title=${about} shown=${shown} aria-valuetext=${shown || `${here + 1} of ${last + 1}`}
    value=${here < 0 ? (slider.default ?? Math.round(last / 2)) : here} data-unset=${here < 0 || undefined} onInput=${go}>
    <p class="ends" aria-hidden="true"><span>${stops[0].label}</span><span>${stops[last].label}</span></p>
  <//>`;
}
