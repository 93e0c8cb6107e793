// What is computed for one size of picture and some terms: the instructions in order, and where in memory they work.

const BORDER = 2; // cells at every edge of a layer that do not count in the mean of its squares

// Give each buffer the lowest place that no other has at the same time, the large ones first; returns where they end.
function placeAll(buffers, start) {
  const placed = [];
  let top = start;
  for (const buffer of buffers.sort((a, b) => b.bytes - a.bytes)) {
    buffer.at = start;
    for (const { at, bytes, first, last } of placed) {
      const meet = first <= buffer.last && buffer.first <= last;
      if (meet && at < buffer.at + buffer.bytes && buffer.at < at + bytes) buffer.at = at + bytes;
    }
    placed.push(buffer);
    placed.sort((a, b) => a.at - b.at);
    top = Math.max(top, buffer.at + buffer.bytes);
  }
  return top;
}

export class Program {
  constructor(network, height, width, terms) {
    Object.assign(this, { network, height, width, terms, code: network.code, instructions: [], buffers: [] });
    const depth = network.depth(terms), planes = {};
    for (const [name, [rows, columns]] of Object.entries(network.sizes(height, width, depth))) {
      const channels = network.channels[name] ?? 8, bytes = rows * columns * channels * 4;
      planes[name] = { rows, columns, channels, bytes, values: this.buffer(bytes) };
    }
    const layers = network.layers(depth).map((layer) => ({ ...layer, x: planes[layer.from], y: planes[layer.to] }));
    this.image = planes.image;
    this.followed = planes[terms[0].layer];
    this.add([this.image.values], () => this.copy(this.cells(this.image.values).fill(0), true));
    for (const layer of layers) this.forward(layer);
    this.ahead = this.instructions.length;
    for (const layer of layers.reverse()) this.backward(layer);
    this.add([this.image.gradient], () => this.copy(this.cells(this.image.gradient), false));
    network.grow(placeAll(this.buffers, network.top));
  }

  buffer(bytes) {
    const buffer = { bytes: (bytes + 15) & ~15, first: Infinity, last: 0 };
    this.buffers.push(buffer);
    return buffer;
  }

  // Append an instruction that needs these buffers.
  add(buffers, run) {
    const last = this.instructions.push(run) - 1;
    for (const buffer of buffers) Object.assign(buffer, { first: Math.min(buffer.first, last), last });
  }

  forward(layer) {
    const { kind, x, y, at, outputs, stride } = layer, { code, network } = this, noted = (y.rows * y.columns * outputs) / 8;
    const to = () => y.values.at + at * 4;
    if (kind === "max") {
      const places = (layer.places = this.buffer(noted * 8));
      this.add([x.values, y.values, places], () =>
        code.maximum(x.values.at, to(), places.at, x.columns, y.rows, y.columns, outputs / 4, x.channels, y.channels));
      return;
    }
    const bits = (layer.bits = this.buffer(layer.linear ? 0 : noted));
    if (kind === "average") {
      this.add([x.values, y.values, bits], () =>
        code.average(x.values.at, to(), bits.at, x.rows, x.columns, outputs / 8, x.channels, y.channels));
      return;
    }
    const { size: [down, across], kernel, bias } = layer, [top, left] = layer.same ? [down >> 1, across >> 1] : [0, 0];
    this.add([x.values, y.values, bits], () =>
      code.conv(
        x.values.at, kernel, bias, to(), bits.bytes && bits.at, network.table, network.zeros, x.rows, x.columns,
        y.rows, y.columns, (layer.inputs + 3) & ~3, outputs, down, across, stride, 1, top, left, x.channels, y.channels, 0,
      ));
  }

  // The gradient of a plane, and whether an instruction has begun it.
  gradientOf(plane) {
    const begun = +!!plane.gradient;
    return [(plane.gradient ??= this.buffer(plane.bytes)), begun];
  }

  backward(layer) {
    const { kind, x, y, at, outputs, stride, bits, places } = layer, { code, network } = this;
    if (!y.done) for (const term of this.terms) if (term.layer === layer.to) this.follow(term, y);
    y.done = true;
    const from = () => y.gradient.at + at * 4, eights = outputs / 8;
    if (bits?.bytes) {
      this.add([bits, y.gradient], () => code.gate(bits.at, from(), y.rows * y.columns, eights, y.channels));
    }
    const [gradient, begun] = this.gradientOf(x);
    if (kind === "max") {
      this.add([y.gradient, places, gradient], () =>
        code.maximumGradient(
          from(), places.at, gradient.at, y.rows, y.columns, x.rows, x.columns, eights * 2, y.channels, x.channels, begun,
        ));
    } else if (kind === "average") {
      this.add([y.gradient, gradient], () =>
        code.averageGradient(from(), gradient.at, x.rows, x.columns, eights * 2, y.channels, x.channels, begun));
    } else {
      const { size: [down, across], turned } = layer, { zeros, table } = network;
      const [top, left] = layer.same ? [down >> 1, across >> 1] : [down - 1, across - 1];
      this.add([y.gradient, gradient], () =>
        code.conv(
          from(), turned, zeros, gradient.at, 0, table, zeros, y.rows, y.columns, x.rows, x.columns, outputs,
          x.channels, down, across, 1, stride, top, left, y.channels, x.channels, begun,
        ));
    }
  }

  // A term of the loss, from the values of its layer, which lack the layer's scale as yet.
  follow({ layer, weight, measure, channels = [] }, plane) {
    const { rows, columns, channels: all, values } = plane;
    const scale = this.network.scales[layer] ?? 1, count = rows * columns * (channels.length || all);
    const square = { square: (2 * weight) / count, norm: weight, mean: 0 }[measure] * scale ** 2;
    const mean = measure === "mean" ? (weight / count) * scale : 0, border = measure === "square" ? BORDER : 0;
    const shares = new Float32Array(all).fill(channels.length ? 0 : 1), place = this.buffer(all * 4);
    for (const channel of channels) shares[channel] += 1;
    const [gradient, begun] = this.gradientOf(plane);
    this.add([values, gradient, place], () => {
      this.network.floats(place.at, all).set(shares);
      this.loss += this.code.term(
        values.at, gradient.at, place.at, rows, columns, all / 4, border, square, mean, begun,
      );
    });
  }

  cells({ at, bytes }) {
    return this.network.floats(at, bytes / 4);
  }

  // Copy the picture to the first channels of cells, rolled, or the gradient back from there.
  copy(cells, ahead) {
    const { height, width, picture, roll } = this, rolled = (i, by, side) => (((i + by) % side) + side) % side;
    const result = ahead ? null : (this.result = new Float32Array(picture.length));
    for (let r = 0, pixel = 0; r < height; r++) {
      const row = rolled(r, roll[0], height) * width;
      for (let c = 0; c < width; c++) {
        const cell = (row + rolled(c, roll[1], width)) * this.image.channels;
        for (let k = 0; k < 3; k++, pixel++) {
          if (ahead) cells[cell + k] = picture[pixel];
          else result[pixel] = cells[cell + k];
        }
      }
    }
  }

  run(picture, roll, count) {
    Object.assign(this, { picture, roll, loss: 0 });
    for (const run of this.instructions.slice(0, count)) run();
  }

  gradient(picture, roll) {
    this.run(picture, roll);
    return { loss: this.loss, gradient: this.result };
  }

  meanSquares(picture) {
    this.run(picture, [0, 0], this.ahead);
    const { rows, columns, channels, values } = this.followed, sums = new Float64Array(channels);
    this.cells(values).forEach((value, i) => (sums[i % channels] += value * value));
    return sums.map((sum) => sum / (rows * columns)); // before the layer's scale
  }
}
