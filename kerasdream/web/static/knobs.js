// The knobs: four sliders with plain names, and under them every knob, to be searched.

import { html, Part } from "./html.js";
import { Button, IconButton } from "./menu.js";
import { takeGuide } from "./picture.js";
import { Mix } from "./mix.js";
import { Simple } from "./simple.js";
import { faulty, limits, reset, turn, turnBack, typed, valueOf } from "./settings.js";
import { set, state } from "./state.js";

export class Knobs extends Part {
  render() {
    const words = state.search.trim().toLowerCase();
    const shown = state.schema.knobs.filter((knob) => knob.name !== "preset" && knob.name !== "model" && fits(knob, words));
    const groups = [...new Set(shown.map((knob) => knob.group))];
    return html`<section id="knobs" aria-label="Knobs">
      <div class="head"><h2>Knobs</h2><${Button} id="reset" class="quiet" icon="undo" label="As the look has it" disabled=${!Object.keys(state.edits).length} onClick=${reset} /></div>
      ${!words && html`<${Simple} />`}
      <label class="search"><span class="hidden">Search the knobs</span><input id="knob-search" type="search" placeholder="Search the knobs" value=${state.search} onInput=${(event) => set({ search: event.target.value })} /></label>
      <form autocomplete="off" onSubmit=${(event) => event.preventDefault()}>
        ${groups.map((group) => html`<fieldset key=${group}><legend>${group}</legend>
          ${shown.filter((knob) => knob.group === group).map((knob) => html`<${Knob} key=${knob.name} knob=${knob} />`)}
        </fieldset>`)}
        ${!shown.length && html`<p class="note">No knob has “${state.search}” in its name or its help.</p>`}
      </form>
      ${!words && html`<${Guide} />`}
    </section>`;
  }
}

const fits = ({ name, help, group }, words) => [name.replaceAll("_", " "), name, help, group].some((text) => text.toLowerCase().includes(words));

export const labelOf = (name) => name.replaceAll("_", " ");

function Knob({ knob }) {
  const id = `knob-${knob.name}`;
  const own = knob.name in state.edits;
  const fault = faulty(state.fault) === knob.name ? state.fault : "";
  if (knob.name === "layers") return html`<${Mix} fault=${fault} />`;
  const about = `${id}-note ${id}-fault`;
  const range = rangeOf(knob);
  return html`<div class=${own ? "knob own" : "knob"}>
    <label for=${id}>${labelOf(knob.name)}</label>
    <${Field} knob=${knob} id=${id} about=${about} invalid=${Boolean(fault)} />
    ${own && html`<${IconButton} class="quiet small back" icon="undo" label=${`${labelOf(knob.name)} as the look has it`} onClick=${() => turnBack(knob.name)} />`}
    ${range && html`<input type="range" class="range" min="0" max="1000" aria-label=${`${labelOf(knob.name)}, as a slider`} value=${range.at} onInput=${(event) => turn(knob.name, range.value(Number(event.target.value)))} />`}
    <p class="note" id=${`${id}-note`}>${knob.help}${limits(knob) && html`<br /><i>${limits(knob)}</i>`}</p>
    <p class="fault" id=${`${id}-fault`} role="alert">${fault}</p>
  </div>`;
}

function Field({ knob, id, about, invalid }) {
  const common = { id, "aria-describedby": about, "aria-invalid": invalid };
  if (knob.choices.length) {
    return html`<select ...${common} value=${typed(knob.name)} onChange=${(event) => turn(knob.name, event.target.value)}>
      ${knob.choices.map((one) => html`<option key=${one} value=${one} selected=${one === typed(knob.name)}>${one}</option>`)}</select>`;
  }
  if (knob.kind === "bool") return html`<input ...${common} type="checkbox" checked=${Boolean(valueOf(knob.name))} onChange=${(event) => turn(knob.name, event.target.checked)} />`;
  return html`<input ...${common} type="text" inputmode=${knob.kind.startsWith("int") ? "numeric" : "decimal"} placeholder=${knob.optional ? "none" : ""} value=${typed(knob.name)} onInput=${(event) => turn(knob.name, event.target.value)} />`;
}

const BEND = 3; // low values have more room on a slider: that is where they matter

function rangeOf(knob) {
  const value = valueOf(knob.name);
  if (knob.low === null || knob.high === null || knob.name === "seed" || typeof value !== "number") return null;
  const span = knob.high - knob.low;
  const whole = knob.kind.startsWith("int");
  return {
    at: Math.round(1000 * (Math.max(0, value - knob.low) / span) ** (1 / BEND)),
    value: (at) => {
      const exact = knob.low + span * (at / 1000) ** BEND;
      return whole ? Math.round(exact) : Number(Math.max(exact, knob.low || span / 1e4).toPrecision(3));
    },
  };
}

function Guide() {
  return html`<div class="guide" data-drop="guide" id="guide-drop">
    <h3>Guide picture</h3>
    <p class="note">The dream takes its shapes from it. Choose one, or drop it here.</p>
    <div class="row">
      <label class="button">Choose<input id="guide" type="file" accept="image/*" onChange=${(event) => takeGuide(event.target.files).then(() => (event.target.value = ""))} /></label>
      ${state.guide && html`<img id="guide-shown" src=${`/api/pictures/${state.guide}`} alt="The guide picture" />
        <${Button} id="guide-clear" class="quiet" label="No guide" onClick=${() => set({ guide: null })} />`}
    </div>
  </div>`;
}
