// Events while they are read: triples of time, parameter and value per id, packed; then ordered, merged and split into static and changing.

import { EventUnits } from "./event-hints.js";
import type { EventOptions } from "./event-types.js";
import type { DateOrder } from "./time.js";
import type { Duplicates } from "./types.js";

/** Numbers that grow at their end. */
class Growing {
  values: Float64Array = new Float64Array(64);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Float64Array(2 * this.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }
}

interface Raw {
  readonly times: Growing;
  readonly parameters: Growing;
  readonly values: Growing;
}

/** The measurements of one id, in the order of time; `steps[e]` is the place of event `e` in `times`. */
export interface PackedEvents {
  readonly times: Float64Array;
  readonly steps: Int32Array;
  readonly parameters: Int32Array;
  readonly values: Float64Array;
}

/** What a parameter's values look like over all ids. */
export interface ParameterFacts {
  readonly name: string;
  /** Ids in which it occurs, and those in which it does after the first time. */
  ids: number;
  changing: number;
  /** Least value besides those that mean "not known"; of words 0. */
  least: number;
  /** The words of a parameter that is told in words, whose values are places in this list; null for numbers, or if it has no value yet. */
  words: string[] | null;
  /** Whether it has had numbers, but for negative ones that mean "not known". */
  isNumeric: boolean;
}

/** Different words of one parameter: more are texts and no kinds. */
export const mostWords = 20;

/** Collects events id by id, in any order. */
export class EventStore {
  readonly parameters: ParameterFacts[] = [];
  /** Whether times are hours since 1970. */
  hasDates: boolean = false;
  /** Of dates with slashes; null if none was seen. */
  dateOrder: DateOrder | null = null;
  readonly units: EventUnits = new EventUnits();
  readonly #places: Map<string, number> = new Map();
  readonly #unknown: ReadonlySet<number>;
  readonly #ids: Map<string, Raw> = new Map();
  /** Words of parameters that are to be read as other rows were; null where they are found. */
  readonly #known: ReadonlyMap<string, readonly string[]> | null;
  /** `parameter=word` of those that are not among the known. */
  readonly strange: Set<string> = new Set();

  constructor({ unknown = [-1], words }: Pick<EventOptions, "unknown" | "words">) {
    this.#unknown = new Set(unknown);
    this.#known = words === undefined ? null : new Map(Object.entries(words));
  }

  get ids(): readonly string[] {
    return [...this.#ids.keys()];
  }

  /** Adds one measurement: a number, NaN if missing, or a word. False, and nothing is added, if the parameter has both. */
  add(id: string, time: number, parameter: string, given: number | string): boolean {
    const place = this.#place(parameter);
    const facts = this.parameters[place]!;
    const value = typeof given === "string" ? this.#codeOf(facts, given) : this.#numberOf(facts, given);
    if (value === null) return false;
    let raw = this.#ids.get(id);
    if (raw === undefined) {
      raw = { times: new Growing(), parameters: new Growing(), values: new Growing() };
      this.#ids.set(id, raw);
    }
    raw.times.push(time);
    raw.parameters.push(place);
    raw.values.push(value);
    return true;
  }

  /** null if the parameter is told in words. */
  #numberOf(facts: ParameterFacts, value: number): number | null {
    if (Number.isNaN(value)) return value;
    const isUnknown = this.#unknown.has(value);
    if (facts.words !== null) return isUnknown ? Number.NaN : null;
    if (!isUnknown && value < facts.least) facts.least = value;
    if (!isUnknown || value >= 0) facts.isNumeric = true;
    return value;
  }

  /** The place of a word among those of its parameter; null if that has had numbers, NaN for a word that no model knows. */
  #codeOf(facts: ParameterFacts, word: string): number | null {
    if (facts.isNumeric) return null;
    facts.words ??= [];
    facts.least = 0;
    const place = facts.words.indexOf(word);
    if (place >= 0) return place;
    if (this.#known?.has(facts.name)) {
      this.strange.add(`${facts.name}=${word}`);
      return Number.NaN;
    }
    return facts.words.length > mostWords ? Number.NaN : facts.words.push(word) - 1;
  }

  /** The first word that a parameter was told in; null if it is told in numbers. */
  firstWord(parameter: string): string | null {
    return this.parameters.find(({ name }) => name === parameter)?.words?.[0] ?? null;
  }

  /** An id without any measurement that counts is one still. */
  touch(id: string): void {
    if (!this.#ids.has(id)) this.#ids.set(id, { times: new Growing(), parameters: new Growing(), values: new Growing() });
  }

  /** Orders and merges the events of one id; values that mean "not known" are left out. */
  pack(id: string, how: Exclude<Duplicates, "error">): PackedEvents {
    const { times, parameters, values } = this.#ids.get(id)!;
    const kept = Array.from({ length: times.length }, (_, e) => e).filter((e) => this.isKnown(parameters.values[e]!, values.values[e]!));
    kept.sort((a, b) => times.values[a]! - times.values[b]! || parameters.values[a]! - parameters.values[b]! || a - b);
    const out = { times: new Growing(), steps: new Growing(), parameters: new Growing(), values: new Growing() };
    for (let i = 0; i < kept.length; ) {
      const [time, parameter] = [times.values[kept[i]!]!, parameters.values[kept[i]!]!];
      const same: number[] = [];
      while (i < kept.length && times.values[kept[i]!] === time && parameters.values[kept[i]!] === parameter)
        same.push(values.values[kept[i++]!]!);
      if (out.times.length === 0 || out.times.values[out.times.length - 1] !== time) out.times.push(time);
      out.steps.push(out.times.length - 1);
      out.parameters.push(parameter);
      // Between two words there is nothing.
      const isWord = this.parameters[parameter]!.words !== null;
      out.values.push(merged(same, isWord && how !== "first" ? "last" : how));
    }
    return {
      times: out.times.values.slice(0, out.times.length),
      steps: Int32Array.from(out.steps.values.subarray(0, out.steps.length)),
      parameters: Int32Array.from(out.parameters.values.subarray(0, out.parameters.length)),
      values: out.values.values.slice(0, out.values.length),
    };
  }

  /** -1 is no value where nothing else is below zero. */
  isKnown(parameter: number, value: number): boolean {
    return !Number.isNaN(value) && !(this.#unknown.has(value) && this.parameters[parameter]!.least >= 0);
  }

  /** Every number of every parameter that is told in numbers, but for those that mean "not known". */
  eachNumber(take: (parameter: number, value: number) => void): void {
    for (const { parameters, values } of this.#ids.values()) {
      for (let e = 0; e < values.length; e++) {
        const [parameter, value] = [parameters.values[e]!, values.values[e]!];
        if (this.parameters[parameter]!.words === null && this.isKnown(parameter, value)) take(parameter, value);
      }
    }
  }

  /** Counts in which ids a parameter occurs, and where it comes late; `negative` ones have values below zero. */
  survey(negative: readonly string[]): void {
    for (const facts of this.parameters) if (negative.includes(facts.name)) facts.least = Number.NEGATIVE_INFINITY;
    for (const { times, parameters } of this.#ids.values()) {
      const first = times.values.subarray(0, times.length).reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
      const late = new Map<number, boolean>();
      for (let e = 0; e < times.length; e++) {
        const parameter = parameters.values[e]!;
        late.set(parameter, late.get(parameter) === true || times.values[e]! > first);
      }
      for (const [parameter, isLate] of late) {
        const facts = this.parameters[parameter]!;
        facts.ids++;
        if (isLate) facts.changing++;
      }
    }
  }

  #place(name: string): number {
    const there = this.#places.get(name);
    if (there !== undefined) return there;
    const place = this.parameters.length;
    this.#places.set(name, place);
    const known = this.#known?.get(name);
    const least = known === undefined ? Number.POSITIVE_INFINITY : 0;
    this.parameters.push({ name, ids: 0, changing: 0, least, words: known === undefined ? null : [...known], isNumeric: false });
    return place;
  }
}

function merged(values: readonly number[], how: Exclude<Duplicates, "error">): number {
  if (how === "first") return values[0]!;
  if (how === "last") return values.at(-1)!;
  const sum = values.reduce((total, value) => total + value, 0);
  return how === "sum" ? sum : sum / values.length;
}
