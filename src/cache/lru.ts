/** Least-recently-used memory; the only importer of lru-cache. */
import { LRUCache } from 'lru-cache';

export interface Memory<Value> {
  get(key: number): Value | undefined;
  set(key: number, value: Value): unknown;
  clear(): void;
}

/** Keeps byte arrays within `budget` bytes in sum; one that is larger alone is not kept. */
export function byteMemory(budget: number): Memory<Uint8Array> {
  return new LRUCache<number, Uint8Array>({ maxSize: budget, sizeCalculation: (bytes) => bytes.length });
}

/** Keeps `count` values. */
export function countedMemory<Value extends object>(count: number): Memory<Value> {
  return new LRUCache<number, Value>({ max: count });
}
