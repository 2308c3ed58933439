// Loaded before every test: random programs and data come from one seed, so that a run can be repeated; DEEP_RNN_SEED explores others.

import fc from "fast-check";

/** The seed of a run without DEEP_RNN_SEED. */
const usualSeed = 1997;

fc.configureGlobal({ seed: Number(process.env.DEEP_RNN_SEED ?? usualSeed) });
