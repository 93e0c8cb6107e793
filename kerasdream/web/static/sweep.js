// A sweep: a grid over one knob or two, filled while one looks.

import { html, Part } from "./html.js";
import { Button } from "./menu.js";
import { labelOf } from "./knobs.js";
import { number, valueOf } from "./settings.js";
import { set, state } from "./state.js";
import { sweep } from "./variations.js";

const MOST = 36; // dreams of one grid
const AXES = { x: { knob: "octave_scale", text: "1.2, 1.4, 1.8" }, y: { knob: "step", text: "0.005, 0.01, 0.02" } };
const axes = () => state.axes ?? AXES;
const change = (name, changes) => set({ axes: { ...axes(), [name]: { ...axes()[name], ...changes } } });

const swept = () => state.schema.knobs.filter((knob) => !["objective", "floats", "ints"].includes(knob.kind) || ["step", "iterations", "gradient_blur"].includes(knob.name))
  .filter((knob) => knob.name !== "model");

function some(knob) {
  if (knob.choices.length) return knob.choices.slice(0, 6).join(", ");
  if (knob.kind === "bool") return "no, yes";
  const now = valueOf(knob.name);
  const base = typeof now === "number" && now > 0 ? now : 1;
  const whole = knob.kind.startsWith("int");
  const low = whole ? Math.max(knob.low ?? 0, Math.round(base / 2)) : base / 2;
  const values = [low, base, base * 2].map((value) => Math.min(knob.high ?? Infinity, whole ? Math.round(value) : Number(value.toPrecision(3))));
  return [...new Set(values)].join(", ");
}

function valuesOf({ knob, text }) {
  const { kind } = state.schema.knobs.find((one) => one.name === knob) ?? {};
  const parts = text.split(",").map((part) => part.trim()).filter(Boolean);
  if (kind === "bool") return parts.map((part) => ["yes", "true", "on", "1"].includes(part.toLowerCase()));
  if (kind === "choice") return parts;
  return parts.map((part) => number(part, kind?.startsWith("int") ? "int" : "float"));
}

export class Sweep extends Part {
  render() {
    const x = { ...axes().x, values: valuesOf(axes().x) };
    const y = { ...axes().y, values: axes().y.knob ? valuesOf(axes().y) : [] };
    const count = x.values.length * Math.max(1, y.values.length);
    return html`<section id="sweep" aria-label="Sweep">
      <div class="head"><h2>Sweep</h2></div>
      <p class="note">Two knobs over several values: a grid of dreams to choose from. Everything else stays as it is set.</p>
      <${Axis} name="x" label="Across" axis=${axes().x} />
      <${Axis} name="y" label="Down" axis=${axes().y} none />
      <p class="note">${count} dreams${count > MOST ? `; ${MOST} at most` : ""}.</p>
      <${Button} id="go-sweep" class="strong" label=${`Dream the ${count}`} disabled=${!x.values.length || count > MOST || state.asking} onClick=${() => sweep({ x, y })} />
    </section>`;
  }
}

function Axis({ name, label, axis, none }) {
  const choose = (event) => {
    const knob = swept().find((one) => one.name === event.target.value);
    change(name, { knob: knob?.name ?? "", text: knob ? some(knob) : "" });
  };
  return html`<fieldset><legend>${label}</legend>
    <select id=${`sweep-${name}`} aria-label=${`Knob ${label.toLowerCase()}`} onChange=${choose} value=${axis.knob}>
      ${none && html`<option value="" selected=${!axis.knob}>nothing</option>`}
      ${swept().map((knob) => html`<option key=${knob.name} value=${knob.name} selected=${knob.name === axis.knob}>${labelOf(knob.name)}</option>`)}
    </select>
    ${axis.knob && html`<input id=${`sweep-${name}-values`} type="text" aria-label=${`Values ${label.toLowerCase()}, with commas`} value=${axis.text} onInput=${(event) => change(name, { text: event.target.value })} />`}
  </fieldset>`;
}
