// Four sliders with plain names. Each stop says what it does to the knobs of the look.

import { html, Slider } from "./parts.js";
import { turn, usual, valueOf } from "./settings.js";
import { rounded, same, state, within } from "./state.js";

const each = (value, change) => (Array.isArray(value) ? value.map(change) : change(value));

const touched = (slider) => [...new Set(slider.stops.flatMap((stop) => Object.keys({ ...stop.set, ...stop.times, ...stop.plus })))];

function at({ set, times, plus }, name) {
  if (name in set) return set[name];
  const scaled = (one) => (name === "iterations" ? Math.max(1, Math.round(one * times[name])) : rounded(one * times[name]));
  if (name in times) return each(usual(name), scaled);
  if (name in plus) return each(usual(name), (one) => within(one + plus[name], 1, 12));
  return usual(name);
}

// The stop where a slider stands; -1 where the knobs are between its stops.
function place(slider) {
  const names = touched(slider);
  const fits = (stop) => names.every((name) => same(at(stop, name), valueOf(name)));
  return slider.default !== null && fits(slider.stops[slider.default]) ? slider.default : slider.stops.findIndex(fits);
}

export const Simple = () => html`<div id="simple">${state.schema.simple[state.model].map((slider) => html`<${Stops} key=${slider.name} slider=${slider} />`)}</div>`;

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
