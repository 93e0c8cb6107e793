// The growth of a dream: a scrubber over its moments, and a branch from any of them.

import { branch } from "./dreams.js";
import { Component, html } from "./html.js";
import { Button, IconButton } from "./menu.js";
import { set, state } from "./state.js";

const PACE = 130; // milliseconds a moment

export class Growth extends Component {
  componentWillUnmount() {
    clearInterval(this.playing);
  }

  play(last) {
    clearInterval(this.playing);
    let at = state.moment === null ? 0 : state.moment;
    this.playing = setInterval(() => {
      set({ moment: at >= last ? null : at });
      if (at >= last) clearInterval(this.playing);
      at += 1;
    }, PACE);
  }

  render({ job }) {
    const moments = state.moments[job.id] ?? [];
    if (moments.length < 2) return html`<p id="status"><b>${job.stopped ? "Stopped, and kept" : "Done"}</b> <span>${took(job)}</span></p>`;
    const last = moments.length;
    const at = state.moment ?? last;
    const seek = (event) => {
      clearInterval(this.playing);
      const to = Number(event.target.value);
      set({ moment: to >= last ? null : to });
    };
    const one = moments[state.moment];
    return html`<div class="growth">
      <${IconButton} icon="play" label="Watch it grow" onClick=${() => this.play(last)} />
      <input id="scrubber" type="range" min="0" max=${last} value=${at} aria-label="The growth of the dream" aria-valuetext=${one ? `size ${one.octave + 1}, step ${one.step + 1}` : "the finished dream"} onInput=${seek} />
      <p id="status"><b>${one ? `Size ${one.octave + 1}, step ${one.step + 1}` : job.stopped ? "Stopped, and kept" : "Done"}</b> <span>${one ? "" : took(job)}</span></p>
      ${one && html`<${Button} id="branch" class="strong" icon="branch" label="Branch here" title="Dream on from this moment" onClick=${() => branch(job, state.moment)} />
        <${IconButton} icon="close" label="Back to the finished dream" onClick=${() => set({ moment: null })} />`}
    </div>`;
  }
}

const took = (job) => (job.seconds ? `in ${job.seconds < 10 ? job.seconds.toFixed(1) : Math.round(job.seconds)} s` : "");
