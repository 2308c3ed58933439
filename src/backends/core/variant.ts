// Which instruction set a core runs with: the best there is, unless the caller or DEEP_RNN_VARIANT names another.
import { UsageError } from "../../base/errors.js";
import type { MachineOptions } from "./machine.js";

/** Names of the native addon's variants on any processor, best first. */
export const nativeVariantNames: readonly string[] = ["avx512", "avx2", "neon", "baseline"];
/** Names of the WebAssembly modules, best first. */
export const wasmVariantNames: readonly string[] = ["relaxed", "simd"];

interface Host {
  readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
}

/** A variable of the environment; undefined in browsers. */
export function environmentVariable(name: string): string | undefined {
  const host: Host = globalThis;
  const value = host.process?.env?.[name];
  return value === "" ? undefined : value;
}

/**
 * The variant to run, out of those available (best first).
 *
 * DEEP_RNN_VARIANT may name a variant of the other kind of core, which then does not concern this one.
 * @throws UsageError `unknown_variant` naming those available
 */
export function chooseVariant(options: MachineOptions, core: "native" | "wasm", available: readonly string[]): string {
  const others = core === "native" ? wasmVariantNames : nativeVariantNames;
  const fromEnvironment = environmentVariable("DEEP_RNN_VARIANT");
  const concerned = fromEnvironment !== undefined && !others.includes(fromEnvironment) ? fromEnvironment : undefined;
  const wanted = options.variant ?? concerned ?? available[0];
  if (wanted !== undefined && available.includes(wanted)) return wanted;
  const source = options.variant === undefined ? "DEEP_RNN_VARIANT names" : "variant is";
  const known = nativeVariantNames.includes(wanted ?? "") || wasmVariantNames.includes(wanted ?? "");
  const why = known ? `is not available in the ${core} core here` : "is not a variant";
  throw new UsageError({
    code: "unknown_variant",
    what: `${source} "${wanted}", which ${why}`,
    hint: `Available here: ${available.join(", ")}.`,
  });
}
