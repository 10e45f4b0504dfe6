/** Each row of the catalogue through the reader: what every path gives, and what the errors say and where they are. */
import t from 'tap';
import type { ErofsError } from '../../src/erofs-reader/errors.js';
import { openSources } from '../../src/open.js';
import { ask, shown } from './answers.js';
import { rowsOf } from './rows.js';
import { neighbours, worldNames, worldOf } from './worlds.js';

for (const world of worldNames) {
  t.test(world, async (t) => {
    const rows = rowsOf(world);
    const { image, devices } = worldOf(world, rows);
    const sources = [image.bytes, ...devices].map((bytes) => bytes.source());
    const reported: ErofsError[] = [];
    const { tree } = await openSources(sources, {}, (problem) => reported.push(problem as ErofsError));
    for (const row of rows) {
      t.test(row.name, async (t) => {
        reported.length = 0;
        const asked = Object.keys(row.shows).map((path) => ask(tree, [row.name, ...path.split('/')]));
        const answers = Object.keys(row.shows).map((path, i) => [path, asked[i]!.answer]);
        t.strictSame(Object.fromEntries(answers), row.shows);
        const errors = [...reported, ...asked.flatMap(({ errors }) => errors)];
        t.equal(errors.length > 0, row.says !== undefined, `${errors.length} errors`);
        for (const { message } of errors) t.match(message, row.says!);
        for (const { code, nid, offset } of errors) {
          // of bytes that are not there the view knows no file; a mount adds the one that was asked for
          t.ok(code === 'truncated' || nid !== undefined, 'the error names an inode');
          t.ok(offset !== undefined, 'and a place');
        }
        for (const [name, text] of Object.entries(neighbours(row))) {
          const { answer } = ask(tree, [row.name, name]);
          t.strictSame(answer, { read: shown(text), xattrs: { 'user.good': name } }, `${name} is as it was`);
        }
      });
    }
  });
}
