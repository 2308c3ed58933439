// Linear systems of a positive definite matrix, small enough to be solved where they arise.

/** Solves A X = B by Cholesky's decomposition in place; A [n, n] positive definite, its lower half given, B [n, k]. */
export function solvePositive(a: Float64Array, b: Float64Array, n: number, k: number): Float64Array {
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = a[i * n + j]!;
      for (let p = 0; p < j; p++) sum -= a[i * n + p]! * a[j * n + p]!;
      a[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / a[j * n + j]!;
    }
  }
  for (let c = 0; c < k; c++) {
    for (let i = 0; i < n; i++) {
      let sum = b[i * k + c]!;
      for (let p = 0; p < i; p++) sum -= a[i * n + p]! * b[p * k + c]!;
      b[i * k + c] = sum / a[i * n + i]!;
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = b[i * k + c]!;
      for (let p = i + 1; p < n; p++) sum -= a[p * n + i]! * b[p * k + c]!;
      b[i * k + c] = sum / a[i * n + i]!;
    }
  }
  return b;
}
