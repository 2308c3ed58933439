// Where a saved model is, given what a person types: the model itself, or the run folder around it.
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { modelPlace } from "../io/folder-node.js";
import { usageError } from "./failure.js";

/** Accepts a run folder for the model inside it. */
export function modelFolder(given: string): string {
  const found = [join(given, "model"), given].find(holdsModel);
  if (found !== undefined) return found;
  const shown = given === "" ? '""' : given;
  if (!existsSync(given)) throw usageError("model_missing", `${shown} does not exist.`, "Train one first: deep-rnn forecast FILE.", given);
  if (statSync(given).isDirectory()) {
    throw usageError(
      "model_missing",
      `${given} holds no model (no model.json).`,
      "Give the run folder, or the model folder inside it.",
      given,
    );
  }
  if (statSync(given).isFile() && !isZip(given))
    throw usageError("model_missing", `${given} is no model.`, "Give the run folder, or the model folder inside it.", given);
  return given;
}

/** Also true while a model waits beside its place because a save was cut off; loadModel finds it there. */
function holdsModel(path: string): boolean {
  const place = modelPlace(path);
  return place !== null && existsSync(join(place, "model.json"));
}

// A model in one file is a ZIP archive.
function isZip(path: string): boolean {
  const file = openSync(path, "r");
  const start = Buffer.alloc(2);
  readSync(file, start, 0, 2, 0);
  closeSync(file);
  return start.toString("latin1") === "PK";
}
