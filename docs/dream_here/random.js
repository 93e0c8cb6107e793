// The random numbers of a step, those that numpy's default_rng([seed, octave, step]) draws: its PCG64 and its seeding.

const WORD = 0xffffffffn, LONG = (1n << 64n) - 1n, WIDE = (1n << 128n) - 1n;
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;

// numpy's SeedSequence: eight words from three.
function seedWords(entropy) {
  let constant = 0x43b0d7e5;
  const hash = (value, factor) => {
    value ^= constant;
    constant = Math.imul(constant, factor);
    value = Math.imul(value, constant);
    return value ^ (value >>> 16);
  };
  const pool = [0, 1, 2, 3].map((i) => hash(entropy[i] ?? 0, 0x931e8875));
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) {
      if (from === to) continue;
      const mixed = Math.imul(0xca01f9dd, pool[to]) - Math.imul(0x4973f715, hash(pool[from], 0x931e8875));
      pool[to] = (mixed ^ (mixed >>> 16)) | 0;
    }
  }
  constant = 0x8b51f9dd;
  return Array.from({ length: 8 }, (_, i) => BigInt(hash(pool[i % 4], 0x58f38ded) >>> 0));
}

// PCG64: two words from each state.
function* words(state, increment) {
  for (;;) {
    state = (state * MULTIPLIER + increment) & WIDE;
    const mixed = (state >> 64n) ^ (state & LONG), turn = state >> 122n;
    const long = ((mixed >> turn) | (mixed << (64n - turn))) & LONG;
    yield long & WORD;
    yield long >> 32n;
  }
}

// How far a step rolls the picture, (rows, columns), at most `reach` pixels each way.
export function drawRoll(seed, octave, step, reach) {
  if (!reach) return [0, 0];
  const seeds = seedWords([seed, octave, step]);
  const wide = (i) => (seeds[i + 1] << 96n) | (seeds[i] << 64n) | (seeds[i + 3] << 32n) | seeds[i + 2];
  const increment = ((wide(4) << 1n) | 1n) & WIDE, choices = BigInt(2 * reach + 1);
  const drawn = words(((increment + wide(0)) * MULTIPLIER + increment) & WIDE, increment);
  const refused = (WORD + 1n - choices) % choices;
  return [0, 0].map(() => {
    let product;
    do product = drawn.next().value * choices;
    while ((product & WORD) < refused);
    return Number(product >> 32n) - reach;
  });
}
