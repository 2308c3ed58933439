// What looks wrong in the values of events: numbers that may stand for "not measured", and parameters that come in several units.

import { listed } from "../base/words.js";
import type { EventStore } from "./event-store.js";
import { CodeSearch, missingCodeWords } from "./missing-code.js";
import { shownCell } from "./shown.js";
import type { Table } from "./types.js";

/** A remark about events, without a full stop. */
export interface EventHint {
  readonly code: "missing_code" | "mixed_units";
  readonly message: string;
}

/** The units that parameters come in, as a column beside the values says. */
export class EventUnits {
  /** Of each parameter its units as they were first written, by their small letters. */
  readonly #seen: Map<string, Map<string, string>> = new Map();

  add(parameter: string, unit: string | null): void {
    if (unit === null) return;
    const units = this.#seen.get(parameter) ?? new Map<string, string>();
    this.#seen.set(parameter, units);
    const key = unit.toLowerCase().replace(/\s/g, "");
    if (!units.has(key)) units.set(key, unit);
  }

  /** Parameters with several units; none if most have several, because the column is then no unit of measurement but a ward or a machine. */
  get mixed(): readonly { readonly parameter: string; readonly units: readonly string[] }[] {
    const all = [...this.#seen].map(([parameter, units]) => ({ parameter, units: [...units.values()] }));
    const several = all.filter(({ units }) => units.length > 1);
    return all.length > 1 && 2 * several.length > all.length ? [] : several;
  }
}

/** The column that is called as units of measurement are; undefined if there is none. */
export function unitColumn({ names }: Pick<Table, "names">, taken: readonly string[]): string | undefined {
  return names.find(
    (name) => !taken.includes(name) && /^(value[_ ]?)?(uom|units?|unit[_ ]of[_ ]measure(ment)?|einheit)$/i.test(name.trim()),
  );
}

/** The remarks about what a store has collected. */
export function eventHints(store: EventStore): EventHint[] {
  const searches = store.parameters.map(() => new CodeSearch());
  store.eachNumber((parameter, value) => searches[parameter]!.push(value));
  const codes = searches.flatMap(({ code }, parameter): EventHint[] =>
    code === null ? [] : [{ code: "missing_code", message: missingCodeWords(shownCell(store.parameters[parameter]!.name), code) }],
  );
  const units = store.units.mixed.map(({ parameter, units }): EventHint => {
    const message = `${shownCell(parameter)} comes in several units (${listed(units.map(shownCell))}), which are read alike: bring its values into one`;
    return { code: "mixed_units", message };
  });
  return [...codes, ...units];
}
