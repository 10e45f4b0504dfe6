/**
 * Small images cut off at every 512 bytes: a mount refuses each and says why, `erofs verify` finds each, and what is opened
 * all the same reads as it did or is refused, and never as zeros.
 */
import t from 'tap';
import { ErofsError } from '../../src/erofs-reader/errors.js';
import { openSources } from '../../src/open.js';
import { checked } from '../check/checked.js';
import { MemorySource } from '../support/memory-source.js';
import { ask } from './answers.js';
import type { Row } from './row.js';
import { rows } from './rows.js';
import { type WorldName, worldOf } from './worlds.js';

const STEP = 512;

/** Rows without findings, whose world is small: every one of their files is good. */
const good: Readonly<Record<'plain' | 'coded', readonly Row[]>> = {
  plain: rows.filter(({ name }) => ['a symlink to itself', 'the owner 2^32 - 1'].includes(name)),
  coded: rows.filter(({ name }) =>
    ['an index as it should be', 'a fragment as it should be', 'a ZSTD frame without its size'].includes(
      name,
    ),
  ),
};

for (const world of Object.keys(good) as (keyof typeof good & WorldName)[]) {
  t.test(world, async (t) => {
    const chosen = good[world];
    t.ok(chosen.length >= 2, 'rows are named as they are');
    const whole = worldOf(world, chosen).image.bytes.toBytes();
    const paths = chosen.flatMap(({ name }) => ['x', 'before'].map((path) => [name, path]));
    const { tree } = await openSources([new MemorySource(whole)], {});
    const expected = paths.map((path) => ask(tree, path).answer);
    const wrong: string[] = [];
    let refused = 0;
    for (let size = 0; size < whole.length; size += STEP) {
      const source = () => new MemorySource(whole.slice(0, size));
      try {
        await openSources([source()], {});
        wrong.push(`${size} bytes: opened`);
      } catch (error) {
        if (!['truncated', 'not-erofs'].includes((error as ErofsError).code)) wrong.push(`${size}: ${error}`);
      }
      if ((await errorsOf(source())) === 0) wrong.push(`${size} bytes: verify finds nothing`);
      const opened = await openSources([source()], { allowTruncated: true }).catch((error) => {
        if (!(error instanceof ErofsError)) throw error;
      });
      for (const [i, path] of paths.entries()) {
        const answer = opened && ask(opened.tree, path).answer;
        const said = JSON.stringify(answer);
        if (said === JSON.stringify(expected[i])) continue;
        refused++;
        if (said !== undefined && !/"EIO"/.test(said))
          wrong.push(`${size} bytes: ${path.join('/')}: ${said}`);
      }
    }
    t.strictSame(wrong, []);
    t.ok(refused > whole.length / STEP, `${refused} answers are refused`);
  });
}

/** Errors found; an image that does not open is one. */
async function errorsOf(source: MemorySource): Promise<number> {
  try {
    return (await checked([source])).errors;
  } catch (error) {
    if (!(error instanceof ErofsError)) throw error;
    return 1;
  }
}
