// A training run from its first step: the folder is made when the data has been accepted, and kept for `deep-rnn resume` if it is stopped.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { RunError } from "../base/errors.js";
import { shellWord } from "../base/shell-word.js";
import { cellWords } from "./cell-file.js";
import type { Context } from "./context.js";
import type { BackendInfo } from "./envelope.js";
import { toJson } from "./envelope.js";
import type { FileText, LiveRun, RunPlace } from "./run-folder.js";
import { reopenRun, startRun } from "./run-folder.js";
import type { Entry, EpochFacts } from "./run-record.js";
import { environment, metricsLine, pretty } from "./run-record.js";

/** The run folder, made when the data has been accepted: a table that cannot be used leaves none. */
export class BegunRun {
  readonly #context: Context;
  readonly #make: () => LiveRun;
  #run: LiveRun | null = null;

  /** @param place  where the run is to be, or the folder of a stopped run to go on with */
  constructor(context: Context, place: RunPlace | string, config: () => string) {
    this.#context = context;
    this.#make = () => (typeof place === "string" ? reopenRun(place, "config.json", config()) : startRun(place, "config.json", config()));
  }

  get run(): LiveRun | null {
    return this.#run;
  }

  start(): LiveRun {
    if (this.#run !== null) return this.#run;
    const { interrupt } = this.#context;
    const run = this.#make();
    interrupt.onLeave(run.leave);
    interrupt.canResume(`deep-rnn resume ${shellWord(run.path)}${cellWords(this.#context)}`);
    this.#run = run;
    return run;
  }

  /** Where checkpoints go; asked for when training begins. */
  readonly checkpoints = (): string => join(this.start().path, "checkpoints");

  /** A training that was stopped is gone on with, and one whose disk was full; one that lost its numbers would lose them again. */
  readonly fail = (error: unknown): never => {
    const { interrupt, terminal } = this.#context;
    const run = this.#run;
    if (interrupt.exitCode() !== null || run === null) throw error;
    const isDiverged = error instanceof RunError && error.code === "diverged";
    const { path } = run;
    if (!isDiverged && hasCheckpoint(join(path, "checkpoints"))) {
      run.leave();
      terminal.say(`The last checkpoint is kept. To go on: ${interrupt.resumeCommand()}`);
    } else run.abandon();
    throw error;
  };

  /** Writes the rest of the folder, result.json last; settings and checkpoints remain if writing fails. */
  async write({ saveModel, config, backend, log, epochs, files, result }: RunRecord): Promise<void> {
    const folder = this.start();
    try {
      await saveModel(join(folder.working, "model"), folder.write);
      await folder.write("config.json", pretty(config));
      await folder.write("env.json", pretty(environment(backend)));
      await folder.write("log.txt", `${log.join("\n")}\n`);
      await folder.write("metrics.jsonl", epochs.map(metricsLine).join(""));
      for (const [name, text] of Object.entries(files)) await folder.write(name, text);
      await folder.write("result.json", `${toJson(result)}\n`);
      folder.finish();
    } catch (error) {
      folder.leave();
      throw error;
    }
  }
}

/** All that a finished run leaves. */
export interface RunRecord {
  readonly config: Readonly<Record<string, Entry>>;
  readonly backend: BackendInfo;
  readonly log: readonly string[];
  readonly epochs: readonly EpochFacts[];
  /** What belongs to the task, by name. */
  readonly files: Readonly<Record<string, FileText>>;
  readonly result: unknown;
  /** Fills the folder `model`; `write` takes names as in "model/preprocess.json". */
  saveModel(folder: string, write: (name: string, text: string) => Promise<void>): Promise<void>;
}

/** A run of several trainings has a folder for each. */
function hasCheckpoint(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).some((name) => name === "last" || existsSync(join(folder, name, "last")));
}
