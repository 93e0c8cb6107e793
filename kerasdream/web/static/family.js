// The family of a dream, as a tree.

import { call } from "./api.js";
import { open, thumbOf } from "./dreams.js";
import { Follower, html, Section } from "./parts.js";
import { isOver, jobsOf, know, nameOf, set, shownJob, state, tried } from "./state.js";

const WORDS = { variation: "a variation", branch: "a branch", sweep: "of a sweep", export: "larger", brush: "a stroke" };

const load = tried(async (id) => {
  const { dreams } = await call(`jobs/${id}/family`);
  know(...dreams.map((dream) => ({ ...dream, progress: dream.progress ?? state.jobs[dream.id]?.progress })));
  set({ family: dreams.map((dream) => dream.id) });
});

export class Family extends Follower {
  follow() {
    const job = shownJob();
    const key = job && `${job.id} ${isOver(job)}`;
    if (key && key !== this.key) load(job.id);
    this.key = key;
  }

  render() {
    const dreams = jobsOf(state.family).filter((job) => job.state !== "cancelled" && job.state !== "failed");
    const roots = dreams.filter((job) => !dreams.some((one) => one.id === job.parent));
    return html`<${Section} name="Family">
      ${state.shown && dreams.length ? html`<p class="note">Where this dream comes from, and what came of it.</p>
        <ul class="tree">${roots.map((job) => html`<${Branch} key=${job.id} job=${job} all=${dreams} />`)}</ul>`
        : html`<p class="note">Look at a dream: its family is shown here. “Deeper”, variations and branches make it grow.</p>`}
    <//>`;
  }
}

function Branch({ job, all }) {
  const children = all.filter((one) => one.parent === job.id);
  return html`<li>
    <button class="twig" aria-current=${job.id === state.shown || undefined} onClick=${() => open(job.id)}>
      ${thumbOf(job) ? html`<img src=${thumbOf(job)} alt="" />` : html`<i class="empty"></i>`}<span><b>${nameOf(job)}</b><small>${WORDS[job.relation] ?? (job.relation || "the first")}</small></span>
    </button>
    ${children.length > 0 && html`<ul>${children.map((one) => html`<${Branch} key=${one.id} job=${one} all=${all} />`)}</ul>`}
  </li>`;
}
