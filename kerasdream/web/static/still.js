// A picture that changes when the next one is there, and never to one that is no longer wanted.

import { Component, html } from "./html.js";

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
    const image = Object.assign(new Image(), { src });
    try {
      await image.decode();
    } catch {
      return; // it is gone, or another one is on its way
    }
    if (this.wanted !== src) return;
    this.setState({ src });
    this.props.onSize?.(image.naturalWidth, image.naturalHeight);
  }

  render({ src: _, onSize, ...rest }, { src }) {
    return src ? html`<img ...${rest} src=${src} draggable=${false} />` : null;
  }
}
