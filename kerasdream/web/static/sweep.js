// A sweep: a grid over one knob or two, filled while one looks.

import { labelOf } from "./knobs.js";
import { Button, html, Section, Select } from "./parts.js";
import { isWhole, knobOf, number, valueOf } from "./settings.js";
import { rounded, set, state } from "./state.js";
import { sweep } from "./variations.js";

const MOST = 36; // dreams of one grid
const AXES = { x: { knob: "octave_scale", text: "1.2, 1.4, 1.8" }, y: { knob: "step", text: "0.005, 0.01, 0.02" } };
const axes = () => state.axes ?? AXES;
const change = (name, changes) => set({ axes: { ...axes(), [name]: { ...axes()[name], ...changes } } });

const swept = () => state.schema.knobs.filter(({ name, kind }) =>
  name !== "model" && (!["objective", "floats", "ints"].includes(kind) || ["step", "iterations", "gradient_blur"].includes(name)));

// Values to begin with.
function some(knob) {
  if (knob.choices.length) return knob.choices.slice(0, 6).join(", ");
  if (knob.kind === "bool") return "no, yes";
  const now = valueOf(knob.name);
  const base = typeof now === "number" && now > 0 ? now : 1;
  const fitting = (value) => Math.min(knob.high ?? Infinity, isWhole(knob) ? Math.max(knob.low ?? 0, Math.round(value)) : rounded(value));
  return [...new Set([base / 2, base, base * 2].map(fitting))].join(", ");
}

function valuesOf({ knob: name, text }) {
  const knob = knobOf(name);
  if (!knob) return [];
  const parts = text.split(",").map((part) => part.trim()).filter(Boolean);
  if (knob.kind === "bool") return parts.map((part) => ["yes", "true", "on", "1"].includes(part.toLowerCase()));
  return knob.kind === "choice" ? parts : parts.map((part) => number(part, isWhole(knob)));
}

export function Sweep() {
  const [x, y] = [axes().x, axes().y].map((axis) => ({ ...axis, values: valuesOf(axis) }));
  const count = x.values.length * Math.max(1, y.values.length);
  return html`<${Section} id="sweep" name="Sweep">
    <p class="note">Two knobs over several values: a grid of dreams to choose from. Everything else stays as it is set.</p>
    <${Axis} name="x" label="Across" axis=${x} />
    <${Axis} name="y" label="Down" axis=${y} none />
    <p class="note">${count} dreams${count > MOST && `; ${MOST} at most`}.</p>
    <${Button} id="go-sweep" class="strong" label="Dream the ${count}" disabled=${!count || count > MOST || state.asking} onClick=${() => sweep({ x, y })} />
  <//>`;
}

function Axis({ name, label, axis, none }) {
  const choose = (knob) => change(name, { knob, text: knob && some(knobOf(knob)) });
  const options = swept().map((knob) => knob.name);
  return html`<fieldset><legend>${label}</legend>
    <${Select} id="sweep-${name}" aria-label="Knob ${label.toLowerCase()}" options=${none ? ["", ...options] : options} words=${(knob) => labelOf(knob) || "nothing"} value=${axis.knob} onChange=${choose} />
    ${axis.knob && html`<input id="sweep-${name}-values" type="text" aria-label="Values ${label.toLowerCase()}, with commas" value=${axis.text} onInput=${({ target }) => change(name, { text: target.value })} />`}
  </fieldset>`;
}
