import { createHash } from 'node:crypto';
import t from 'tap';
import { digestText, parseDigest } from '../../src/verity/digest-text.js';
import {
  emptyRoot,
  type FsVerityParameters,
  fileDigest,
  fsVerityTree,
  parseDescriptor,
  writeDescriptor,
} from '../../src/verity/fs-verity.js';
import type { HashBackend } from '../../src/verity/hash.js';
import type { BuiltTree } from '../../src/verity/tree-builder.js';
import { build, fromHex, fsParameters, fsVectors, generate, knownAnswers, toHex } from './vectors.js';

const backends: readonly HashBackend[] = ['node', 'noble'];
const accepted = fsVectors.filter(({ expect }) => expect === 'ok');
const refused = fsVectors.filter(({ expect }) => expect === 'error');
t.equal(accepted.length, 63);
t.equal(refused.length, 3);

function treeOf(parameters: FsVerityParameters, data: Uint8Array, backend: HashBackend): BuiltTree {
  const tree = fsVerityTree(parameters, data.length, backend);
  return tree === undefined
    ? { root: emptyRoot(parameters.algorithm), bytes: new Uint8Array() }
    : build(tree, data);
}

function digestOf(parameters: FsVerityParameters, data: Uint8Array, backend: HashBackend): string {
  const { root } = treeOf(parameters, data, backend);
  return digestText(fileDigest({ ...parameters, fileSize: data.length, root }, backend));
}

for (const backend of backends) {
  t.test(`what fsverity made, with ${backend}`, async (t) => {
    for (const vector of accepted) {
      const parameters = fsParameters(vector);
      const data = generate(vector);
      const { root, bytes } = treeOf(parameters, data, backend);
      const descriptor = { ...parameters, fileSize: data.length, root };
      t.strictSame(
        {
          root: toHex(root),
          size: bytes.length,
          tree: createHash('sha256').update(bytes).digest('hex'),
          descriptor: toHex(writeDescriptor(descriptor)),
          digest: digestText(fileDigest(descriptor, backend)),
        },
        {
          root: vector.merkle_root,
          size: vector.tree_size,
          tree: vector.tree_sha256,
          descriptor: vector.descriptor_hex,
          digest: vector.digest,
        },
        vector.name,
      );
      t.strictSame(parseDescriptor(fromHex(vector.descriptor_hex)), descriptor);
    }
  });

  t.test(`published digests of fsverity-utils and composefs, with ${backend}`, async (t) => {
    const bytes = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i % 11) + (i % 439) + (i % 1103));
    for (const { alg, size, block, salt_ascii, digest } of knownAnswers.fsverity_utils.cases) {
      const parameters = { algorithm: alg, blockSize: block, salt: new TextEncoder().encode(salt_ascii) };
      t.equal(digestOf(parameters, bytes.subarray(0, size), backend), `${alg}:${digest}`);
    }
    for (const { data_hex, digest } of knownAnswers.composefs.cases) {
      const parameters = { algorithm: 'sha256', blockSize: 4096, salt: new Uint8Array() } as const;
      t.equal(digestOf(parameters, fromHex(data_hex), backend), `sha256:${digest}`);
    }
  });
}

t.test('what fsverity refuses', async (t) => {
  for (const vector of refused) {
    t.throws(
      () => fsVerityTree(fsParameters(vector), vector.data_size),
      { code: 'bad-parameters' },
      vector.name,
    );
  }
});

t.test('no descriptor', async (t) => {
  const good = fromHex(accepted.find(({ salt }) => salt.length === 64)!.descriptor_hex);
  t.throws(() => parseDescriptor(good.subarray(0, 255)), { code: 'not-verity' });
  const wrong: readonly [string, number, number, string][] = [
    ['version', 0, 2, 'not-verity'],
    ['hash', 1, 3, 'not-verity'],
    ['block size', 2, 3, 'bad-parameters'],
    ['block size beyond any', 2, 255, 'bad-parameters'],
    ['salt size', 3, 33, 'bad-parameters'],
    ['salt shorter than what stands there', 3, 31, 'not-verity'],
    ['signature size', 4, 1, 'not-verity'],
    ['file size', 15, 1, 'bad-parameters'],
    ['behind the root hash', 48, 1, 'not-verity'],
    ['reserved', 255, 1, 'not-verity'],
  ];
  for (const [what, offset, value, code] of wrong) {
    const bad = good.slice();
    bad[offset] = value;
    t.throws(() => parseDescriptor(bad), { code }, what);
  }
  t.throws(() => writeDescriptor({ ...parseDescriptor(good), root: new Uint8Array(20) }), {
    code: 'root-length',
  });
});

t.test('a digest printed by fsverity is parsed as it stands', async (t) => {
  for (const { digest } of accepted) t.equal(digestText(parseDigest(digest, 'the digest')), digest);
});

t.test('the root hash of a file is the digest of the highest block of its tree', async (t) => {
  for (const vector of accepted.filter(({ tree_size }) => tree_size > 0).slice(0, 8)) {
    const data = generate(vector);
    const tree = fsVerityTree(fsParameters(vector), data.length)!;
    const { bytes } = build(tree, data);
    t.equal(toHex(tree.nodeHash.digest(bytes.subarray(0, tree.shape.hashBlockSize))), vector.merkle_root);
  }
});
