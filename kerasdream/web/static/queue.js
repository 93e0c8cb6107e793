// The queue: what waits and runs, of this page and of others.

import { left, words } from "./dock.js";
import { cancel, imageOf, move, open, pictureOf } from "./dreams.js";
import { Button, html, IconButton, Section } from "./parts.js";
import { jobsOf, nameOf, state } from "./state.js";

const TYPE = "application/x-dream";

export function Queue() {
  const jobs = jobsOf(state.queue);
  return html`<${Section} id="queued" name="Queue">
    <p class="note">${jobs.length ? "Drag to put them in order, or use the arrows. Click one to watch it." : "Nothing waits. Dream as often as you like: one after the other is dreamt."}</p>
    <ol id="queue">${jobs.map((job, i) => html`<${Row} key=${job.id} job=${job} before=${jobs[i - 1]} after=${jobs[i + 1]} next=${jobs[i + 2]} />`)}</ol>
    ${jobs.length > 1 && html`<${Button} class="quiet" id="cancel-all" label="Cancel all" onClick=${() => jobs.forEach((job) => cancel(job.id))} />`}
  <//>`;
}

function Row({ job, before, after, next }) {
  const waits = job.state === "queued";
  const name = nameOf(job);
  const up = waits && before?.state === "queued" && (() => move(job.id, before.id));
  const down = waits && after && (() => move(job.id, next?.id ?? null));
  const key = (event) => {
    if (event.altKey && event.key === "ArrowUp" && up) up();
    if (event.altKey && event.key === "ArrowDown" && down) down();
  };
  const drop = (event) => {
    const id = event.dataTransfer.getData(TYPE);
    if (!id) return;
    event.preventDefault();
    event.stopPropagation();
    if (id !== job.id) move(id, waits ? job.id : (after?.id ?? null));
  };
  return html`<li draggable=${waits} aria-current=${job.id === state.shown || undefined} onKeyDown=${key}
    onDragStart=${(event) => event.dataTransfer.setData(TYPE, job.id)} onDragOver=${(event) => event.preventDefault()} onDrop=${drop}>
    <button class="watch" onClick=${() => open(job.id)}>
      <img src=${imageOf(job) ?? pictureOf(job.picture)} alt="" /><span><b>${name}</b><small>${[words(job), left(job)].filter(Boolean).join(" · ")}</small></span>
    </button>
    ${up && html`<${IconButton} class="small" icon="up" label="${name}: earlier" onClick=${up} />`}
    ${down && html`<${IconButton} class="small" icon="down" label="${name}: later" onClick=${down} />`}
    <${IconButton} class="small" icon="close" label="Cancel the dream ${name}" onClick=${() => cancel(job.id)} />
    ${job.state === "running" && html`<progress max="1" value=${job.progress.done} aria-hidden="true"></progress>`}
  </li>`;
}
