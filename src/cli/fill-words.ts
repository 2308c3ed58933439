// What is said about filled columns, in the terminal and in the report.

/** How a column is filled, in a word or two. */
export function usedWords({ method, networkWeight }: { readonly method: string; readonly networkWeight: number }): string {
  if (networkWeight === 0) return method;
  return networkWeight === 1 ? "network" : `${method} + ${Math.round(100 * networkWeight)} % network`;
}
