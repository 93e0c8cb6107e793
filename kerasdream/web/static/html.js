// Elements as the page writes them: Preact draws what differs, htm reads the templates.

import htm from "./vendor/htm.js";
import { Component, h, render } from "./vendor/preact.js";
import { state } from "./state.js";

export { Component, render };
export const html = htm.bind(h);

// A part of the page that stays as it is while only the stage changes.
export class Part extends Component {
  shouldComponentUpdate() {
    return !state.quick;
  }
}
