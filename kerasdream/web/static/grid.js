// A grid of dreams that belong together: variations, or a sweep with its knobs along the edges.

import { imageOf, open, pictureOf } from "./dreams.js";
import { html, Part } from "./html.js";
import { labelOf } from "./knobs.js";
import { isOver, state } from "./state.js";
import { Still } from "./still.js";

const text = (value) => (typeof value === "boolean" ? (value ? "yes" : "no") : String(value));

export class Grid extends Part {
  render() {
    const { group } = state;
    const jobs = group.ids.map((id) => state.jobs[id]);
    const down = Math.ceil(jobs.length / group.across);
    const named = Boolean(group.x);
    const columns = `grid-template-columns:${named ? "auto " : ""}repeat(${group.across},minmax(0,1fr));grid-template-rows:${named ? "auto " : ""}repeat(${down},minmax(0,1fr))`;
    const row = (i) => html`<span class="axis side">${group.y ? html`<small>${labelOf(group.y.knob)}</small> ${text(group.y.values[i])}` : ""}</span>`;
    return html`<div id="grid" class=${group.kind} style=${columns} role="group" aria-label=${group.kind === "sweep" ? "The dreams of the sweep" : "Four variations"}>
      ${named && html`<span class="axis"></span>${group.x.values.map((value) => html`<span class="axis" key=${`x${text(value)}`}><small>${labelOf(group.x.knob)}</small> ${text(value)}</span>`)}`}
      ${jobs.flatMap((job, i) => [named && i % group.across === 0 && row(i / group.across), html`<${Cell} key=${group.ids[i]} job=${job} named=${named} />`])}
    </div>`;
  }
}

function Cell({ job, named }) {
  if (!job) return html`<span class="cell"></span>`;
  const state_ = { queued: "waits", running: "is being dreamt", failed: job.error, cancelled: "cancelled" }[job.state] ?? "";
  return html`<button type="button" class="cell" data-state=${job.state} aria-label=${`${job.label || job.look} ${state_}`} onClick=${() => open(job.id)}>
    <${Still} class="under" src=${pictureOf(job.picture)} alt="" />
    <${Still} src=${imageOf(job)} alt="" />
    ${!named && html`<span class="name">${job.label || job.look}</span>`}
    ${!isOver(job) && html`<progress max="1" value=${job.progress?.done ?? 0} aria-hidden="true"></progress>`}
    ${["failed", "cancelled"].includes(job.state) && html`<span class="name fault">${state_}</span>`}
  </button>`;
}
