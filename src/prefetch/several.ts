/** Several waits at a time, begun in order. */

/**
 * Gives each item to `work`, up to `parallel` of them at a time. After the first failure, or the signal, no more are begun;
 * once those that were begun have ended it rejects with the failure or the signal's reason.
 */
export async function several<T>(
  items: Iterable<T>,
  parallel: number,
  signal: AbortSignal | undefined,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const worker = async () => {
    for (let next = left.next(); failures.length === 0 && next.done !== true; next = left.next()) {
      try {
        signal?.throwIfAborted();
        await work(next.value);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  if (failures.length > 0) throw failures[0];
}
