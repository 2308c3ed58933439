// Run by memory.test.ts: reads a file, lays it out as a panel, and prints the most memory it held.
import { panel } from "../../src/data/panel.js";
import { readTable } from "../../src/data/read-table.js";

const peak = (): number => 1024 * process.resourceUsage().maxRSS;
const start = peak();
const table = await readTable(process.argv[2]!);
const read = peak();
const found = panel(table, { id: "id", target: "y" });
console.log(JSON.stringify({ rows: table.rows, series: found.series.length, start, read, laid: peak() }));
