import { createHash } from 'node:crypto';
import t from 'tap';
import { dmVerityTree, parseSuperblock, writeSuperblock } from '../../src/verity/dm-verity.js';
import {
  checkFileSystem,
  checkPinned,
  checkPlacement,
  type DmVerityPlacement,
  treeStart,
} from '../../src/verity/dm-verity-checks.js';
import type { HashBackend } from '../../src/verity/hash.js';
import { Verifier } from '../../src/verity/verifier.js';
import {
  build,
  type DmVector,
  dmSuperblock,
  dmVectors,
  fecVectors,
  fromHex,
  generate,
  knownAnswers,
  toHex,
} from './vectors.js';

const backends: readonly HashBackend[] = ['node', 'noble'];
const policy = { allowSha1: true };
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const placementOf = (vector: DmVector): DmVerityPlacement => ({
  dataFileSize: vector.data_size,
  hashFileSize: vector.hash_file_size,
  appended: vector.layout === 'appended',
  hashOffset: vector.hash_offset,
  hasSuperblock: vector.superblock,
});

/** veritysetup took an offset off the hash blocks and made the tree below it. */
const floored = 'dm-appended-nosb-unaligned512-offset';

const accepted = dmVectors.filter(({ expect }) => expect === 'ok');
const refused = dmVectors.filter(({ expect }) => expect === 'error');
t.equal(accepted.length, 87);
t.equal(refused.length, 9);

for (const backend of backends) {
  t.test(`what veritysetup made, with ${backend}`, async (t) => {
    for (const vector of accepted) {
      const tree = dmVerityTree(dmSuperblock(vector), { ...policy, backend });
      const data = generate(vector);
      const built = build(tree, data);
      const hashFile = new Uint8Array(vector.hash_file_size);
      if (vector.layout === 'appended') hashFile.set(data);
      if (vector.superblock) hashFile.set(writeSuperblock(dmSuperblock(vector)), vector.hash_offset);
      hashFile.set(built.bytes, vector.tree_offset);
      t.strictSame(
        {
          root: toHex(built.root),
          levels: tree.shape.levelBlocks,
          size: tree.shape.size,
          tree: sha256(built.bytes),
          file: sha256(hashFile),
        },
        {
          root: vector.upstream_root ?? vector.root_hash,
          levels: vector.level_blocks_leaf_first,
          size: vector.tree_size,
          tree: vector.tree_sha256,
          file: vector.hash_file_sha256,
        },
        vector.name,
      );
    }
  });
}

t.test('superblocks are written and read as veritysetup does', async (t) => {
  for (const vector of accepted.filter(({ superblock }) => superblock)) {
    const bytes = writeSuperblock(dmSuperblock(vector));
    t.equal(sha256(bytes), vector.superblock_sha256, vector.name);
    t.strictSame(parseSuperblock(bytes), dmSuperblock(vector));
  }
});

t.test('where the tree starts', async (t) => {
  for (const vector of accepted) {
    const start = () => treeStart(vector.hash_offset, vector.hash_block_size, vector.superblock);
    if (vector.name === floored) t.throws(start, { code: 'tree-place', message: /rounded down/ });
    else t.equal(start(), vector.tree_offset, vector.name);
  }
});

t.test('a tree over exactly the data is where it says; any other is refused', async (t) => {
  for (const vector of accepted.filter(({ name }) => name !== floored)) {
    const tree = dmVerityTree(dmSuperblock(vector), policy);
    const check = (placement: Partial<DmVerityPlacement> = {}) =>
      checkPlacement(dmSuperblock(vector), tree.shape.size, { ...placementOf(vector), ...placement });
    const meets =
      tree.dataSize === vector.data_size &&
      (vector.layout === 'separate' || vector.hash_offset === vector.data_size);
    if (meets) t.doesNotThrow(check, vector.name);
    else t.throws(check, { code: 'data-size' }, vector.name);
    if (meets && tree.shape.size > 0) {
      t.throws(() => check({ hashFileSize: vector.hash_file_size - 1 }), { code: 'tree-truncated' });
    }
  }
});

t.test('what rounds the data up to a hash block may lie before an appended tree', async (t) => {
  const parameters = { ...dmSuperblock(accepted[0]!), dataBlockSize: 512, dataBlocks: 9 };
  const { size } = dmVerityTree(parameters).shape;
  const at =
    (hashOffset: number, hasSuperblock = false) =>
    () =>
      checkPlacement(parameters, size, {
        dataFileSize: 0,
        hashFileSize: 1 << 20,
        appended: true,
        hasSuperblock,
        hashOffset,
      });
  t.doesNotThrow(at(8192));
  t.doesNotThrow(at(4608, true), 'a superblock follows at once');
  t.throws(at(4096), { code: 'data-size' });
  t.throws(at(12288), { code: 'data-size' });
  t.throws(at(4608), { code: 'tree-place' });
});

t.test('what veritysetup refuses', async (t) => {
  for (const vector of refused) {
    t.throws(
      () => {
        const parameters = dmSuperblock(vector);
        const tree = dmVerityTree(parameters, policy);
        const hashFileSize = Number.MAX_SAFE_INTEGER;
        checkPlacement(parameters, tree.shape.size, { ...placementOf(vector), hashFileSize });
      },
      { name: 'VerityError', code: /^(bad-parameters|tree-place|data-size)$/ },
      vector.name,
    );
  }
});

// The parity that belongs to these is not made: a block that is wrong is fetched again instead of repaired.
t.test('trees with forward error correction', async (t) => {
  t.equal(fecVectors.length, 4);
  for (const vector of fecVectors) {
    const { block_size: size, data_size: dataSize, salt, root_hash: root, name } = vector;
    const tree = dmVerityTree({
      ...{ hashType: 1, algorithm: 'sha256', dataBlockSize: size, hashBlockSize: size },
      dataBlocks: dataSize / size,
      salt: fromHex(salt),
    });
    t.equal(toHex(build(tree, generate(vector)).root), root, name);
  }
});

t.test('no superblock, or one that cannot be', async (t) => {
  const good = writeSuperblock(dmSuperblock(accepted[0]!));
  t.throws(() => parseSuperblock(good.subarray(0, 511)), { code: 'not-verity' });
  const wrong: readonly [string, number, readonly number[], { code: string; message?: RegExp }][] = [
    ['magic', 0, [0x56], { code: 'not-verity' }],
    ['magic without its zeros', 7, [1], { code: 'not-verity' }],
    ['version', 8, [2], { code: 'bad-parameters', message: /version 2/ }],
    ['hash type', 12, [2], { code: 'bad-parameters', message: /hash type is 2/ }],
    ['algorithm', 32, [0x53], { code: 'bad-parameters', message: /"Sha256"/ }],
    ['algorithm with something behind a zero', 40, [1], { code: 'bad-parameters' }],
    ['data block size', 64, [0, 3, 0], { code: 'bad-parameters', message: /data block size is 768/ }],
    ['hash block size', 68, [0, 1, 0], { code: 'bad-parameters', message: /hash block size is 256/ }],
    [
      'data blocks, none',
      72,
      [0, 0, 0, 0, 0, 0, 0, 0],
      { code: 'bad-parameters', message: /^dm-verity: 0 / },
    ],
    ['data blocks, too many', 79, [1], { code: 'bad-parameters', message: /2\^53/ }],
    ['salt size', 80, [1, 1], { code: 'bad-parameters', message: /257 bytes/ }],
  ];
  for (const [what, offset, bytes, expected] of wrong) {
    const bad = good.slice();
    bad.set(bytes, offset);
    t.throws(() => parseSuperblock(bad), expected, what);
  }
});

t.test('SHA-1 has to be allowed', async (t) => {
  const vector = accepted.find(({ alg }) => alg === 'sha1')!;
  t.throws(() => dmVerityTree(dmSuperblock(vector)), { code: 'weak-hash' });
});

t.test('a root hash of another length', async (t) => {
  const tree = dmVerityTree(dmSuperblock(accepted[0]!));
  t.throws(() => new Verifier(tree, new Uint8Array(20)), {
    code: 'root-length',
    message: /20 bytes.*has 32/,
  });
});

t.test('leaf hash blocks shown as data verify under the same root, and the sizes tell', async (t) => {
  const parameters = {
    ...dmSuperblock(accepted[0]!),
    dataBlockSize: 4096,
    dataBlocks: 256,
    salt: new Uint8Array(),
  };
  const built = build(dmVerityTree(parameters), generate({ gen: 'xs32', data_size: 1 << 20 }));
  t.equal(toHex(built.root), knownAnswers.level_confusion.root);
  const lie = { ...parameters, dataBlocks: 2 };
  const lied = dmVerityTree(lie);
  t.strictSame(build(lied, built.bytes.subarray(4096)).root, built.root, 'it does verify');
  const appended = { appended: true, hasSuperblock: true, hashFileSize: 1 << 21 };
  t.throws(
    () => checkPlacement(lie, lied.shape.size, { ...appended, dataFileSize: 0, hashOffset: 1 << 20 }),
    { code: 'data-size' },
  );
  t.throws(
    () =>
      checkPlacement(lie, lied.shape.size, {
        ...appended,
        appended: false,
        dataFileSize: 1 << 20,
        hashOffset: 0,
      }),
    { code: 'data-size' },
  );
  t.throws(() => checkFileSystem(lied.dataSize, 1 << 20), { code: 'uncovered' });
  t.throws(() => checkPinned(lie, { dataBlocks: 256 }), {
    code: 'contradiction',
    message: /dataBlocks 2, 256/,
  });
  t.doesNotThrow(() => checkFileSystem(1 << 20, 1 << 20));
});

t.test('what was pinned is compared by value', async (t) => {
  const found = dmSuperblock(accepted[0]!);
  t.doesNotThrow(() => checkPinned(found, { salt: found.salt.slice(), algorithm: 'sha256', hashType: 1 }));
  t.throws(() => checkPinned(found, { salt: new Uint8Array() }), {
    code: 'contradiction',
    message: /\(empty\) was pinned/,
  });
});

t.test('the published answer of AVB', async (t) => {
  const { salt, root, tree_size } = knownAnswers.avb;
  const data = new Uint8Array(1052672);
  for (let i = 0; i < 1049600; i++) data[i] = i;
  for (const backend of backends) {
    const tree = dmVerityTree(
      {
        hashType: 1,
        algorithm: 'sha1',
        dataBlockSize: 4096,
        hashBlockSize: 4096,
        dataBlocks: 257,
        salt: fromHex(salt),
      },
      { ...policy, backend },
    );
    t.equal(toHex(build(tree, data).root), root);
    t.equal(tree.shape.size, tree_size);
  }
});
