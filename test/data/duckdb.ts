// DuckDB as tests use it: to write Parquet files, where the optional package is installed.

interface DuckDb {
  readonly DuckDBInstance: {
    create(path: string): Promise<{ connect(): Promise<{ run(sql: string): Promise<unknown>; closeSync(): void }>; closeSync(): void }>;
  };
}

/** null where it is not installed. */
export const duckdb: DuckDb | null = await import("@duckdb/node-api" as string).catch((error: { code?: string }) => {
  if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
  return null;
});

/** Why a test is left out; false where it can run. */
export const withoutDuckDb: string | false = duckdb === null ? "@duckdb/node-api is not installed" : false;

/** Writes the rows of a query as a Parquet file; statements before it make what it selects from. Times without a zone are UTC. */
export async function writeParquet(
  path: string,
  query: string,
  { options = "", before = [] }: { readonly options?: string; readonly before?: readonly string[] } = {},
): Promise<string> {
  const instance = await duckdb!.DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  for (const sql of ["SET TimeZone = 'UTC'", ...before, `COPY (${query}) TO '${path}' (FORMAT parquet${options})`])
    await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
  return path;
}

/** The rows of a CSV file as a Parquet file. */
export function parquetOf(csv: string, path: string): Promise<string> {
  return writeParquet(path, `SELECT * FROM read_csv('${csv}', header = true)`);
}
