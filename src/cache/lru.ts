/** Least-recently-used memory; the only importer of lru-cache. */
import { LRUCache } from 'lru-cache';

export interface Memory<Value, Key = number> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): unknown;
  delete(key: Key): unknown;
  clear(): void;
}

/**
 * Keeps byte arrays within `budget` bytes in sum, by the memory that they lie in; one that is larger alone is not kept. `gone` is
 * told of each that is kept no more.
 */
export function byteMemory<Key extends number | string = number>(
  budget: number,
  gone?: (bytes: Uint8Array) => void,
): Memory<Uint8Array, Key> {
  return new LRUCache<Key, Uint8Array>({
    maxSize: Math.max(1, budget),
    sizeCalculation: ({ buffer, length }) => Math.max(1, length, buffer.byteLength),
    ...(gone !== undefined && { dispose: gone }),
  });
}

/** Keeps `count` values. */
export function countedMemory<Value extends object>(count: number): Memory<Value> {
  return new LRUCache<number, Value>({ max: Math.max(1, count) });
}

/** Keeps values within `budget` in sum; one that is larger alone is not kept. */
export function sizedMemory<Value extends object>(
  budget: number,
  sizeOf: (value: Value) => number,
): Memory<Value> {
  return new LRUCache<number, Value>({ maxSize: Math.max(1, budget), sizeCalculation: sizeOf });
}
