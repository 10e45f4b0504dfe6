/** Least-recently-used memory; the only importer of lru-cache. */
import { LRUCache } from 'lru-cache';

export interface Memory<Value, Key = number> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): unknown;
  delete(key: Key): unknown;
  clear(): void;
}

/** Keeps byte arrays within `budget` bytes in sum; one that is larger alone is not kept. */
export function byteMemory<Key extends number | string = number>(budget: number): Memory<Uint8Array, Key> {
  return new LRUCache<Key, Uint8Array>({ maxSize: budget, sizeCalculation: (bytes) => bytes.length });
}

/** Keeps `count` values. */
export function countedMemory<Value extends object>(count: number): Memory<Value> {
  return new LRUCache<number, Value>({ max: count });
}
