// The dream: octaves and steps as the library takes them; see docs/architecture.md.
import { blur, gaussianKernels, laplacianNormalize, meanAbsolute, normalization } from "./filters.js";
import { cut, resize } from "./pyramid.js";
import { drawRoll } from "./random.js";

const MIN_CELLS = 5; // fewer in a row, and a layer has nothing inside its border
const ROUNDING = 1e-3; // truncation must not make 128 of 127.99999

// One picture made of up to three, value by value.
function combine(formula, a, b = a, c = a) {
  return { ...a, data: a.data.map((value, i) => formula(value, b.data[i], c.data[i])) };
}

// A dream under way: iterate over `steps()` to take them, ask `picture()` for the whole of it at any time.
export class Dream {
  // `pixels` {height, width, data} are RGB from 0 to 255; the network has loaded the weights that the terms need.
  constructor(pixels, settings, terms, network) {
    const { height, width } = pixels;
    Object.assign(this, { settings, network, size: [height, width], octave: 0, losses: [], originals: [] });
    this.pixels = this.padded(pixels, terms);
    this.shapes = Array.from({ length: settings.num_octave }, (_, number) => {
      const power = settings.octave_scale ** (settings.num_octave - 1 - number);
      return { number, shape: [this.pixels.height, this.pixels.width].map((side) => Math.trunc(side / power)) };
    }).filter(({ shape }) => network.cells(...shape, terms) > 0);
    this.image = this.original(0);
    this.terms = terms.map((term) => (term.strongest ? this.picked(term) : term));
  }

  padded(pixels, terms) {
    const { height, width } = pixels;
    let side = 1;
    if (this.network.cells(height, width, terms) >= MIN_CELLS) return pixels;
    while (this.network.cells(side, side, terms) < MIN_CELLS) side++;
    const rows = Math.max(height, side), columns = Math.max(width, side);
    this.margin = [(rows - height) >> 1, (columns - width) >> 1];
    return cut(pixels, -this.margin[0], -this.margin[1], rows, columns);
  }

  // The term on those channels that the smallest octave of the original excites most.
  picked({ strongest, ...term }) {
    const squares = this.network.program(this.image, [term]).meanSquares(this.image.data);
    const order = [...squares.keys()].sort((a, b) => squares[a] - squares[b] || a - b);
    return { ...term, channels: order.reverse().slice(0, strongest) };
  }

  // The original at the size of an octave, from -1 to 1.
  original(octave) {
    const scaled = () => resize(this.pixels, ...this.shapes[octave].shape);
    return (this.originals[octave] ??= combine((value) => Math.fround(value / 127.5) - 1, scaled()));
  }

  // A picture of one plain colour stays as it is.
  get plain() {
    return this.pixels.data.every((value, i, data) => value === data[i % 3]);
  }

  // Take every step of every octave; yields {octave, step, loss}.
  *steps() {
    const { iterations, max_loss: limit } = this.settings;
    if (this.plain) return;
    for (let octave = 0; octave < this.shapes.length; octave++) {
      if (octave) this.image = this.enlarged(this.image, octave - 1);
      this.octave = octave;
      this.losses.push([]);
      for (let step = 0; step < iterations; step++) {
        const { loss, slope } = this.step(this.shapes[octave].number, step);
        this.losses[octave].push(loss);
        yield { octave, step, loss };
        // The step that passed max_loss is kept.
        if (!(slope > 0) || (limit !== null && loss > limit)) break;
      }
    }
  }

  step(octave, step) {
    const { settings, image } = this, roll = drawRoll(settings.seed, octave, step, settings.jitter);
    const { loss, gradient } = this.network.program(image, this.terms).gradient(image.data, roll);
    const slope = meanAbsolute(gradient);
    if (!Number.isFinite(loss + slope)) throw new Error("The gradient is no longer finite.");
    const direction = this.filtered({ ...image, data: gradient }, (step + 1) / settings.iterations);
    const [shift, scale] = normalization(direction.data, settings.normalize), rate = settings.step / scale;
    const limit = settings.clip ? 1 : Infinity, within = (value) => Math.min(limit, Math.max(-limit, value));
    this.image = combine((value, along) => within(value + rate * (along - shift)), image, direction);
    return { loss, slope };
  }

  // The gradient after Laplacian normalization and blur, where the settings ask for them.
  filtered(gradient, share) {
    const { gradient_scales: scales, gradient_blur: sigma, blur_growth: growth, blur_kind: kind } = this.settings;
    const normalized = scales ? laplacianNormalize(gradient, scales) : gradient;
    return sigma || growth ? blur(normalized, gaussianKernels(sigma + growth * share, kind)) : normalized;
  }

  // The image with what the original shows at this octave and could not show at the one before.
  withDetail(image, octave) {
    if (!octave || this.settings.detail !== "kept") return image;
    const [now, before] = [this.original(octave), resize(this.original(octave - 1), image.height, image.width)];
    return combine((value, shown, lost) => value + Math.fround(shown - lost), image, now, before);
  }

  // The image that ended an octave as the next octave begins with it.
  enlarged(image, octave) {
    const { shape } = this.shapes[octave + 1];
    if (this.settings.detail !== "added") return resize(this.withDetail(image, octave), ...shape);
    const added = combine((value, original) => value - original, image, this.original(octave));
    return combine((value, more) => value + more, this.original(octave + 1), resize(added, ...shape));
  }

  // The dream so far at the picture's own size, taken through the octaves still to come: RGB bytes.
  picture() {
    const last = this.shapes.length - 1, [height, width] = this.size;
    let image = this.image;
    for (let octave = this.octave; octave < last; octave++) image = this.enlarged(image, octave);
    image = resize(this.withDetail(image, last), this.pixels.height, this.pixels.width);
    if (this.margin) image = cut(image, ...this.margin, height, width);
    return Uint8ClampedArray.from(image.data, (value) => Math.floor(Math.min(255, (value + 1) * 127.5 + ROUNDING)));
  }
}
