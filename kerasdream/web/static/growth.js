// The growth of a dream: a scrubber over its moments, and a branch from any of them.

import { branch } from "./dreams.js";
import { Button, Component, html, IconButton } from "./parts.js";
import { set, state } from "./state.js";

const PACE = 130; // milliseconds a moment

export class Growth extends Component {
  componentWillUnmount() {
    clearInterval(this.playing);
  }

  play(last) {
    clearInterval(this.playing);
    let at = state.moment ?? 0;
    this.playing = setInterval(() => {
      set({ moment: at >= last ? null : at });
      if (at >= last) clearInterval(this.playing);
      at += 1;
    }, PACE);
  }

  render({ job }) {
    const moments = state.moments[job.id] ?? [];
    const last = moments.length;
    const one = moments[state.moment];
    const took = job.seconds ? `in ${job.seconds < 10 ? job.seconds.toFixed(1) : Math.round(job.seconds)} s` : "";
    const words = one ? `Size ${one.octave + 1}, step ${one.step + 1}` : "The finished dream";
    const status = html`<p id="status"><b>${one ? words : job.stopped ? "Stopped, and kept" : "Done"}</b> <span>${!one && took}</span></p>`;
    if (last < 2) return status;
    const seek = ({ target }) => {
      clearInterval(this.playing);
      set({ moment: target.valueAsNumber >= last ? null : target.valueAsNumber });
    };
    return html`<div class="growth">
      <${IconButton} icon="play" label="Watch it grow" onClick=${() => this.play(last)} />
      <input id="scrubber" type="range" min="0" max=${last} value=${state.moment ?? last} aria-label="The growth of the dream" aria-valuetext=${words} onInput=${seek} />
      ${status}
      ${one && html`<${Button} id="branch" class="strong" icon="branch" label="Branch here" title="Dream on from this moment" onClick=${() => branch(job, state.moment)} />
        <${IconButton} icon="close" label="Back to the finished dream" onClick=${() => set({ moment: null })} />`}
    </div>`;
  }
}
