/**
 * Reads of files that fail as a bad disk does: the Nth from now on, wherever in the program it is made.
 *
 * LAW: what is patched is the module that every reader of files imports, so that descriptors, opening and closing are the
 * real ones. Only one test file at a time may do so, which is a process of its own.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const original = fs.readSync;
let left = Number.POSITIVE_INFINITY;

function failing(...parameters: unknown[]): number {
  left--;
  if (left === 0) {
    throw Object.assign(new Error('EIO: i/o error, read'), { errno: -5, code: 'EIO', syscall: 'read' });
  }
  return (original as (...parameters: unknown[]) => number)(...parameters);
}

fs.readSync = failing as typeof fs.readSync;
syncBuiltinESMExports();

/** The `nth` read from now on fails, once. */
export function failReadAt(nth: number): void {
  left = nth;
}

/** No read fails any more; whether one has. */
export function failNoRead(): boolean {
  const hasFailed = left <= 0;
  left = Number.POSITIVE_INFINITY;
  return hasFailed;
}

/** Descriptors that this process has open; the one that looks is among them each time. */
export const openDescriptors = (): number => fs.readdirSync('/proc/self/fd').length;
