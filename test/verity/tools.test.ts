/** Trees that veritysetup and fsverity make are made here byte for byte, and veritysetup accepts those made here. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { digestText } from '../../src/verity/digest-text.js';
import {
  type DmVeritySuperblock,
  dmVerityTree,
  parseSuperblock,
  writeSuperblock,
} from '../../src/verity/dm-verity.js';
import { treeStart } from '../../src/verity/dm-verity-checks.js';
import { emptyRoot, fileDigest, fsVerityTree, writeDescriptor } from '../../src/verity/fs-verity.js';
import { Random } from '../support/random.js';
import { describeRun, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { build, toHex } from './vectors.js';

const ROUNDS = 12;
const found = (name: string): string | undefined =>
  ['/sbin', '/usr/sbin', '/usr/bin', '/usr/local/bin', '/usr/local/sbin']
    .map((folder) => `${folder}/${name}`)
    .find((path) => existsSync(path));
const veritysetup = found('veritysetup');
const fsverity = found('fsverity');
const seed = 20;

async function output(program: string, parameters: readonly string[]): Promise<string> {
  const ended = await run(program, parameters);
  if (ended.status !== 0) throw new Error(`${program} ${parameters.join(' ')}: ${describeRun(ended)}`);
  return ended.stdout;
}

t.test('veritysetup', { skip: veritysetup === undefined && 'needs veritysetup' }, async (t) => {
  const scratch = new Scratch(t);
  const random = new Random(seed);
  for (let round = 0; round < ROUNDS; round++) {
    const parameters: DmVeritySuperblock = {
      hashType: random.below(2) as 0 | 1,
      algorithm: (['sha1', 'sha256', 'sha384', 'sha512'] as const)[random.below(4)]!,
      dataBlockSize: 512 << random.below(8),
      hashBlockSize: 512 << random.below(8),
      dataBlocks: 1 + random.below(300),
      salt: random.bytes(random.below(257)),
      uuid: random.bytes(16),
    };
    const hasSuperblock = random.below(3) > 0;
    const tree = dmVerityTree(parameters, { allowSha1: true });
    const data = random.bytes(tree.dataSize);
    const { dataSize } = tree;
    // the tool takes the offset of a bare tree down to a hash block; here it has to be one
    const hashOffset = hasSuperblock
      ? dataSize
      : Math.ceil(dataSize / parameters.hashBlockSize) * parameters.hashBlockSize;
    const image = scratch.file('image', data);
    const options = [
      `--hash=${parameters.algorithm}`,
      `--format=${parameters.hashType}`,
      `--data-block-size=${parameters.dataBlockSize}`,
      `--hash-block-size=${parameters.hashBlockSize}`,
      `--data-blocks=${parameters.dataBlocks}`,
      `--salt=${toHex(parameters.salt) || '-'}`,
      `--hash-offset=${hashOffset}`,
      ...(hasSuperblock ? [`--uuid=${uuidText(parameters.uuid)}`] : ['--no-superblock']),
    ];
    const printed = await output(veritysetup!, ['format', ...options, image, image]);
    const built = build(tree, data);
    const what = JSON.stringify({ ...parameters, salt: parameters.salt.length, uuid: undefined });
    t.equal(/Root hash:\s+([0-9a-f]+)/.exec(printed)?.[1], toHex(built.root), what);

    const start = treeStart(hashOffset, parameters.hashBlockSize, hasSuperblock);
    const formatted = readFileSync(image);
    const ours = new Uint8Array(Math.max(start + tree.shape.size, formatted.length));
    ours.set(data);
    if (hasSuperblock) {
      t.strictSame(parseSuperblock(formatted.subarray(hashOffset)), parameters);
      ours.set(writeSuperblock(parameters), hashOffset);
    }
    ours.set(built.bytes, start);
    t.equal(Buffer.compare(ours, formatted), 0, 'the whole file, data, superblock and tree');

    writeFileSync(image, ours);
    const verify = ['verify', `--hash-offset=${hashOffset}`, ...(hasSuperblock ? [] : options)];
    const verified = await run(veritysetup!, [...verify, image, image, toHex(built.root)]);
    t.equal(verified.status, 0, describeRun(verified));
  }
});

t.test('fsverity', { skip: fsverity === undefined && 'needs fsverity' }, async (t) => {
  const scratch = new Scratch(t);
  const random = new Random(seed);
  for (let round = 0; round < ROUNDS; round++) {
    const algorithm = (['sha256', 'sha512'] as const)[random.below(2)]!;
    const parameters = {
      algorithm,
      blockSize: 128 << random.below(10),
      salt: random.bytes(random.below(33)),
    };
    const data = random.bytes(round === 0 ? 0 : random.below(300_000));
    const file = scratch.file('file', data);
    const [treeFile, descriptorFile] = [scratch.file('tree'), scratch.file('descriptor')];
    const printed = await output(fsverity!, [
      'digest',
      '--compact',
      `--hash-alg=${algorithm}`,
      `--block-size=${parameters.blockSize}`,
      ...(parameters.salt.length > 0 ? [`--salt=${toHex(parameters.salt)}`] : []),
      `--out-merkle-tree=${treeFile}`,
      `--out-descriptor=${descriptorFile}`,
      file,
    ]);
    const tree = fsVerityTree(parameters, data.length);
    const built =
      tree === undefined ? { root: emptyRoot(algorithm), bytes: new Uint8Array() } : build(tree, data);
    const descriptor = { ...parameters, fileSize: data.length, root: built.root };
    const what = `${algorithm}, blocks of ${parameters.blockSize}, ${data.length} bytes, salt of ${parameters.salt.length}`;
    t.equal(digestText(fileDigest(descriptor)), `${algorithm}:${printed.trim()}`, what);
    t.equal(toHex(writeDescriptor(descriptor)), readFileSync(descriptorFile).toString('hex'));
    t.equal(built.bytes.length, statSync(treeFile).size);
    t.equal(Buffer.compare(built.bytes, readFileSync(treeFile)), 0, 'the tree');
  }
});

function uuidText(uuid: Uint8Array): string {
  return toHex(uuid).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
