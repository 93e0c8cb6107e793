// Four sliders with plain names. Each stop says what it does to the knobs of the look.

import { html } from "./html.js";
import { Slider } from "./menu.js";
import { turn, usual, valueOf } from "./settings.js";
import { state } from "./state.js";

const each = (value, change) => (Array.isArray(value) ? value.map(change) : change(value));
const rounded = (value) => Number(value.toPrecision(3));
const NAMES = { strength: "Strength", scale: "Scale of shapes", depth: "Depth of layer", detail: "Detail" };

const touched = (slider) => [...new Set(slider.stops.flatMap((stop) => [stop.set, stop.times, stop.plus].flatMap((part) => Object.keys(part ?? {}))))];

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
  return html`<div id="simple">${sliders.map((slider) => html`<${Stops} key=${slider.name} slider=${slider} />`)}</div>`;
}

function Stops({ slider }) {
  const { name, about, stops } = slider;
  const here = place(slider);
  const last = stops.length - 1;
  const shown = here >= 0 ? stops[here].label : touched(slider).some((knob) => knob in state.edits) ? "as you set it" : "as the look";
  return html`<${Slider} id=${`simple-${name}`} label=${NAMES[name] ?? name} min="0" max=${last} step="1" title=${about} shown=${shown} aria-valuetext=${shown || `${here + 1} of ${last + 1}`}
    value=${here < 0 ? (slider.default ?? Math.round(last / 2)) : here} data-unset=${here < 0 ? "" : undefined} onInput=${(to) => go(slider, stops[to])}>
    <p class="ends" aria-hidden="true"><span>${stops[0].label}</span><span>${stops[last].label}</span></p>
  <//>`;
}
