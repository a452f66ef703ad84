// Numbers that follow from a seed: KRATEYARD_SEED, or another one each time, which is told.

import * as prng from "lib0/prng";

/** For one test. */
export function randomFor(t) {
  const seed = Number(process.env.KRATEYARD_SEED ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`KRATEYARD_SEED=${seed}`);
  return prng.create(seed);
}

export const below = (gen, end) => prng.int32(gen, 0, end - 1);
export const oneIn = (gen, many) => below(gen, many) === 0;
