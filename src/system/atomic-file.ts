/** Files that appear whole or not at all. */
import { randomUUID } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';

/** Whoever else writes the same file at the same time: one of them wins. Throws the system's error; nothing is left then. */
export function writeWhole(path: string, content: Uint8Array | string, mode: number): void {
  const written = `${path}.${randomUUID()}`;
  try {
    writeFileSync(written, content, { mode, flag: 'wx' });
    renameSync(written, path);
  } catch (error) {
    removeIfThere(written);
    throw error;
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path);
  } catch {
    // It was never made.
  }
}
