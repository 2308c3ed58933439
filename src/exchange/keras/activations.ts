// Activations by our name and by Keras's.

/** Keras's name for each of ours that means exactly the same there. */
export const kerasActivations: Readonly<Record<string, string>> = {
  linear: "linear",
  relu: "relu",
  tanh: "tanh",
  sigmoid: "sigmoid",
  softmax: "softmax",
  logSoftmax: "log_softmax",
  softplus: "softplus",
  elu: "elu",
  silu: "silu",
};

/** Our name for each of Keras's; gelu is computed by another form there. */
export const ownActivations: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(kerasActivations).map(([own, theirs]) => [theirs, own])),
  swish: "silu",
  gelu: "gelu",
};
