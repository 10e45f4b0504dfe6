#!/usr/bin/env node
// Makes sample.erofs from tree/ with mkfs.erofs (erofs-utils 1.5 or later). The same tree gives the same image.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const { status, error, stderr } = spawnSync(
  'mkfs.erofs',
  [
    '-zlz4hc',
    '-T1700000000',
    '-U6d7f8d5e-2b1c-4f5a-9c3e-0e7a5b1d4c2f',
    '--all-root',
    join(folder, 'sample.erofs'),
    join(folder, 'tree'),
  ],
  { encoding: 'utf8' },
);
if (error || status !== 0) {
  console.error(`mkfs.erofs could not make demo/sample.erofs: ${error?.message ?? stderr.trim()}`);
  process.exitCode = 1;
}
