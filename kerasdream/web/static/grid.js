// A grid of dreams that belong together: variations, or a sweep with its knobs along the edges.

import { imageOf, open, pictureOf } from "./dreams.js";
import { labelOf } from "./knobs.js";
import { html } from "./parts.js";
import { isOver, nameOf, state } from "./state.js";
import { Still } from "./still.js";

const text = (value) => (typeof value === "boolean" ? (value ? "yes" : "no") : value);

export function Grid() {
  const { kind, ids, across, x, y } = state.group;
  const tracks = (many) => `${x ? "auto " : ""}repeat(${many},minmax(0,1fr))`;
  const axis = ({ knob }, value) => html`<small>${labelOf(knob)}</small> ${text(value)}`;
  return html`<div id="grid" class=${kind} style="grid-template:${tracks(ids.length / across)}/${tracks(across)}" role="group" aria-label=${x ? "The dreams of the sweep" : "Four variations"}>
    ${x && html`<span class="axis"></span>${x.values.map((value, i) => html`<span class="axis" key="x${i}">${axis(x, value)}</span>`)}`}
    ${ids.map((id, i) => [
      x && i % across === 0 && html`<span class="axis side">${y && axis(y, y.values[i / across])}</span>`,
      html`<${Cell} key=${id} job=${state.jobs[id]} named=${!x} />`])}
  </div>`;
}

const HOW = { queued: "waits", running: "is being dreamt", cancelled: "cancelled" };

function Cell({ job, named }) {
  if (!job) return html`<span class="cell"></span>`;
  const how = HOW[job.state] ?? job.error;
  return html`<button class="cell" data-state=${job.state} aria-label="${nameOf(job)} ${how}" onClick=${() => open(job.id)}>
    <${Still} class="under" src=${pictureOf(job.picture)} alt="" />
    <${Still} src=${imageOf(job)} alt="" />
    ${named && html`<span class="name">${nameOf(job)}</span>`}
    ${isOver(job) ? job.state !== "done" && html`<span class="name fault">${how}</span>` : html`<progress max="1" value=${job.progress?.done ?? 0} aria-hidden="true"></progress>`}
  </button>`;
}
