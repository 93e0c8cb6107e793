// What mini computes, forward and back, for WebAssembly: network.js calls it. After a change:
// npx -p assemblyscript@0.28.20 asc net.ts -O3s --noAssert --runtime stub --enable simd -o net.wasm
//
// A plane has rows, columns and channels, in float32, the channels of a cell one after another and a multiple of 8 of
// them (of 4 where an argument says "fours"). Addresses are in bytes; a stride says how many floats lie between one
// cell and the next. What is added to, instead of written anew, is a gradient that another branch has begun.

const BLOCK = 64; // cells whose neighbours are looked up at once, by conv

// Write eight channels: with `bits` through ReLU6, noting in a byte which of them have a slope.
function write(to: usize, bits: usize, a: v128, b: v128, add: bool): void {
  if (bits) {
    const zero = f32x4.splat(0), six = f32x4.splat(6);
    const slopes = i32x4.bitmask(v128.and(f32x4.gt(a, zero), f32x4.lt(a, six)))
      | i32x4.bitmask(v128.and(f32x4.gt(b, zero), f32x4.lt(b, six))) << 4;
    store<u8>(bits, slopes);
    a = f32x4.min(f32x4.max(a, zero), six);
    b = f32x4.min(f32x4.max(b, zero), six);
  } else if (add) {
    a = f32x4.add(a, v128.load(to));
    b = f32x4.add(b, v128.load(to, 16));
  }
  v128.store(to, a);
  v128.store(to, b, 16);
}

function writeFour(to: usize, a: v128, add: bool): void {
  v128.store(to, add ? f32x4.add(a, v128.load(to)) : a);
}

// For the cells `first` to `first + BLOCK` of the output: where the input of each tap of the kernel lies, four cells
// side by side; `zeros` where it lies outside. Of an input dilated by 2 only every other row and column is there.
function lookUp(
  table: usize, zeros: usize, x: usize, first: i32, count: i32, height: i32, width: i32, columns: i32, taps: i32,
  across: i32, stride: i32, dilation: i32, top: i32, left: i32, xStride: i32
): void {
  for (let i = 0; i < BLOCK; i++) {
    const cell = first + min(i, count - 1), row = cell / columns * stride - top, column = cell % columns * stride - left;
    for (let tap = 0; tap < taps; tap++) {
      let r = row + tap / across, c = column + tap % across, inside = r >= 0 && c >= 0;
      if (dilation == 2) {
        inside = inside && ((r | c) & 1) == 0;
        r >>= 1;
        c >>= 1;
      }
      inside = inside && r < height && c < width;
      const entry = table + (((i >> 2) * taps + tap) * 4 + (i & 3) << 2);
      store<u32>(entry, <u32>(inside ? x + ((r * width + c) * xStride << 2) : zeros));
    }
  }
}

// A convolution, and its gradient too: that is one with the kernel turned round, of an input dilated by the stride.
// `weights` lie as (outputs / 8, taps, inputs, 8). `bits` are 0 where no ReLU6 follows.
export function conv(
  x: usize, weights: usize, bias: usize, y: usize, bits: usize, table: usize, zeros: usize, height: i32, width: i32,
  rows: i32, columns: i32, inputs: i32, outputs: i32, down: i32, across: i32, stride: i32, dilation: i32, top: i32,
  left: i32, xStride: i32, yStride: i32, add: bool
): void {
  const cells = rows * columns, taps = down * across, none = <u32>zeros;
  for (let first = 0; first < cells; first += BLOCK) {
    const count = min(BLOCK, cells - first);
    lookUp(table, zeros, x, first, count, height, width, columns, taps, across, stride, dilation, top, left, xStride);
    for (let n = 0; n < outputs; n += 8) {
      const biasA = v128.load(bias + (n << 2)), biasB = v128.load(bias + (n << 2), 16);
      for (let i = 0; i < count; i += 4) {
        let a0 = biasA, b0 = biasB, a1 = biasA, b1 = biasB, a2 = biasA, b2 = biasB, a3 = biasA, b3 = biasB;
        let w = weights + (n * taps * inputs << 2), entry = table + (i * taps << 2);
        for (let tap = 0; tap < taps; tap++, entry += 16) {
          let p0: usize = load<u32>(entry), p1: usize = load<u32>(entry, 4);
          let p2: usize = load<u32>(entry, 8), p3: usize = load<u32>(entry, 12);
          if (p0 == none && p1 == none && p2 == none && p3 == none) {
            w += inputs << 5;
            continue;
          }
          for (const end = p0 + (inputs << 2); p0 < end; p0 += 4, p1 += 4, p2 += 4, p3 += 4, w += 32) {
            const u = v128.load(w), v = v128.load(w, 16);
            let value = v128.load32_splat(p0);
            a0 = f32x4.add(a0, f32x4.mul(value, u));
            b0 = f32x4.add(b0, f32x4.mul(value, v));
            value = v128.load32_splat(p1);
            a1 = f32x4.add(a1, f32x4.mul(value, u));
            b1 = f32x4.add(b1, f32x4.mul(value, v));
            value = v128.load32_splat(p2);
            a2 = f32x4.add(a2, f32x4.mul(value, u));
            b2 = f32x4.add(b2, f32x4.mul(value, v));
            value = v128.load32_splat(p3);
            a3 = f32x4.add(a3, f32x4.mul(value, u));
            b3 = f32x4.add(b3, f32x4.mul(value, v));
          }
        }
        const cell = first + i, step: usize = yStride << 2, left = count - i, bytes = outputs >> 3;
        const to: usize = y + (cell * yStride + n << 2), noted: usize = bits ? bits + cell * bytes + (n >> 3) : 0;
        write(to, noted, a0, b0, add);
        if (left > 1) write(to + step, noted ? noted + bytes : 0, a1, b1, add);
        if (left > 2) write(to + 2 * step, noted ? noted + 2 * bytes : 0, a2, b2, add);
        if (left > 3) write(to + 3 * step, noted ? noted + 3 * bytes : 0, a3, b3, add);
      }
    }
  }
}

// Set a gradient to 0 where the ReLU6 that its plane passed has no slope.
export function gate(bits: usize, gradient: usize, cells: i32, eights: i32, stride: i32): void {
  const low = i32x4(1, 2, 4, 8), high = i32x4(16, 32, 64, 128);
  for (let cell = 0; cell < cells; cell++) {
    for (let e = 0; e < eights; e++) {
      const slopes = i32x4.splat(load<u8>(bits + cell * eights + e)), at: usize = gradient + (cell * stride + e * 8 << 2);
      v128.store(at, v128.and(v128.load(at), i32x4.eq(v128.and(slopes, low), low)));
      v128.store(at, v128.and(v128.load(at, 16), i32x4.eq(v128.and(slopes, high), high)), 16);
    }
  }
}

// The largest of 3 x 3 cells, every other row and column; `places` notes in a byte which of the nine it is.
export function maximum(
  x: usize, y: usize, places: usize, width: i32, rows: i32, columns: i32, fours: i32, xStride: i32, yStride: i32
): void {
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      for (let f = 0; f < fours; f++) {
        let best = f32x4.splat(-Infinity), place = i32x4.splat(0);
        for (let tap = 0; tap < 9; tap++) {
          const value = v128.load(x + (((r * 2 + tap / 3) * width + c * 2 + tap % 3) * xStride + f * 4 << 2));
          place = v128.bitselect(i32x4.splat(tap), place, f32x4.gt(value, best));
          best = f32x4.max(best, value);
        }
        v128.store(y + ((r * columns + c) * yStride + f * 4 << 2), best);
        const half = i16x8.narrow_i32x4_s(place, place);
        store<u32>(places + ((r * columns + c) * fours + f << 2), i32x4.extract_lane(i8x16.narrow_i16x8_s(half, half), 0));
      }
    }
  }
}

// The gradient of `maximum`, from that of its (height, width) cells to that of the (rows, columns) it looked at.
export function maximumGradient(
  gradient: usize, places: usize, y: usize, height: i32, width: i32, rows: i32, columns: i32, fours: i32,
  gradientStride: i32, yStride: i32, add: bool
): void {
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      for (let f = 0; f < fours; f++) {
        let sum = f32x4.splat(0);
        for (let row = max((r - 1) >> 1, 0); row <= min(r >> 1, height - 1); row++) {
          for (let column = max((c - 1) >> 1, 0); column <= min(c >> 1, width - 1); column++) {
            const cell = row * width + column, tap = (r - 2 * row) * 3 + c - 2 * column;
            const noted = i32x4.splat(load<u32>(places + (cell * fours + f << 2)));
            const place = i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(noted));
            const value = v128.load(gradient + (cell * gradientStride + f * 4 << 2));
            sum = f32x4.add(sum, v128.and(value, i32x4.eq(place, i32x4.splat(tap))));
          }
        }
        writeFour(y + ((r * columns + c) * yStride + f * 4 << 2), sum, add);
      }
    }
  }
}

// How many cells the 3 x 3 around one hold: those past the edge are not counted.
function neighbours(row: i32, column: i32, height: i32, width: i32): f32 {
  const down = min(row + 1, height - 1) - max(row - 1, 0) + 1, across = min(column + 1, width - 1) - max(column - 1, 0) + 1;
  return <f32>(down * across);
}

// The mean of 3 x 3 cells, through ReLU6.
export function average(
  x: usize, y: usize, bits: usize, height: i32, width: i32, eights: i32, xStride: i32, yStride: i32
): void {
  for (let r = 0; r < height; r++) {
    for (let c = 0; c < width; c++) {
      const share = f32x4.splat(1 / neighbours(r, c, height, width)), cell = r * width + c;
      for (let e = 0; e < eights; e++) {
        let a = f32x4.splat(0), b = a;
        for (let row = max(r - 1, 0); row <= min(r + 1, height - 1); row++) {
          for (let column = max(c - 1, 0); column <= min(c + 1, width - 1); column++) {
            const from: usize = x + ((row * width + column) * xStride + e * 8 << 2);
            a = f32x4.add(a, v128.load(from));
            b = f32x4.add(b, v128.load(from, 16));
          }
        }
        write(
          y + (cell * yStride + e * 8 << 2), bits + cell * eights + e, f32x4.mul(a, share), f32x4.mul(b, share), false
        );
      }
    }
  }
}

export function averageGradient(
  gradient: usize, y: usize, height: i32, width: i32, fours: i32, gradientStride: i32, yStride: i32, add: bool
): void {
  for (let r = 0; r < height; r++) {
    for (let c = 0; c < width; c++) {
      for (let f = 0; f < fours; f++) {
        let sum = f32x4.splat(0);
        for (let row = max(r - 1, 0); row <= min(r + 1, height - 1); row++) {
          for (let column = max(c - 1, 0); column <= min(c + 1, width - 1); column++) {
            const value = v128.load(gradient + ((row * width + column) * gradientStride + f * 4 << 2));
            sum = f32x4.add(sum, f32x4.mul(value, f32x4.splat(1 / neighbours(row, column, height, width))));
          }
        }
        writeFour(y + ((r * width + c) * yStride + f * 4 << 2), sum, add);
      }
    }
  }
}

// A term of the loss: the sum of `square / 2` times the squares of a layer and of `mean` times its values, each channel
// with its share, inside the border; and its gradient.
export function term(
  x: usize, gradient: usize, shares: usize, height: i32, width: i32, fours: i32, border: i32, square: f32, mean: f32,
  add: bool
): f64 {
  let loss: f64 = 0;
  const curve = f32x4.splat(square), slope = f32x4.splat(mean), half = f32x4.splat(0.5);
  for (let r = 0; r < height; r++) {
    for (let c = 0; c < width; c++) {
      const inside = r >= border && c >= border && r < height - border && c < width - border;
      let sum = f32x4.splat(0);
      for (let f = 0; f < fours; f++) {
        const at: usize = (r * width + c) * fours + f << 4;
        let rise = f32x4.splat(0);
        if (inside) {
          const value = v128.load(x + at), share = v128.load(shares + (f << 4)), curved = f32x4.mul(curve, value);
          sum = f32x4.add(sum, f32x4.mul(f32x4.mul(share, value), f32x4.add(f32x4.mul(half, curved), slope)));
          rise = f32x4.mul(share, f32x4.add(curved, slope));
        }
        writeFour(gradient + at, rise, add);
      }
      loss += <f64>f32x4.extract_lane(sum, 0) + <f64>f32x4.extract_lane(sum, 1)
        + <f64>f32x4.extract_lane(sum, 2) + <f64>f32x4.extract_lane(sum, 3);
    }
  }
  return loss;
}
