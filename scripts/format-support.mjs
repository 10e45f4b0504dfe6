#!/usr/bin/env node
// npm run format-support: installs, builds, and writes docs/format-support.md from what the fixtures prove.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { install, root } from './install.mjs';

const dist = join(root, 'dist');

try {
  install();
  await build(dist);
  const { formatSupport, formatSupportPath, proofs } = await import(
    join(dist, 'test', 'support', 'format-support.js')
  );
  writeFileSync(formatSupportPath, formatSupport(await proofs()));
  console.log(`${formatSupportPath} was written`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
