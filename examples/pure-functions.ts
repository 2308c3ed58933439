// Without any model: differentiate a recurrence of your own, once and twice.
import type { Tensor } from "deep-rnn";
import { add, grad, jit, matmul, mean, normal, randomKey, scan, splitKey, square, tanh, zeros } from "deep-rnn";

const energy = (U: Tensor, xs: Tensor): Tensor => {
  // The body sees one row: h [8], x [8].
  const [, hs] = scan(
    (h: Tensor, x: Tensor) => {
      const n = tanh(add(x, matmul(h, U)));
      return [n, n];
    },
    zeros([4, 8]),
    xs,
  );
  return mean(square(hs));
};
const dEnergy = jit(grad(energy)); // by the first argument
const second = jit(grad((U: Tensor, xs: Tensor) => mean(square(grad(energy)(U, xs)))));

const [keyU, keyX] = splitKey(randomKey(7));
const U = normal(keyU, [8, 8]);
const xs = normal(keyX, [4, 6, 8]); // [batch, time, feature]
console.log(`energy ${energy(U, xs).item().toFixed(4)}`);
console.log(`gradient ${(await dEnergy(U, xs)).shape.join("x")}, second ${(await second(U, xs)).shape.join("x")}`);
