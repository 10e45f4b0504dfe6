/**
 * A tree of 5000 levels: legal, and deeper than any path. The reader goes down all of it; what walks by paths stops where
 * paths end and says so; a mount is walked by directory, as its programs must; and nothing recurses.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { DEPTH_LIMIT, startAt } from '../../src/commands/walk.js';
import { extractTree } from '../../src/extract/extract.js';
import { openSources } from '../../src/open.js';
import { checked } from '../check/checked.js';
import { devFuseRoot } from '../support/front-end.js';
import { writeImage } from '../support/image-writer.js';
import { flat } from '../support/image-writer-body.js';
import { directory, file, type NodeSpec } from '../support/image-writer-node.js';
import { mount } from '../support/mounted.js';
import { program } from '../support/paths.js';
import { noPython, observe } from '../support/python.js';
import { run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { ask } from './answers.js';

const LEVELS = 5000;

const scratch = new Scratch(t);
let below: NodeSpec = directory({ bottom: file('the bottom') }, { inline: true });
for (let level = 1; level < LEVELS; level++) below = directory({ d: below }, { inline: true });
const image = writeImage({ root: directory({ d: below, z: file(flat('beside')) }) });

t.test('the reader', async (t) => {
  const { tree } = await openSources([image.bytes.source()], {});
  const path = [...Array<string>(LEVELS).fill('d'), 'bottom'];
  t.strictSame(ask(tree, path).answer, { read: 'the bottom' });
});

t.test('verify', async (t) => {
  const { findings, totals } = await checked([image.bytes.source()]);
  t.strictSame(findings, []);
  t.equal(totals.directories, LEVELS + 1);
});

t.test('extract', async (t) => {
  const opened = await openSources([image.bytes.source()], {});
  const target = join(scratch.folder(), 'target');
  mkdirSync(target);
  const codes: unknown[] = [];
  const start = await startAt(opened, opened.tree.root);
  await extractTree(opened, start, target, { force: false, devices: false, suid: false }, (_, error) => {
    codes.push((error as { code?: unknown }).code);
  });
  t.strictSame(codes, ['too-deep'], `deeper than ${DEPTH_LIMIT} levels`);
  t.strictSame(readdirSync(target), ['d', 'z'], 'the rest is there');
  // Node's own rmSync cannot go so deep
  t.equal((await run('rm', ['-r', target])).status, 0);
});

t.test('a mount', { skip: devFuseRoot.missing ?? noPython ?? false }, async (t) => {
  const path = scratch.file('deep.erofs');
  image.save(path);
  const mounted = await mount(scratch, devFuseRoot, { image: path });
  t.strictSame(await observe(program('descend.py'), [mounted.mountpoint, `${LEVELS}`]), {
    bottom: 'the bottom',
    long_path: 'ENAMETOOLONG',
  });
  await mounted.unmountFromOutside();
});
