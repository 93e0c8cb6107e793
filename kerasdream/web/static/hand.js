// The hand on a pane: wheel, drag and pinch move the camera; a tool paints, or the handle between before and after moves.

import { panned, zoomed } from "./camera.js";
import { set, state, WHOLE, within } from "./state.js";

const NEAR = 26; // pixels about the handle that take hold of it

export class Hand {
  // `place` gives how the picture lies in the pane, `tool` what the first finger does ({ begin, goOn, end }) or null.
  constructor(element, { place, tool, handle }) {
    Object.assign(this, { element, place, tool, handle });
    this.pointers = new Map();
    const listeners = { pointerdown: "down", pointermove: "move", pointerup: "up", pointercancel: "up", dblclick: "twice", wheel: "wheel", pointerleave: "leave" };
    for (const [kind, action] of Object.entries(listeners)) element.addEventListener(kind, (event) => this[action](event), { passive: false });
  }

  share({ clientX, clientY }) {
    const box = this.element.getBoundingClientRect();
    const { left, top, scale, width, height } = this.place();
    return { x: (clientX - box.left - left) / (width * scale), y: (clientY - box.top - top) / (height * scale) };
  }

  across({ clientX }) {
    return clientX - this.element.getBoundingClientRect().left;
  }

  pixel(event) {
    const { x, y } = this.share(event);
    const { width, height } = this.place();
    return { x: x * width, y: y * height };
  }

  leave() {
    set({ pointer: null });
  }

  wheel(event) {
    event.preventDefault();
    const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.012 : 0.0022));
    set({ camera: zoomed(state.camera, factor, this.share(event)) });
  }

  down(event) {
    if (event.button === 2) return;
    this.element.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size > 1) return this.letGo();
    const handle = this.handle();
    this.sliding = handle && (event.target.closest("#handle") || Math.abs(this.across(event) - handle.at) < NEAR);
    if (this.sliding) return;
    this.painting = event.button === 0 && !event.altKey ? this.tool() : null;
    this.painting?.begin(this.pixel(event));
  }

  letGo() {
    this.painting?.end();
    this.painting = null;
    this.sliding = false;
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
    set({ split: within((this.across(event) - from) / (to - from), 0, 1) });
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
    if (this.pointers.delete(event.pointerId)) this.letGo();
  }

  // A double click goes to the picture's own pixels there, and back.
  twice(event) {
    if (state.tool !== "move" || event.target.closest("#handle")) return;
    const whole = 1 / this.place().fitted;
    const closer = state.camera.zoom < whole * 0.99 ? whole : state.camera.zoom > 1.01 ? 0 : 2;
    set({ camera: closer ? zoomed(state.camera, closer / state.camera.zoom, this.share(event)) : WHOLE });
  }
}
