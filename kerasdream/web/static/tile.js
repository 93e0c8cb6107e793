// Tiles: single channels as pictures, to be clicked into the mix.

import { sketchKey } from "./dreams.js";
import { Component, html } from "./html.js";
import { isMixed, toggle } from "./mix.js";
import { state } from "./state.js";

// A channel as a picture; a place for it as long as it is still to be drawn.
export class Tile extends Component {
  render({ layer, channel, name, share }) {
    const text = `${layer}:${channel}`;
    const path = `/api/atlas/${state.model}/${layer}/${channel}`;
    const there = state.sketched[sketchKey({ model: state.model, layer, channel })];
    return html`<button type="button" class="tile" aria-pressed=${isMixed(text)} title=${name ? `${name} (${text})` : text} onClick=${() => toggle(text)}>
      <${Sketch} src=${path} at=${there ?? 0} /><span>${name || channel}</span>${share !== undefined && html`<meter max="1" value=${share} aria-hidden="true"></meter>`}
    </button>`;
  }
}

class Sketch extends Component {
  componentDidMount() {
    this.ask();
  }

  componentDidUpdate(before) {
    if (before.at !== this.props.at || before.src !== this.props.src) this.ask();
  }

  componentWillUnmount() {
    this.gone = true;
  }

  async ask() {
    const { src } = this.props;
    const answer = await fetch(src).catch(() => null);
    if (this.gone || src !== this.props.src) return;
    this.setState({ src: answer?.status === 200 ? src : null });
  }

  render(_, { src }) {
    return src ? html`<img src=${src} alt="" loading="lazy" />` : html`<i class="empty"></i>`;
  }
}
