// The light about the picture: its colours, very large and very soft, where the picture does not reach.

import { loadImage } from "./api.js";
import { pictureOf, thumbOf } from "./dreams.js";
import { Component, html } from "./parts.js";
import { shownJob, state } from "./state.js";

export class Ambient extends Component {
  componentDidMount() {
    this.paint();
  }

  componentDidUpdate() {
    this.paint();
  }

  async paint() {
    const job = shownJob();
    const src = (job && thumbOf(job)) ?? pictureOf(job?.picture ?? state.picture.id);
    if (src === this.src) return;
    this.src = src;
    const image = await loadImage(src).catch(() => null);
    if (image && src === this.src) this.canvas?.getContext("2d").drawImage(image, 0, 0, 16, 10);
  }

  render() {
    return html`<canvas class="ambient" ref=${(at) => (this.canvas = at)} width="16" height="10" aria-hidden="true"></canvas>`;
  }
}
