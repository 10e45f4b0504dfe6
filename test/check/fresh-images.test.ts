/**
 * No false alarms: images made here and now from random trees, by every feature of the system's mkfs.erofs and pairs of them, have
 * no finding, and all that is in them can be read.
 */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { openSources } from '../../src/open.js';
import { makeImage, makeTree, noMkfs } from '../support/make-image.js';
import { MemorySource } from '../support/memory-source.js';
import { manifestOf } from '../support/opened.js';
import { Scratch } from '../support/scratch.js';
import { checked } from './checked.js';

/** One of these with each list in turn; FIXTURES=all: each with each. */
const MORE: readonly (readonly string[])[] = [[], ['-Eforce-inode-extended', '-x1'], ['--all-root', '-T1']];

const LISTS: readonly (readonly string[])[] = [
  ['-Enoinline_data'],
  ['--chunksize=4096'],
  ['--chunksize=16384', '-Eforce-chunk-indexes'],
  ['--chunksize=4096', '--blobdev=BLOB'],
  ['-zlz4'],
  ['-zlz4', '-Eztailpacking'],
  ['-zlz4', '-Efragments'],
  ['-zlz4', '-Efragments,ztailpacking', '-C16384'],
  ['-zlz4', '-Eall-fragments'],
  ['-zlz4', '-Ededupe'],
  ['-zlz4', '-Ededupe,fragments', '-C65536'],
  ['-zlz4', '-Elegacy-compress'],
  ['-zlz4hc', '-C1048576'],
  ['-zlz4hc,1', '--max-extent-bytes=8192'],
];

const scratch = new Scratch(t);
const firstSeed = Math.floor(Math.random() * 1_000_000);

for (const [index, list] of LISTS.entries()) {
  const seed = firstSeed + index;
  t.test(`mkfs.erofs ${list.join(' ')}, make-tree.py ${seed}`, { skip: noMkfs ?? false }, async (t) => {
    const tree = await makeTree(scratch, seed);
    const chosen = process.env.FIXTURES === 'all' ? MORE : [MORE[index % MORE.length]!];
    for (const more of chosen) {
      const blob = scratch.file('blob');
      const options = [...list, ...more].map((word) => word.replace('BLOB', blob));
      const { image } = await makeImage(scratch, tree, options);
      const paths = list.includes('--blobdev=BLOB') ? [image, blob] : [image];
      const sources = () => paths.map((path) => new MemorySource(new Uint8Array(readFileSync(path))));
      const { findings, totals } = await checked(sources());
      t.strictSame(findings, [], `${more.join(' ')}: no finding`);
      t.ok(totals.inodes > 20, `${totals.inodes} inodes`);
      const reported: Error[] = [];
      const opened = await openSources(sources(), {}, (problem) => reported.push(problem));
      t.ok(Object.keys(await manifestOf(opened)).length > 20, 'all of it is read');
      t.strictSame(reported, [], 'without a word');
      opened.close();
    }
  });
}
