// What is computed for one size of picture and some terms, in order, and where in memory.

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
    for (const [name, shape] of Object.entries(network.sizes(height, width, depth))) {
      const cells = shape[0] * shape[1], channels = network.channels[name] ?? 8, bytes = cells * channels * 4;
      planes[name] = { shape, cells, channels, bytes, values: this.buffer(bytes) };
    }
    const layers = network.layers(depth).map((layer) => ({ ...layer, x: planes[layer.from], y: planes[layer.to] }));
    this.image = planes.image;
    this.followed = planes[terms[0].layer];
    this.add([this.image.values], () => this.copy(this.image.values, true));
    for (const layer of layers) this.forward(layer);
    this.ahead = this.instructions.length;
    for (const layer of layers.reverse()) this.backward(layer);
    this.add([this.image.gradient], () => this.copy(this.image.gradient, false));
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
    const { kind, x, y, at, outputs, stride, same, size } = layer, { code, network } = this;
    const to = () => y.values.at + at * 4, noted = (y.cells * outputs) / 8, strides = [x.channels, y.channels];
    if (kind === "max") {
      const places = (layer.places = this.buffer(noted * 8)), sides = [x.shape[1], ...y.shape, outputs / 4];
      this.add([x.values, y.values, places], () => code.maximum(x.values.at, to(), places.at, ...sides, ...strides));
      return;
    }
    const bits = (layer.bits = this.buffer(layer.linear ? 0 : noted)), used = [x.values, y.values, bits];
    if (kind === "average") {
      this.add(used, () => code.average(x.values.at, to(), bits.at, ...x.shape, outputs / 8, ...strides));
      return;
    }
    const sides = [...x.shape, ...y.shape, (layer.inputs + 3) & ~3, outputs, ...size, stride, 1];
    const margin = size.map((taps) => (same ? taps >> 1 : 0)), { table, zeros } = network;
    this.add(used, () => {
      const places = [x.values.at, layer.kernel, layer.bias, to(), bits.bytes && bits.at, table, zeros];
      code.conv(...places, ...sides, ...margin, ...strides, 0);
    });
  }

  // The gradient of a plane, and whether an instruction has begun it.
  gradientOf(plane) {
    const begun = +!!plane.gradient;
    return [(plane.gradient ??= this.buffer(plane.bytes)), begun];
  }

  backward(layer) {
    const { kind, x, y, at, outputs, stride, same, size, bits, places } = layer, { code } = this;
    if (!y.done) for (const term of this.terms) if (term.layer === layer.to) this.follow(term, y);
    y.done = true;
    const from = () => y.gradient.at + at * 4, fours = outputs / 4;
    if (bits?.bytes) this.add([bits, y.gradient], () => code.gate(bits.at, from(), y.cells, outputs / 8, y.channels));
    const [gradient, begun] = this.gradientOf(x), used = [y.gradient, gradient], end = [y.channels, x.channels, begun];
    if (kind === "max") {
      const sides = [...y.shape, ...x.shape, fours];
      this.add([...used, places], () => code.maximumGradient(from(), places.at, gradient.at, ...sides, ...end));
    } else if (kind === "average") {
      this.add(used, () => code.averageGradient(from(), gradient.at, ...x.shape, fours, ...end));
    } else {
      const sides = [...y.shape, ...x.shape, outputs, x.channels, ...size, 1, stride], { zeros, table } = this.network;
      const margin = size.map((taps) => (same ? taps >> 1 : taps - 1));
      this.add(used, () =>
        code.conv(from(), layer.turned, zeros, gradient.at, 0, table, zeros, ...sides, ...margin, ...end));
    }
  }

  // A term of the loss, from the values of its layer, which lack its scale as yet.
  follow({ layer, weight, measure, channels = [] }, plane) {
    const { shape, cells, channels: all, values } = plane;
    const scale = this.network.scales[layer] ?? 1, count = cells * (channels.length || all);
    const square = { square: (2 * weight) / count, norm: weight, mean: 0 }[measure] * scale ** 2;
    const mean = measure === "mean" ? (weight / count) * scale : 0, border = measure === "square" ? BORDER : 0;
    const shares = new Float32Array(all).fill(channels.length ? 0 : 1), place = this.buffer(shares.byteLength);
    for (const channel of channels) shares[channel] += 1;
    const [gradient, begun] = this.gradientOf(plane);
    this.add([values, gradient, place], () => {
      this.floats(place).set(shares);
      this.loss += this.code.term(values.at, gradient.at, place.at, ...shape, all / 4, border, square, mean, begun);
    });
  }

  floats({ at, bytes }) {
    return this.network.floats(at, bytes / 4);
  }

  // Copy the picture, rolled, to the first channels of its cells, or the gradient back from there.
  copy(buffer, ahead) {
    const { height, width, picture, roll } = this, rolled = (i, by, side) => (((i + by) % side) + side) % side;
    const cells = this.floats(buffer), { channels } = this.image;
    if (ahead) cells.fill(0);
    else this.result = new Float32Array(picture.length);
    for (let r = 0, pixel = 0; r < height; r++) {
      const row = rolled(r, roll[0], height) * width;
      for (let c = 0; c < width; c++) {
        for (let cell = (row + rolled(c, roll[1], width)) * channels, end = cell + 3; cell < end; cell++, pixel++) {
          if (ahead) cells[cell] = picture[pixel];
          else this.result[pixel] = cells[cell];
        }
      }
    }
  }

  run(picture, roll, instructions) {
    Object.assign(this, { picture, roll, loss: 0 });
    for (const run of instructions) run();
  }

  // The {loss, gradient} of a picture; the network sees it rolled by (rows, columns).
  gradient(picture, roll = [0, 0]) {
    this.run(picture, roll, this.instructions);
    return { loss: this.loss, gradient: this.result };
  }

  // The mean square of each channel of the first layer followed, but for its scale.
  meanSquares(picture) {
    this.run(picture, [0, 0], this.instructions.slice(0, this.ahead));
    const { cells, channels, values } = this.followed, sums = new Float64Array(channels);
    this.floats(values).forEach((value, i) => (sums[i % channels] += value ** 2));
    return sums.map((sum) => sum / cells);
  }
}
