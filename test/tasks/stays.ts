// Made-up stays: a hidden drift decides the outcome and shows in the later values of one variable.

import { uniformAt } from "../../src/base/random.js";

/** Event rows and outcomes of so many stays, as CSV. */
export function madeStays(count: number, seed = 1): { readonly events: string; readonly outcomes: string } {
  const rows = ["id,time,parameter,value"];
  const outcomes = ["id,sex,died"];
  for (let stay = 0; stay < count; stay++) {
    const draw = (index: number): number => uniformAt(seed, stay, index);
    const died = draw(0) < 0.4 ? 1 : 0;
    rows.push(`p${stay},00:00,Age,${Math.round(40 + 40 * draw(1))}`);
    for (let hour = 0; hour < 12; hour++) {
      const minute = String(Math.floor(60 * draw(100 + hour))).padStart(2, "0");
      const time = `${String(hour).padStart(2, "0")}:${minute}`;
      if (draw(200 + hour) < 0.7)
        rows.push(`p${stay},${time},HR,${(80 + (died === 1 ? 3 : -3) * hour + 10 * draw(300 + hour)).toFixed(1)}`);
      if (draw(400 + hour) < 0.3) rows.push(`p${stay},${time},Na,${(135 + 5 * draw(500 + hour)).toFixed(1)}`);
    }
    outcomes.push(`p${stay},${draw(2) < 0.5 ? "f" : "m"},${died}`);
  }
  return { events: `${rows.join("\n")}\n`, outcomes: `${outcomes.join("\n")}\n` };
}
