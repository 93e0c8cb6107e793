// The queue: what waits and runs, of this page and of others; watched, put in order, cancelled.

import { cancel, imageOf, move, open, pictureOf } from "./dreams.js";
import { left, words } from "./dock.js";
import { html, Part } from "./html.js";
import { Button, IconButton } from "./menu.js";
import { state } from "./state.js";

const TYPE = "application/x-dream";

export class Queue extends Part {
  render() {
    const jobs = state.queue.map((id) => state.jobs[id]).filter(Boolean);
    return html`<section id="queued" aria-label="Queue">
      <div class="head"><h2>Queue</h2></div>
      ${jobs.length ? html`<p class="note">Drag to put them in order, or use the arrows. Click one to watch it.</p>` : html`<p class="note">Nothing waits. Dream as often as you like: one after the other is dreamt.</p>`}
      <ol id="queue">${jobs.map((job, i) => html`<${Row} key=${job.id} job=${job} i=${i} jobs=${jobs} />`)}</ol>
      ${jobs.length > 1 && html`<${Button} class="quiet" id="cancel-all" label="Cancel all" onClick=${() => jobs.forEach((job) => cancel(job.id))} />`}
    </section>`;
  }
}

function Row({ job, i, jobs }) {
  const waits = job.state === "queued";
  const name = job.label || job.look;
  const up = () => move(job.id, jobs[i - 1].id);
  const down = () => move(job.id, jobs[i + 2]?.id ?? null);
  const key = (event) => {
    if (!event.altKey || !waits) return;
    if (event.key === "ArrowUp" && jobs[i - 1]?.state === "queued") up();
    if (event.key === "ArrowDown" && jobs[i + 1]) down();
  };
  const drop = (event) => {
    const id = event.dataTransfer.getData(TYPE);
    if (!id) return;
    event.preventDefault();
    event.stopPropagation();
    if (id !== job.id) move(id, waits ? job.id : (jobs[i + 1]?.id ?? null));
  };
  return html`<li draggable=${waits} aria-current=${job.id === state.shown ? "true" : undefined} onKeyDown=${key}
    onDragStart=${(event) => event.dataTransfer.setData(TYPE, job.id)} onDragOver=${(event) => event.preventDefault()} onDrop=${drop}>
    <button type="button" class="watch" onClick=${() => open(job.id)}>
      <img src=${imageOf(job) ?? pictureOf(job.picture)} alt="" /><span><b>${name}</b><small>${words(job)}${left(job) && ` · ${left(job)}`}</small></span>
    </button>
    ${waits && jobs[i - 1]?.state === "queued" && html`<${IconButton} class="quiet small" icon="up" label=${`${name}: earlier`} onClick=${up} />`}
    ${waits && jobs[i + 1] && html`<${IconButton} class="quiet small" icon="down" label=${`${name}: later`} onClick=${down} />`}
    <${IconButton} class="quiet small" icon="close" label=${`Cancel the dream ${name}`} onClick=${() => cancel(job.id)} />
    ${job.state === "running" && html`<progress max="1" value=${job.progress.done} aria-hidden="true"></progress>`}
  </li>`;
}
