// The network: its plan, its weights, and its gradient for pictures of any size.
import { Program } from "./program.js";

const PAGE = 65536;

// All half-precision numbers, by their bits.
const HALVES = Float32Array.from({ length: 65536 }, (_, bits) => {
  const exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const size = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
  return bits >> 15 ? -size : size;
});

// Weights as the export wrote them: all high bytes, then all low ones, which compress better so.
async function fetchWeights(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}.`);
  const unpacked = new Response(answer.body.pipeThrough(new DecompressionStream("gzip")));
  const bytes = new Uint8Array(await unpacked.arrayBuffer()), count = bytes.length / 2;
  return Float32Array.from({ length: count }, (_, i) => HALVES[(bytes[i] << 8) | bytes[count + i]]);
}

export class Network {
  // Fetch plan and code from `base`; the weights come with `load`.
  static async open(base) {
    const fetched = ["network.json", "net.wasm"].map((name) => fetch(new URL(name, base)));
    const [plan, module] = await Promise.all(fetched);
    const { instance } = await WebAssembly.instantiate(await module.arrayBuffer());
    return Object.assign(new Network(instance.exports), { base, ...(await plan.json()) });
  }

  constructor(code) {
    this.code = code;
    this.top = PAGE; // the memory in use
    this.zeros = this.reserve(768 * 4); // as long as the longest cell
    this.table = this.reserve(64 * 25 * 4);
    this.loaded = 0; // blocks
  }

  grow(bytes) {
    const missing = bytes - this.code.memory.buffer.byteLength;
    if (missing > 0) this.code.memory.grow(Math.ceil(missing / PAGE));
  }

  reserve(bytes) {
    const at = this.top;
    this.top += (bytes + 15) & ~15;
    this.grow(this.top);
    return at;
  }

  floats(at, count) {
    return new Float32Array(this.code.memory.buffer, at, count);
  }

  // How many blocks the terms need: up to the deepest layer that one of them follows.
  depth(terms) {
    return 1 + Math.max(...terms.map(({ layer }) => this.blocks.findIndex(({ name }) => name === layer)));
  }

  layers(depth) {
    return this.blocks.slice(0, depth).flatMap((block) => block.layers);
  }

  // Fetch the weights that these blocks still lack; `onShare` hears how many of them have come.
  async load(depth, onShare = () => {}) {
    const missing = this.blocks.slice(this.loaded, depth), total = missing.reduce((sum, { bytes }) => sum + bytes, 0);
    let come = 0;
    const fetched = missing.map(async ({ weights, bytes }) => {
      const values = await fetchWeights(new URL(weights, this.base));
      onShare((come += bytes) / total);
      return values;
    });
    const weights = await Promise.all(fetched);
    if (missing.length) this.kept = null; // its memory begins where these weights go
    missing.forEach(({ layers }, i) => {
      let from = 0;
      for (const layer of layers) if (layer.kind === "conv") from = this.pack(layer, weights[i], from);
    });
    this.loaded = Math.max(this.loaded, depth);
  }

  // Lay out a kernel for `conv`, as it is and turned round for the gradient, and its bias. The scale of the layer that
  // it reads goes into it.
  pack(layer, weights, from) {
    const { inputs, outputs, size } = layer, taps = size[0] * size[1], scale = this.scales[layer.from] ?? 1;
    const padded = (inputs + 3) & ~3, counts = [taps * padded * outputs, taps * ((inputs + 7) & ~7) * outputs, outputs];
    const places = counts.map((count) => this.reserve(count * 4));
    const [kernel, turned, bias] = places.map((at, i) => this.floats(at, counts[i]));
    for (let tap = 0; tap < taps; tap++) {
      for (let i = 0; i < inputs; i++) {
        for (let o = 0; o < outputs; o++) {
          const value = weights[from++] * scale;
          kernel[(((o >> 3) * taps + tap) * padded + i) * 8 + (o & 7)] = value;
          turned[(((i >> 3) * taps + taps - 1 - tap) * outputs + o) * 8 + (i & 7)] = value;
        }
      }
    }
    bias.set(weights.subarray(from, from + outputs));
    [layer.kernel, layer.turned, layer.bias] = places;
    return from + outputs;
  }

  // The rows and columns of every plane, for a picture of that size.
  sizes(height, width, depth) {
    const sizes = { image: [height, width] };
    for (const { from, to, same, size, stride } of this.layers(depth)) {
      sizes[to] = sizes[from].map((side, axis) => (same ? side : Math.floor((side - size[axis]) / stride) + 1));
    }
    return sizes;
  }

  // The shortest side, in cells, of the layers that the terms follow.
  cells(height, width, terms) {
    const sizes = this.sizes(height, width, this.depth(terms));
    return Math.min(...terms.flatMap(({ layer }) => sizes[layer]));
  }

  // What is computed for pictures of a size; the last program stays, as most steps are of that size.
  program({ height, width }, terms) {
    const key = JSON.stringify([height, width, terms]);
    if (this.kept?.key !== key) this.kept = Object.assign(new Program(this, height, width, terms), { key });
    return this.kept;
  }
}
