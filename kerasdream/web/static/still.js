// A picture that changes when the next one is there, and never to one that is no longer wanted.

import { loadImage } from "./api.js";
import { Component, html } from "./parts.js";

export class Still extends Component {
  componentDidMount() {
    this.want(this.props.src);
  }

  componentDidUpdate() {
    this.want(this.props.src);
  }

  componentWillUnmount() {
    this.wanted = null;
  }

  async want(src) {
    if (src === this.wanted) return;
    this.wanted = src;
    if (!src) return this.setState({ src: null });
    const image = await loadImage(src).catch(() => null);
    if (!image || this.wanted !== src) return; // it is gone, or another one is wanted
    this.setState({ src });
    this.props.onSize?.({ width: image.naturalWidth, height: image.naturalHeight });
  }

  render({ src: _, onSize, ...rest }, { src }) {
    return src ? html`<img ...${rest} src=${src} draggable=${false} />` : null;
  }
}
