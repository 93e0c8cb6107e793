// Elements as the page writes them: Preact draws what differs, htm reads the templates.

import htm from "/static/vendor/htm.js";
import { Component, h, render } from "/static/vendor/preact.js";
import { state } from "/static/state.js";

export { Component, render };
export const html = htm.bind(h);

// A part of the page that stays as it is while only the stage changes.
export class Part extends Component {
  shouldComponentUpdate() {
    return !state.quick;
  }
}

// The names of classes that hold.
export const classes = (...names) => names.filter(Boolean).join(" ");
