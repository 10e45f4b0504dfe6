/** Images that want a check to run for ever or to fill memory: it ends, and says what is wrong. */
import t from 'tap';
import { FEATURE_COMPAT } from '../../src/erofs-reader/layout.js';
import { writeImage } from '../support/image-writer.js';
import { hole, raw } from '../support/image-writer-body.js';
import { directory, file, type NodeSpec } from '../support/image-writer-node.js';
import { MemorySource } from '../support/memory-source.js';
import { Random } from '../support/random.js';
import { imageBytes } from '../support/superblock.js';
import { checked } from './checked.js';

t.test('a directory of 2^50 bytes without an entry', async (t) => {
  const patch = (inode: DataView) => {
    inode.setUint16(4, 0o40755, true);
  };
  const d = file(hole(2 ** 50), { patch, nlink: 2 });
  const image = writeImage({ root: directory({ d }), blocks: 2 ** 20 });
  const { findings, errors } = await checked([image.bytes.source()]);
  t.ok(errors < 100, `${errors} findings`);
  t.match(findings.at(-1), {
    code: 'bad-directory',
    path: '/d',
    message: /64 findings before it; the rest is left unread/,
  });
});

t.test('many directories over the same blocks', async (t) => {
  const names = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`name-${i}`, { toNid: 0n }]));
  const shared = directory(names);
  const spec = { root: directory({ shared }), metaBlock: 1 };
  const plain = writeImage(spec);
  const inode = plain.bytes.slice(plain.offset(shared), 64);
  const copies = Array.from({ length: 400 }, (_, i): [string, NodeSpec] => [
    `copy-${i}`,
    directory({}, { inline: true, patch: (view) => new Uint8Array(view.buffer).set(inode) }),
  ]);
  const image = writeImage({ root: directory({ shared, ...Object.fromEntries(copies) }), metaBlock: 1 });
  const start = image.bytes.slice(image.offset(shared) + 16, 4);
  for (const [, copy] of copies) image.bytes.write(image.offset(copy) + 16, start);
  const { findings } = await checked([image.bytes.source()], 1e6);
  t.ok(
    findings.some(({ message }) => message.includes('directories share their bytes')),
    'the check gave up on the directories that share',
  );
});

t.test('many files over one long index', async (t) => {
  const entries = 4096;
  const files = Array.from({ length: 100 }, (_, i): [string, NodeSpec] => [
    `file-${i}`,
    file(raw({ layout: 1, size: entries * 4096, attached: new Uint8Array(24), unit: 8 })),
  ]);
  const image = writeImage({ root: directory(Object.fromEntries(files)), algorithms: 1 });
  image.bytes.size = 2 ** 17;
  const { findings } = await checked([image.bytes.source()], 1e9);
  const unread = findings.filter(({ code }) => code === 'oversized-index');
  t.equal(unread.length, 100 - 2 ** 16 / entries, 'an image of 2^17 bytes has at most 2^16 entries');
});

t.test('directories 3000 levels deep', async (t) => {
  let node = directory();
  for (let level = 0; level < 3000; level++) node = directory({ d: node }, { inline: true });
  const bottom = writeImage({ root: node });
  const { findings, totals } = await checked([bottom.bytes.source()]);
  t.same(findings, []);
  t.equal(totals.directories, 3001);
});

t.test('findings beyond the limit are counted and not kept', async (t) => {
  const files = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, file('x', { nlink: 0 })]));
  const { findings, errors } = await checked([writeImage({ root: directory(files) }).bytes.source()], 7);
  t.same([findings.length, errors], [7, 50]);
});

t.test('random bytes anywhere: findings, and no other error', async (t) => {
  const random = new Random(4);
  let [damaged, refused] = [0, 0];
  for (const name of ['plain', 'lz4', 'lz4-fragments', 'chunk16k-b512', '48bit-lz4', 'metabox-lz4']) {
    for (let round = 0; round < 4; round++) {
      const bytes = imageBytes(name);
      bytes[1024 + 8]! &= ~FEATURE_COMPAT.SB_CHKSUM;
      for (let flips = 0; flips < 400; flips++) {
        bytes[1152 + random.below(bytes.length - 1152)] = random.below(256);
      }
      try {
        if ((await checked([new MemorySource(bytes)])).errors > 0) damaged++;
      } catch (error) {
        if ((error as Error).name !== 'ErofsError') throw error;
        refused++;
      }
    }
  }
  t.ok(damaged > 15, `${damaged} of 24 images have findings, ${refused} did not open`);
});
