/** Waits for all of them, and only then rejects with what the first of them was rejected with: nothing goes on behind the caller's back. */
export async function allSettled(promises: readonly Promise<unknown>[]): Promise<void> {
  for (const ended of await Promise.allSettled(promises)) {
    if (ended.status === 'rejected') throw ended.reason;
  }
}
