// Stands in for every *-node.js file outside of Node (package.json, "imports"): what needs Node says so.

import { UsageError } from "./errors.js";

throw new UsageError({
  code: "needs_node",
  what: "files, folders and the native core need Node",
  hint: "In a browser use model.toBytes() and loadModel(bytes).",
});
