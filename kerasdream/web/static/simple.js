// Four sliders with plain names. Each stop says what it does to the knobs of the look.

import { html } from "/static/html.js";
import { turn, usual, valueOf } from "/static/settings.js";
import { state } from "/static/state.js";

const each = (value, change) => (Array.isArray(value) ? value.map(change) : change(value));
const rounded = (value) => Number(value.toPrecision(3));
const NAMES = { strength: "Strength", scale: "Scale of shapes", depth: "Depth of layer", detail: "Detail" };

const touched = (slider) => [...new Set(slider.stops.flatMap((stop) => [stop.set, stop.times, stop.plus].flatMap((part) => Object.keys(part ?? {}))))];

// What a knob is at a stop, as far as the stop goes.
function at(stop, name) {
  if (name in (stop.set ?? {})) return stop.set[name];
  const value = usual(name);
  if (name in (stop.times ?? {})) {
    const whole = name === "iterations";
    return each(value, (one) => (whole ? Math.max(1, Math.round(one * stop.times[name])) : rounded(one * stop.times[name])));
  }
  if (name in (stop.plus ?? {})) return each(value, (one) => Math.min(12, Math.max(1, one + stop.plus[name])));
  return value;
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// The stop where a slider stands; -1 where the knobs are between its stops.
function place(slider) {
  const names = touched(slider);
  const fits = (stop) => names.every((name) => same(at(stop, name), valueOf(name)));
  if (slider.default !== null && fits(slider.stops[slider.default])) return slider.default;
  return slider.stops.findIndex(fits);
}

function go(slider, stop) {
  for (const name of touched(slider)) turn(name, at(stop, name));
}

export function Simple() {
  const sliders = state.schema.simple?.[state.model] ?? [];
  return html`<div id="simple">${sliders.map((slider) => html`<${Slider} key=${slider.name} slider=${slider} />`)}</div>`;
}

function Slider({ slider }) {
  const here = place(slider);
  const last = slider.stops.length - 1;
  const label = here < 0 ? "as you set it" : slider.stops[here].label;
  const id = `simple-${slider.name}`;
  return html`<div class="simple">
    <label for=${id}>${NAMES[slider.name] ?? slider.name}</label><output for=${id}>${label}</output>
    <input id=${id} type="range" min="0" max=${last} step="1" value=${here < 0 ? (slider.default ?? Math.round(last / 2)) : here} data-unset=${here < 0 ? "" : undefined}
      aria-valuetext=${label || `${here + 1} of ${last + 1}`} title=${slider.about} onInput=${(event) => go(slider, slider.stops[Number(event.target.value)])} />
    <p class="ends" aria-hidden="true"><span>${slider.stops[0].label}</span><span>${slider.stops[last].label}</span></p>
  </div>`;
}
