/**
 * Any single byte of a small image or of its tree flipped: exactly the files that are read from the block under it fail with
 * an integrity error, all others are right. Which blocks a file is read from is observed on the untouched image.
 */

import { readFileSync } from 'node:fs';
import t from 'tap';
import { BytesSource } from '../../src/cache/bytes-source.js';
import type { Source } from '../../src/cache/source.js';
import { openSources } from '../../src/open.js';
import { dmVeritySource } from '../../src/proof/dm-verity-source.js';
import { writeImage } from '../support/image-writer.js';
import { flat, inline } from '../support/image-writer-body.js';
import { directory, file } from '../support/image-writer-node.js';
import { proven } from '../support/proven-image.js';
import { Random } from '../support/random.js';
import { Scratch } from '../support/scratch.js';

const BLOCK = 512;
const random = new Random(5);
const contents: Readonly<Record<string, Uint8Array>> = {
  inline: random.bytes(100),
  one: random.bytes(BLOCK),
  three: random.bytes(2 * BLOCK + 77),
  two: random.bytes(BLOCK + 1),
};

function imageBytes(): Uint8Array {
  const path = new Scratch(t).file('small.erofs');
  const entries = Object.entries(contents).map(([name, data]) => [
    name,
    file(name === 'inline' ? inline(data) : flat(data)),
  ]);
  writeImage({ blockBits: 9, root: directory(Object.fromEntries(entries)) }).save(path);
  return readFileSync(path);
}

const made = proven(imageBytes(), { dataBlockSize: BLOCK, hashBlockSize: BLOCK, salt: Uint8Array.of(1, 2) });

/** Notes the blocks of what is read. */
function noting(source: Source, blocks: Set<number>): Source {
  return {
    ...{ id: source.id, name: source.name, size: source.size },
    readSync: (dst, offset) => {
      for (let at = offset - (offset % BLOCK); at < offset + dst.length; at += BLOCK) blocks.add(at / BLOCK);
      return source.readSync!(dst, offset);
    },
    read: (ranges) => source.read(ranges),
    close: () => source.close(),
  };
}

/** The file as a program would get it from a mount that is new, or the code of the error. */
async function read(
  bytes: Uint8Array,
  name: string,
  blocks = new Set<number>(),
): Promise<Uint8Array | string> {
  const source = noting(new BytesSource(bytes, 'image', 'image'), blocks);
  try {
    const { hashOffset, root } = made;
    const verified = await dmVeritySource(source, source, {
      ...{ root, hashOffset, parameters: made.parameters, hasSuperblock: true, policy: {} },
    });
    const { tree } = await openSources([verified.source], {});
    const dst = new Uint8Array(contents[name]!.length);
    tree.read(tree.lookup(tree.root, Buffer.from(name))!, 0, dst);
    return dst;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

t.test('every byte of data and tree', { timeout: 200_000 }, async (t) => {
  const under = new Map<string, ReadonlySet<number>>();
  for (const [name, content] of Object.entries(contents)) {
    const blocks = new Set<number>();
    t.same(await read(made.bytes, name, blocks), content, `${name}, untouched`);
    under.set(name, blocks);
  }
  const differing = new Set([...under.values()].map((blocks) => [...blocks].sort().join()));
  t.ok(differing.size >= 3, 'the files lie in different blocks');

  const superblock = made.hashOffset / BLOCK;
  const failures = new Map<string, number>();
  for (let at = 0; at < made.bytes.length; at++) {
    const block = Math.floor(at / BLOCK);
    // The dm-verity superblock is not under the root hash: what a flip in it changes is refused, or is of no account.
    if (block === superblock) continue;
    made.bytes[at]! ^= 1 << (at % 8);
    for (const [name, blocks] of under) {
      const found = await read(made.bytes, name);
      const fails = blocks.has(block);
      if (fails) failures.set(name, (failures.get(name) ?? 0) + 1);
      if (
        fails
          ? found !== 'integrity'
          : typeof found === 'string' || !Buffer.from(found).equals(contents[name]!)
      ) {
        t.fail(
          `byte ${at}, ${name}: ${fails ? 'no integrity error' : 'not the bytes that were there'}: ${found}`,
        );
      }
    }
    made.bytes[at]! ^= 1 << (at % 8);
  }
  for (const [name, blocks] of under) {
    t.equal(failures.get(name), [...blocks].filter((block) => block !== superblock).length * BLOCK, name);
  }
});

t.test('every byte of the superblock of the tree is refused or of no account', async (t) => {
  let refused = 0;
  for (let at = made.hashOffset; at < made.hashOffset + BLOCK; at++) {
    made.bytes[at]! ^= 0xff;
    const found = await read(made.bytes, 'three');
    if (typeof found === 'string') refused++;
    else if (!Buffer.from(found).equals(contents.three!)) t.fail(`byte ${at} gives other bytes`);
    made.bytes[at]! ^= 0xff;
  }
  t.ok(refused > 60 && refused < BLOCK, `${refused} refused`);
});
