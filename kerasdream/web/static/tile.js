// Tiles: single channels as pictures, to be clicked into the mix.

import { sketchKey } from "./dreams.js";
import { isMixed, toggle } from "./mix.js";
import { Component, html } from "./parts.js";
import { state } from "./state.js";

export function Tile({ layer, channel, name, share }) {
  const text = `${layer}:${channel}`;
  const key = sketchKey({ model: state.model, layer, channel });
  return html`<button class="tile" aria-pressed=${isMixed(text)} title=${name ? `${name} (${text})` : text} onClick=${() => toggle(text)}>
    <${Sketch} key=${`${key} ${state.sketched[key]}`} src="/api/atlas/${key}" /><span>${name || channel}</span>
    ${share !== undefined && html`<meter max="1" value=${share} aria-hidden="true"></meter>`}
  </button>`;
}

// A channel as a picture; a place for it as long as it is still to be drawn.
class Sketch extends Component {
  render({ src }, { missing }) {
    return missing ? html`<i class="empty"></i>` : html`<img src=${src} alt="" loading="lazy" onError=${() => this.setState({ missing: true })} />`;
  }
}
