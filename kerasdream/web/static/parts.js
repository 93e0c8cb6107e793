// The parts that the page is made of. Preact draws what differs, htm reads the templates.

import { set, state } from "./state.js";
import htm from "./vendor/htm.js";
import { Component, h, render } from "./vendor/preact.js";

export { Component, render };
export const html = htm.bind(h);

// Stays as it is while only the stage changes.
export class Part extends Component {
  shouldComponentUpdate() {
    return !state.quick;
  }

  render({ of: Content }) {
    return html`<${Content} />`;
  }
}

// Looks after each drawing whether there is something to fetch.
export class Follower extends Component {
  componentDidMount() {
    this.follow();
  }

  componentDidUpdate() {
    this.follow();
  }
}

export const Section = ({ name, id = name.toLowerCase(), head, children }) => html`<section id=${id} aria-label=${name}>
  <div class="head"><h2>${name}</h2>${head}</div>
  ${children}
</section>`;

export const Icon = ({ name }) => html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><use href="/static/icons.svg#${name}" /></svg>`;

export const Button = ({ icon, label, title = label, ...rest }) => html`<button title=${title} ...${rest}>
  ${icon && html`<${Icon} name=${icon} />`}<span>${label}</span>
</button>`;

export const IconButton = ({ icon, label, class: kind = "", ...rest }) => html`<button class="quiet ${kind}" aria-label=${label} title=${label} ...${rest}>
  <${Icon} name=${icon} />
</button>`;

export const Slider = ({ id, label, value, shown = value, onInput, children, ...rest }) => html`<div class="simple">
  <label for=${id}>${label}</label><output for=${id}>${shown}</output>
  <input id=${id} type="range" ...${rest} value=${value} onInput=${({ target }) => onInput(target.valueAsNumber)} />${children}
</div>`;

export const Select = ({ options, value, words = String, onChange, ...rest }) => html`<select ...${rest} value=${value} onChange=${({ target }) => onChange(target.value)}>
  ${options.map((one) => html`<option value=${one} selected=${one === value}>${words(one)}</option>`)}
</select>`;

// The same file can be chosen again.
export const FileInput = ({ take, ...rest }) => html`<input type="file" ...${rest} onChange=${({ target }) => take(target.files).then(() => (target.value = ""))} />`;

// A button with what it opens. Each entry is [words, what it does or the address of a file, more words, attributes].
export function Menu({ name, icon, label, hint, quiet, entries, children }) {
  const open = state.menu === name;
  return html`<div class="menu">
    <button id="menu-${name}" class="quiet" aria-expanded=${open} aria-haspopup="true" title=${hint} aria-label=${quiet && label} onClick=${() => set({ menu: open ? null : name })}>
      <${Icon} name=${icon} />${!quiet && html`<span>${label}</span>`}
    </button>
    ${open && html`<ul onClick=${() => set({ menu: null })}>${entries.map((entry) => html`<li><${Entry} of=${entry} /></li>`)}${children && html`<li>${children}</li>`}</ul>`}
  </div>`;
}

function Entry({ of: [words, action, more, rest] }) {
  const inside = html`${words}${more && html`<small>${more}</small>`}`;
  if (typeof action === "string") return html`<a class="entry" href=${action} ...${rest}>${inside}</a>`;
  return html`<button class="entry" onClick=${action}>${inside}</button>`;
}

export const closeMenus = ({ target }) => state.menu && !target.closest(".menu") && set({ menu: null });
