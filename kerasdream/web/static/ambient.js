// The light about the picture: its colours, very large and very soft, where the picture does not reach.

import { hasPreview, imageOf, pictureOf } from "./dreams.js";
import { html, Part } from "./html.js";
import { shownJob, state } from "./state.js";

export class Ambient extends Part {
  componentDidMount() {
    this.paint();
  }

  componentDidUpdate() {
    this.paint();
  }

  async paint() {
    const job = shownJob();
    const src = job?.state === "done" ? `/api/jobs/${job.id}/thumb` : job && hasPreview(job) ? imageOf(job) : pictureOf(job?.picture ?? state.picture.id);
    if (src === this.src) return;
    this.src = src;
    const image = Object.assign(new Image(), { src });
    await image.decode().catch(() => {});
    if (src !== this.src || !image.naturalWidth || !this.canvas) return;
    this.canvas.getContext("2d").drawImage(image, 0, 0, this.canvas.width, this.canvas.height);
  }

  render() {
    return html`<canvas class="ambient" ref=${(at) => (this.canvas = at)} width="16" height="10" aria-hidden="true"></canvas>`;
  }
}
