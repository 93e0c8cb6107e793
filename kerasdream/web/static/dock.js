// The dock: what one does with the picture; over it how a dream goes, and what comes of it.

import { asCommand, asPython, copy } from "./code.js";
import { branch, cancel, deeper, dream, enlarge, favour, fileOf, forget, isFilm, pictureOf, stop } from "./dreams.js";
import { saveLook } from "./looks.js";
import { Button, Component, FileInput, html, IconButton, Menu } from "./parts.js";
import { noise, sample, take, takeFiles } from "./picture.js";
import { ALONE, isOver, jobsOf, set, shownJob, state, tried } from "./state.js";
import { four, surprise } from "./variations.js";

export function Dock() {
  if (state.view === "comparison") return html`<div id="dock"><div class="card"><${Button} label="Back to the studio" onClick=${() => set({ view: "stage" })} /></div></div>`;
  const job = shownJob();
  const about = state.group ? Together : !job ? null : !isOver(job) ? Progress : job.state === "done" ? Result : null;
  return html`<div id="dock">
    ${state.tray.length > 1 && html`<${Tray} />`}
    <div class="card">${about && html`<${about} job=${job} />`}<${Actions} /></div>
  </div>`;
}

const FOUR = [["looks", "this one and three others"], ["strengths", "from faint to wild"], ["seeds", "chance takes other ways"]];

const ask = tried((event) => event.detail > 1 || dream()); // a double click is one dream

function Actions() {
  return html`<div class="actions"><${FileInput} id="file" accept="image/*,video/*" multiple hidden take=${takeFiles} />
    <${Menu} name="picture" icon="picture" label="Picture" hint="What to dream on" entries=${[
      ["Choose pictures or a film…", () => document.getElementById("file").click()], ["The sample", sample], ["Noise", noise]]}>
      <p class="note wide-only">Or drop one anywhere, or paste it.</p>
    <//>
    <${Button} id="surprise" class="quiet" icon="surprise" label="Surprise me" title="A look nobody chose (S)" onClick=${surprise} />
    <button id="dream" aria-busy=${state.asking} onClick=${ask} title="Dream (Ctrl+Enter)">${state.asking ? "Asking…" : "Dream"}</button>
    <${Menu} name="four" icon="four" label="Four" hint="Four variations side by side" entries=${FOUR.map(([kind, more]) => [`Four ${kind}`, () => four(kind), more])} />
  </div>`;
}

function Tray() {
  const all = tried(async () => {
    for (const { id, name } of state.tray) await dream({ picture: id, mask: null, label: name });
  });
  return html`<div class="tray" role="group" aria-label="Pictures that came together">
    ${state.tray.map((picture) => html`<button key=${picture.id} aria-pressed=${picture.id === state.picture.id} aria-label="Dream on ${picture.name}" onClick=${() => take(picture)}>
      <img src=${pictureOf(picture.id)} alt="" /></button>`)}
    <${Button} id="dream-all" label="Dream all ${state.tray.length}" onClick=${all} />
    <${IconButton} icon="close" label="Put the other pictures away" onClick=${() => set({ tray: [] })} />
  </div>`;
}

export function words(job) {
  const { progress, before } = job;
  if (!isOver(job) && progress?.error) return progress.error;
  if (job.state === "queued") return before ? `Waiting: ${before} before this one` : "Waiting for its turn";
  if (job.state === "running" && !progress.iterations) return "Getting ready";
  if (job.state === "running") return isFilm(job) ? `Frame ${progress.step + 1} of ${progress.iterations}` : `Size ${progress.octave + 1} of ${progress.num_octave}`;
  return { done: job.stopped ? "Stopped" : "Done", cancelled: "Cancelled", failed: "This dream failed" }[job.state];
}

export function left({ progress }) {
  const seconds = Math.ceil(progress?.left ?? NaN);
  if (Number.isNaN(seconds)) return "";
  return seconds > 90 ? `about ${Math.round(seconds / 60)} min left` : `about ${seconds} s left`;
}

function Curve({ losses }) {
  const every = 1 + Math.floor(losses.length / 300);
  const some = losses.filter((_, i) => i % every === 0 || i === losses.length - 1);
  const top = Math.max(...some, 1e-9);
  const points = some.map((loss, i) => `${i},${1 - Math.max(0, loss) / top}`);
  return html`<svg id="curve" viewBox="0 -0.05 ${some.length - 1} 1.1" preserveAspectRatio="none" aria-hidden="true"><polyline points=${points.join(" ")} /></svg>`;
}

const HowFar = ({ done, of, children }) => html`<div id="progress">
  <progress max="1" value=${done} aria-label="How far ${of}"></progress><div class="row">${children}</div>
</div>`;

function Progress({ job }) {
  const { done = 0, losses = [] } = job.progress ?? {};
  return html`<${HowFar} done=${done} of="the dream is">
    ${losses.length > 1 && html`<${Curve} losses=${losses} />`}
    <p id="status"><b>${words(job)}</b> <span>${state.online ? left(job) : "The studio does not answer; waiting for it"}</span></p>
    <${Button} id="stop" label="Stop and keep" onClick=${() => stop(job.id)} disabled=${job.state !== "running"} />
    <${Button} id="cancel" class="quiet" label="Cancel" onClick=${() => cancel(job.id)} />
  <//>`;
}

function Together() {
  const { ids } = state.group;
  const jobs = jobsOf(ids);
  const waiting = jobs.filter((job) => !isOver(job));
  const done = jobs.reduce((sum, job) => sum + (isOver(job) ? 1 : (job.progress?.done ?? 0)), 0) / jobs.length;
  return html`<${HowFar} done=${done} of="the dreams are">
    <p id="status"><b>${waiting.length ? `${jobs.length - waiting.length} of ${jobs.length} dreamt` : "Choose one to go on with"}</b></p>
    ${waiting.length ? html`<${Button} id="cancel" class="quiet" label="Cancel the rest" onClick=${() => waiting.forEach((job) => cancel(job.id))} />`
      : html`<${Button} id="compare" icon="columns" label="Compare" onClick=${() => set({ view: "comparison", compared: ids })} />`}
    <${Button} class="quiet" label="Close the grid" onClick=${() => set({ group: null })} />
  <//>`;
}

function Result({ job }) {
  const film = isFilm(job);
  const save = (id, file, words) => html`<a id=${id} class="button" href=${fileOf(job, file)} download=${file}>${words}</a>`;
  const larger = [
    ["Twice as large", () => enlarge(job, 2), "dreamt anew at that size"],
    ["Four times as large", () => enlarge(job, 4)],
    ["Before and after, side by side", fileOf(job, "card"), "one picture to share", { id: "card", download: "card.jpg" }],
    ...["webp", "gif"].map((kind) => [`How it grew, ${kind}`, fileOf(job, `growth.${kind}`), "", { download: `growth.${kind}` }]),
  ];
  return html`<div id="finished">
    ${film ? html`<p id="status"><b>Done</b></p>` : html`<${Growth} job=${job} />`}
    ${state.moment === null && html`<div class="row results">
      <${IconButton} id="favourite" class="heart" icon="heart" label=${job.favourite ? "No favourite" : "Favourite"} aria-pressed=${job.favourite} onClick=${() => favour(job)} />
      <${Button} id="deeper" icon="deeper" label="Deeper" title="Dream on from this dream" onClick=${() => deeper(job)} />
      ${film ? [save("film-mp4", "film.mp4", "Save MP4"), save("film-webp", "film.webp", "Save WebP")]
        : html`<a id="download" class="button" href=${fileOf(job, "result")} download="dream.png" title="The picture, with its settings inside">Save PNG</a>`}
      <${Menu} name="save" icon="more" label="More to save" quiet hint="Larger, a card, the growth, the settings" entries=${[
        ...(film ? [] : larger),
        ["Keep as a look of mine", () => saveLook(job)],
        ["Copy a link to this", () => copy(location.href)],
        ["Copy as Python", () => copy(asPython())],
        ["Copy as a command", () => copy(asCommand())],
        ["Delete", () => forget(job)],
      ]} />
      <${IconButton} icon="close" label=${state.from ? "Back to the grid" : "Back to the picture"} onClick=${() => set({ ...ALONE, group: state.from, from: null })} />
    </div>`}
  </div>`;
}

// A scrubber over the moments of a dream, and a branch from any of them.
class Growth extends Component {
  componentWillUnmount() {
    clearTimeout(this.playing);
  }

  go(to, last) {
    clearTimeout(this.playing);
    set({ moment: to < last ? to : null });
  }

  play(at, last) {
    this.go(at, last);
    if (at < last) this.playing = setTimeout(() => this.play(at + 1, last), 130);
  }

  render({ job }) {
    const moments = state.moments[job.id] ?? [];
    const last = moments.length;
    const one = moments[state.moment];
    const took = job.seconds ? `in ${job.seconds < 10 ? job.seconds.toFixed(1) : Math.round(job.seconds)} s` : "";
    const place = one && `Size ${one.octave + 1}, step ${one.step + 1}`;
    const status = html`<p id="status"><b>${place ?? words(job)}</b> <span>${!one && took}</span></p>`;
    if (last < 2) return status;
    return html`<div class="growth">
      <${IconButton} icon="play" label="Watch it grow" onClick=${() => this.play(state.moment ?? 0, last)} />
      <input id="scrubber" type="range" min="0" max=${last} value=${state.moment ?? last} aria-label="The growth of the dream" aria-valuetext=${place ?? "The finished dream"} onInput=${({ target }) => this.go(target.valueAsNumber, last)} />
      ${status}
      ${one && html`<${Button} id="branch" class="strong" icon="branch" label="Branch here" title="Dream on from this moment" onClick=${() => branch(job, state.moment)} />
        <${IconButton} icon="close" label="Back to the finished dream" onClick=${() => set({ moment: null })} />`}
    </div>`;
  }
}
