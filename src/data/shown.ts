// Cells as sentences show them.

const mostShown = 60;

/** The cell, cut where it would fill the screen. */
export function shownCell(cell: string): string {
  return cell.length <= mostShown ? cell : `${cell.slice(0, mostShown)}...`;
}
