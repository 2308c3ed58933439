// GRU-D: the gated recurrent unit for missing values and uneven times.

import type { Cell } from "../cell.js";
import { gruCell } from "./gru.js";
import { withDecayCell } from "./with-decay.js";

/** The GRU whose input and state fade with the time since a feature was seen; the mask is an input too (Che et al. 2018). */
export const gruDCell: Cell<{ readonly [option: string]: number }> = withDecayCell(gruCell);
