// The family of a dream: what it comes from, and what came of it, as a tree.

import { call } from "./api.js";
import { open, thumbOf } from "./dreams.js";
import { html, Part } from "./html.js";
import { isOver, know, set, state, tried } from "./state.js";

const WORDS = { deeper: "deeper", variation: "a variation", branch: "a branch", sweep: "of a sweep", export: "larger", again: "again", brush: "a stroke" };

const load = tried(async (id) => {
  const { dreams } = await call(`/api/jobs/${id}/family`);
  know(...dreams.map((dream) => ({ ...dream, progress: dream.progress ?? state.jobs[dream.id]?.progress })));
  set({ family: { of: id, ids: dreams.map((dream) => dream.id), size: Object.keys(state.jobs).length } });
});

export class Family extends Part {
  componentDidMount() {
    this.follow();
  }

  componentDidUpdate() {
    this.follow();
  }

  follow() {
    const job = state.jobs[state.shown];
    const key = job && `${job.id} ${isOver(job)}`;
    if (!key || key === this.key) return;
    this.key = key;
    load(job.id);
  }

  render() {
    const dreams = (state.family?.ids ?? []).map((id) => state.jobs[id]).filter((job) => job && job.state !== "cancelled" && job.state !== "failed");
    const ids = new Set(dreams.map((job) => job.id));
    const roots = dreams.filter((job) => !ids.has(job.parent));
    return html`<section id="family" aria-label="Family">
      <div class="head"><h2>Family</h2></div>
      ${state.shown && dreams.length ? html`<p class="note">Where this dream comes from, and what came of it.</p>
        <ul class="tree">${roots.map((job) => html`<${Branch} key=${job.id} job=${job} all=${dreams} />`)}</ul>`
        : html`<p class="note">Look at a dream: its family is shown here. “Deeper”, variations and branches make it grow.</p>`}
    </section>`;
  }
}

function Branch({ job, all }) {
  const children = all.filter((one) => one.parent === job.id);
  const what = WORDS[job.relation] ?? "the first";
  return html`<li>
    <button type="button" class="twig" aria-current=${job.id === state.shown ? "true" : undefined} onClick=${() => open(job.id)}>
      ${thumbOf(job) ? html`<img src=${thumbOf(job)} alt="" />` : html`<i class="empty"></i>`}<span><b>${job.label || job.look}</b><small>${what}</small></span>
    </button>
    ${children.length > 0 && html`<ul>${children.map((one) => html`<${Branch} key=${one.id} job=${one} all=${all} />`)}</ul>`}
  </li>`;
}
