// The dock: what one does with the picture, always in reach; over it how a dream goes, and what comes of it.

import { cancel, deeper, dream, enlarge, favour, forget, isFilm, pictureOf, stop } from "./dreams.js";
import { asCommand, asPython, copy } from "./code.js";
import { Growth } from "./growth.js";
import { html, Part } from "./html.js";
import { saveLook } from "./looks.js";
import { Button, Menu, IconButton } from "./menu.js";
import { noise, sample, take, takeFiles } from "./picture.js";
import { isOver, set, shownJob, state, tried } from "./state.js";
import { four, surprise } from "./variations.js";

export class Dock extends Part {
  render() {
    const job = shownJob();
    return html`<div id="dock">
      ${state.tray.length > 1 && html`<${Tray} />`}
      <div class="card">
        ${state.group ? html`<${Together} group=${state.group} />` : job && (isOver(job) ? html`<${Result} job=${job} />` : html`<${Progress} job=${job} />`)}
        <${Actions} />
      </div>
    </div>`;
  }
}

function Actions() {
  const ask = tried((event) => event.detail > 1 ? null : dream()); // a double click is one dream
  const file = (event) => takeFiles(event.target.files).then(() => (event.target.value = ""));
  const choose = ["Choose pictures or a film…", () => document.getElementById("file").click()];
  return html`<div class="actions"><input id="file" type="file" accept="image/*,video/*" multiple hidden onChange=${file} />
    <${Menu} name="picture" icon="picture" label="Picture" hint="What to dream on" up entries=${[choose, ["The sample", sample], ["Noise", noise], html`<p class="note wide-only">Or drop one anywhere, or paste it.</p>`]} />
    <${Button} id="surprise" class="quiet" icon="surprise" label="Surprise me" title="A look nobody chose (S)" onClick=${surprise} />
    <button id="dream" type="button" aria-busy=${state.asking} onClick=${ask} title="Dream (Ctrl+Enter)">${state.asking ? "Asking…" : "Dream"}</button>
    <${Menu} name="four" icon="four" label="Four" hint="Four variations side by side" up entries=${[
      ["Four looks", () => four("looks"), "this one and three others"], ["Four strengths", () => four("strengths"), "from faint to wild"], ["Four seeds", () => four("seeds"), "chance takes other ways"]]} />
  </div>`;
}

function Tray() {
  const all = tried(async () => {
    for (const picture of state.tray) await dream({ picture: picture.id, mask: null, label: picture.name });
  });
  return html`<div class="tray" role="group" aria-label="Pictures that came together">
    ${state.tray.map((picture) => html`<button type="button" key=${picture.id} aria-pressed=${picture.id === state.picture.id} aria-label=${`Dream on ${picture.name}`} onClick=${() => take(picture)}>
      <img src=${pictureOf(picture.id)} alt="" /></button>`)}
    <${Button} id="dream-all" label=${`Dream all ${state.tray.length}`} onClick=${all} />
    <${IconButton} icon="close" label="Put the other pictures away" onClick=${() => set({ tray: [] })} />
  </div>`;
}

export function words(job) {
  const { progress } = job;
  if (!isOver(job) && progress?.error) return progress.error;
  if (job.state === "queued") return job.before ? `Waiting: ${job.before} before this one` : "Waiting for its turn";
  if (job.state === "running" && !progress.iterations) return "Getting ready";
  if (job.state === "running") return isFilm(job) ? `Frame ${progress.step + 1} of ${progress.iterations}` : `Size ${progress.octave + 1} of ${progress.num_octave}`;
  return { done: job.stopped ? "Stopped, and kept" : "Done", cancelled: "Cancelled", failed: "This dream failed" }[job.state];
}

export function left({ progress }) {
  if (progress?.left === null || progress?.left === undefined) return "";
  const seconds = Math.ceil(progress.left);
  return seconds > 90 ? `about ${Math.round(seconds / 60)} min left` : `about ${seconds} s left`;
}

const MOST_POINTS = 300;

export function curve(losses) {
  const every = 1 + Math.floor(losses.length / MOST_POINTS);
  const some = losses.filter((_, i) => i % every === 0 || i === losses.length - 1);
  const top = Math.max(...some, 1e-9);
  return some.map((loss, i) => `${(300 * i) / Math.max(1, some.length - 1)},${58 - (55 * Math.max(0, loss)) / top}`).join(" ");
}

function Progress({ job }) {
  const { progress } = job;
  return html`<div id="progress">
    <progress max="1" value=${progress?.done ?? 0} aria-label="How far the dream is"></progress>
    <div class="row">
      ${progress?.losses.length > 1 && html`<svg id="curve" viewBox="0 0 300 60" preserveAspectRatio="none" aria-hidden="true"><polyline points=${curve(progress.losses)} /></svg>`}
      <p id="status"><b>${words(job)}</b> <span>${state.online ? left(job) : "The studio does not answer; waiting for it"}</span></p>
      <${Button} id="stop" label="Stop and keep" onClick=${() => stop(job.id)} disabled=${job.state !== "running"} />
      <${Button} id="cancel" class="quiet" label="Cancel" onClick=${() => cancel(job.id)} />
    </div>
  </div>`;
}

function Together({ group }) {
  const jobs = group.ids.map((id) => state.jobs[id]).filter(Boolean);
  const waiting = jobs.filter((job) => !isOver(job));
  const done = jobs.reduce((sum, job) => sum + (isOver(job) ? 1 : (job.progress?.done ?? 0)), 0) / Math.max(1, jobs.length);
  return html`<div id="progress">
    <progress max="1" value=${done} aria-label="How far the dreams are"></progress>
    <div class="row">
      <p id="status"><b>${waiting.length ? `${jobs.length - waiting.length} of ${jobs.length} dreamt` : "Choose one to go on with"}</b></p>
      ${waiting.length > 0 && html`<${Button} id="cancel" class="quiet" label="Cancel the rest" onClick=${() => waiting.forEach((job) => cancel(job.id))} />`}
      ${!waiting.length && html`<${Button} id="compare" icon="columns" label="Compare" onClick=${() => set({ view: "comparison", compared: group.ids })} />`}
      <${Button} class="quiet" label="Close the grid" onClick=${() => set({ group: null })} />
    </div>
  </div>`;
}

function Result({ job }) {
  if (job.state !== "done") return null;
  const own = `/api/jobs/${job.id}`;
  const film = isFilm(job);
  const link = (id, path, text, name, more) => html`<a id=${id} class="entry" onClick=${() => set({ menu: null })} href=${path} download=${name}>${text}${more && html`<small>${more}</small>`}</a>`;
  return html`<div id="finished">
    ${film ? html`<p id="status"><b>Done</b></p>` : html`<${Growth} job=${job} />`}
    ${state.moment === null && html`<div class="row results">
      <${IconButton} id="favourite" class="quiet heart" icon="heart" label=${job.favourite ? "No favourite" : "Favourite"} aria-pressed=${Boolean(job.favourite)} onClick=${() => favour(job)} />
      <${Button} id="deeper" icon="deeper" label="Deeper" title="Dream on from this dream" onClick=${() => deeper(job)} />
      ${film ? ["mp4", "webp"].map((kind) => html`<a key=${kind} id=${`film-${kind}`} class="button" href=${`${own}/film.${kind}`} download=${`film.${kind}`}>Save ${kind === "mp4" ? "MP4" : "WebP"}</a>`)
        : html`<a id="download" class="button" href=${`${own}/result`} download="dream.png" title="The picture, with its settings inside">Save PNG</a>`}
      <${Menu} name="save" icon="more" label="More to save" text=${false} hint="Larger, a card, the growth, the settings" up entries=${[
        ...(film ? [] : [
          ["Twice as large", () => enlarge(job, 2), "dreamt anew at that size"],
          ["Four times as large", () => enlarge(job, 4)],
          link("card", `${own}/card`, "Before and after, side by side", "card.jpg", "one picture to share"),
          link("webp", `${own}/growth.webp`, "How it grew, WebP", "growth.webp"),
          link("gif", `${own}/growth.gif`, "How it grew, GIF", "growth.gif"),
        ]),
        ["Keep as a look of mine", () => saveLook(job)],
        ["Copy a link to this", () => copy(location.href)],
        ["Copy as Python", tried(() => copy(asPython()))],
        ["Copy as a command", tried(() => copy(asCommand()))],
        ["Delete", () => forget(job)],
      ]} />
      <${IconButton} icon="close" label=${state.from ? "Back to the grid" : "Back to the picture"} onClick=${() => set({ shown: null, moment: null, split: 0, group: state.from, from: null })} />
    </div>`}
  </div>`;
}

