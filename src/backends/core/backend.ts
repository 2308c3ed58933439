// The native and WebAssembly backends: lowered programs on a loaded core.

import type { HostArray } from "../../base/dtype.js";
import { UsageError } from "../../base/errors.js";
import type { Lower, LoweredProgram } from "../../ir/lowered/program.js";
import type { Backend, BackendInfo, BoundSection, Executable, Residents, VectorName } from "../contract.js";
import { Arena } from "./arena.js";
import { BoundCoreSection } from "./executable-bound.js";
import { CoreSection, type SectionHost } from "./executable-section.js";
import type { Machine } from "./machine.js";
import { CoreResidents } from "./residents.js";

/** How a core is used. */
export interface CoreOptions {
  /** Turns core graphs into lowered programs. */
  readonly lower: Lower;
  /** At most the machine's; 1 by default. */
  readonly threads?: number;
  /** Why this backend was chosen. */
  readonly reason?: string;
  /** Operations from which an instruction is divided among threads; the core's own measure by default. */
  readonly parallelWork?: number;
  /** For tests: NaN in all memory that is not in use. */
  readonly poison?: boolean;
}

/** A core backend that also shows what it compiled, for tests and explanations. */
export interface CoreBackend extends Backend {
  readonly machine: Machine;
  compile(spec: Parameters<Backend["compile"]>[0]): CoreExecutable;
}

/** A backend on a loaded core. */
export function coreBackend(machine: Machine, options: CoreOptions): CoreBackend {
  const { lower, reason = "asked for", poison = false, parallelWork = 0 } = options;
  const threads = Math.max(1, Math.min(Math.floor(options.threads ?? 1), machine.maxThreads));
  const info: BackendInfo = { backend: machine.name, variant: machine.variant, class: machine.arithmetic, threads, reason };
  const scratch = machine.allocate(machine.scratchBytesPerThread * threads);
  return {
    info,
    machine,
    compile(spec) {
      const program = lower(spec, { panelWidth: machine.panelWidth });
      return new CoreExecutable(program, { machine, threads, scratch, arena: new Arena(machine), poison, parallelWork });
    },
    residents: (sizes: Readonly<Record<VectorName, number>>, shared: readonly Residents[] = []) =>
      new CoreResidents(
        machine,
        sizes,
        shared.map((other) => ownResidents(machine, other)),
      ),
  };
}

/** A lowered program in a core's memory. */
export class CoreExecutable implements Executable {
  readonly program: LoweredProgram;
  readonly #host: SectionHost;
  readonly #sections: ReadonlyMap<string, CoreSection>;

  constructor(program: LoweredProgram, host: SectionHost) {
    this.program = program;
    this.#host = host;
    this.#sections = new Map(program.sections.map((section) => [section.name, new CoreSection(section, host)]));
  }

  run(section: string, residents: Residents, feeds: Readonly<Record<string, HostArray>>): Readonly<Record<string, HostArray>> {
    return this.#section(section).run(ownResidents(this.#host.machine, residents), feeds);
  }

  reserve(section: string, feeds: Readonly<Record<string, HostArray>>): void {
    this.#section(section).reserve(feeds);
  }

  bind(name: string, residents: Residents): BoundSection {
    const { machine } = this.#host;
    const { section } = this.#section(name);
    const own = new CoreSection(section, { ...this.#host, arena: new Arena(machine) });
    return new BoundCoreSection(machine, own, ownResidents(machine, residents));
  }

  #section(name: string): CoreSection {
    const found = this.#sections.get(name);
    if (found !== undefined) return found;
    const known = [...this.#sections.keys()].join(", ");
    throw new UsageError({ code: "unknown_section", what: `the program ${this.program.name} has no section "${name}"; it has ${known}` });
  }

  get arenaBytes(): number {
    return this.#host.arena.block?.bytes ?? 0;
  }

  get instructionCount(): number {
    return this.program.sections.reduce(
      (sum, { prepare, instructions }) =>
        sum + prepare.length + instructions.reduce((count, one) => count + (one.op === "loop" ? 1 + one.body.length : 1), 0),
      0,
    );
  }
}

function ownResidents(machine: Machine, residents: Residents): CoreResidents {
  if (residents instanceof CoreResidents && residents.machine === machine) return residents;
  throw new UsageError({
    code: "foreign_residents",
    what: "these vectors belong to another backend",
    hint: "Make them with the same backend.",
  });
}
