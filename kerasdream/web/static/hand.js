// The hand on a pane: wheel, drag and pinch move the camera; a tool paints, or the handle between before and after moves.

import { panned, zoomed } from "./camera.js";
import { set, state } from "./state.js";

const NEAR = 26; // pixels about the handle that take hold of it

export class Hand {
  // `place` gives how the picture lies in the pane, `tool` what the first finger does ({ begin, goOn, end }) or null.
  constructor(element, { place, tool, handle }) {
    Object.assign(this, { element, place, tool, handle });
    this.pointers = new Map();
    const listeners = { pointerdown: this.down, pointermove: this.move, pointerup: this.up, pointercancel: this.up, dblclick: this.twice };
    for (const [kind, action] of Object.entries(listeners)) element.addEventListener(kind, action.bind(this));
    element.addEventListener("wheel", this.wheel.bind(this), { passive: false });
    element.addEventListener("pointerleave", () => set({ pointer: null }));
  }

  share({ clientX, clientY }) {
    const box = this.element.getBoundingClientRect();
    const { left, top, scale, width, height } = this.place();
    return { x: (clientX - box.left - left) / (width * scale), y: (clientY - box.top - top) / (height * scale) };
  }

  pixel(event) {
    const { x, y } = this.share(event);
    const { width, height } = this.place();
    return { x: x * width, y: y * height };
  }

  wheel(event) {
    event.preventDefault();
    const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.012 : 0.0022));
    set({ camera: zoomed(state.camera, factor, this.share(event)) });
  }

  down(event) {
    if (event.target.closest("button, a, input, [role=slider]") && !event.target.closest("#handle")) return;
    if (event.button === 2) return;
    this.element.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size > 1) {
      this.painting?.end();
      this.painting = null;
      this.sliding = false;
      return;
    }
    const handle = this.handle();
    const box = this.element.getBoundingClientRect();
    this.sliding = handle !== null && (event.target.closest("#handle") || Math.abs(event.clientX - box.left - handle.at) < NEAR);
    if (this.sliding) return;
    this.painting = event.button === 0 && !event.altKey ? this.tool() : null;
    this.painting?.begin(this.pixel(event));
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return set({ pointer: { ...this.share(event), clientX: event.clientX, clientY: event.clientY } });
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size === 2) return this.pinch(before, event);
    if (this.sliding) return this.slide(event);
    if (this.painting) return event.getCoalescedEvents().concat(event).forEach((one) => this.painting.goOn(this.pixel(one)));
    const { width, height, scale } = this.place();
    const dx = (event.clientX - before.clientX) / (width * scale);
    const dy = (event.clientY - before.clientY) / (height * scale);
    return set({ camera: panned(state.camera, dx, dy) });
  }

  slide(event) {
    const { from, to } = this.handle();
    const at = event.clientX - this.element.getBoundingClientRect().left;
    set({ split: Math.min(1, Math.max(0, (at - from) / (to - from))) });
  }

  pinch(before, event) {
    const [other] = [...this.pointers.values()].filter((one) => one.pointerId !== event.pointerId);
    const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    const middle = (one) => this.share({ clientX: (one.clientX + other.clientX) / 2, clientY: (one.clientY + other.clientY) / 2 });
    const from = middle(before);
    const to = middle(event);
    const camera = zoomed(state.camera, apart(event) / Math.max(1, apart(before)), to);
    set({ camera: panned(camera, to.x - from.x, to.y - from.y) });
  }

  up(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    this.painting?.end();
    this.painting = null;
    this.sliding = false;
  }

  // A double click goes to the picture's own pixels there, and back.
  twice(event) {
    if (state.tool !== "move" || event.target.closest("button, a, [role=slider]")) return;
    const whole = 1 / this.place().fitted;
    const closer = state.camera.zoom < whole * 0.99 ? whole : state.camera.zoom > 1.01 ? 0 : 2;
    set({ camera: closer ? zoomed(state.camera, closer / state.camera.zoom, this.share(event)) : { zoom: 1, x: 0.5, y: 0.5 } });
  }
}
