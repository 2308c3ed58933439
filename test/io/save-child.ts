// Saves two models in turn at one path until it is killed; each save is announced on stdout.
import { dense, sequential, simpleRnn } from "../../src/index.js";

const [, , path = ""] = process.argv;
const models = [32, 48].map((units) => {
  const model = sequential([simpleRnn({ units }), dense({ units: 1 })]);
  model.build(["time", 2], { seed: units });
  return model;
});
for (let count = 0; ; count++) {
  await models[count % 2]?.save(path);
  process.stdout.write(".");
}
