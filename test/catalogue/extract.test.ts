/**
 * Each row of the catalogue through `erofs extract`: it ends, reports what it leaves out, extracts the rest with the right
 * bytes, and makes nothing outside its target.
 */
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startAt } from '../../src/commands/walk.js';
import { extractTree } from '../../src/extract/extract.js';
import { openSources } from '../../src/open.js';
import { Scratch } from '../support/scratch.js';
import type { Answer, Row } from './row.js';
import { rowsOf } from './rows.js';
import { neighbours, worldNames, worldOf } from './worlds.js';

const scratch = new Scratch(t);

const isErrno = (answer: unknown): boolean => typeof answer === 'string' && /^E[A-Z]+$/.test(answer);

const isRefused = (answer: Answer): boolean => Object.values(answer).some(isErrno);

/** Paths below the row's directory that are left out; "" is a name that no path leads to. */
function leftOut(row: Row): readonly string[] {
  const refused = Object.keys(row.shows).filter((path) => isRefused(row.shows[path]!));
  // what lies below a directory that cannot be listed is not met
  const met = refused.filter((path) => !refused.some((other) => path.startsWith(`${other}/`)));
  return row.notExtracted ?? met;
}

for (const world of worldNames) {
  t.test(world, async (t) => {
    const rows = rowsOf(world);
    const { image, devices } = worldOf(world, rows);
    const sources = [image.bytes, ...devices].map((bytes) => bytes.source());
    const unnamed: string[] = [];
    const opened = await openSources(sources, {}, ({ message }) => unnamed.push(message));
    const parent = scratch.folder();
    const target = join(parent, 'target');
    const reported: string[] = [];
    await extractTree(
      opened,
      await startAt(opened, opened.tree.root),
      target,
      { force: false, devices: false, suid: false },
      (path, error) => {
        t.type((error as { code?: unknown }).code, 'string', 'an error with a code');
        reported.push(Buffer.from(path).toString('latin1'));
      },
    );
    t.strictSame(readdirSync(parent), ['target'], 'nothing is made outside');
    for (const row of rows) {
      const expected = leftOut(row);
      const below = reported.filter((path) => path.startsWith(`${row.name}/`));
      const named = expected.filter((path) => path !== '').map((path) => `${row.name}/${path}`);
      t.strictSame([...new Set(below)].sort(), named.sort(), `${row.name}: what is left out`);
      if (expected.includes('')) {
        t.ok(
          unnamed.some((message) => row.says!.test(message)),
          `${row.name}: a name without a path is told`,
        );
      }
      for (const [name, text] of Object.entries(neighbours(row))) {
        t.equal(readFileSync(join(target, row.name, name), 'utf8'), text, `${row.name}: ${name}`);
      }
    }
    for (const name of readdirSync(target, { recursive: true }) as string[]) {
      const { mode } = lstatSync(join(target, name));
      if ((mode & 0o6000) !== 0) t.match(name, /suid/, 'no other file is suid');
    }
  });
}
