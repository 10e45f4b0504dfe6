/** Images under an fs-verity digest: the tree is built once, kept, given, or poisoned, and only right bytes come out. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openFileSource } from '../../src/cache/file-source.js';
import { openImage } from '../../src/open.js';
import { fsVerityDigest } from '../../src/proof/fs-verity-source.js';
import { digestText } from '../../src/verity/digest-text.js';
import { fixture } from '../support/fixture.js';
import { expectedManifest, manifestOf } from '../support/opened.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
/** over 128 blocks, so that its tree has two levels */
const { image } = fixture('lz4-c64k');

async function digestOf(path: string, algorithm: 'sha256' | 'sha512'): Promise<string> {
  const source = openFileSource(path);
  const parameters = { algorithm, blockSize: 4096, salt: new Uint8Array(0) };
  let hashed = 0;
  const named = await fsVerityDigest(source, parameters, undefined, (bytes) => {
    hashed += bytes;
  });
  const digest = digestText(named);
  if (hashed !== source.size) throw new Error(`${hashed} bytes of ${source.size} were told of`);
  source.close();
  return digest;
}

const open = (fsVerityDigest: string, more: { treeFile?: string; cacheDirectory?: string } = {}) => {
  const { cacheDirectory, ...claims } = more;
  return openImage({
    image,
    proof: {
      blobs: [{ fsVerityDigest, ...claims }],
      ...(cacheDirectory !== undefined && { cacheDirectory }),
    },
  });
};

t.test('the digest of the image opens it, of another one does not', async (t) => {
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const digest = await digestOf(image, algorithm);
    const opened = await open(digest);
    t.strictSame(await manifestOf(opened), expectedManifest(fixture('lz4-c64k')));
    t.match(opened.proofs, [{ kind: 'fs-verity', trust: 'pinned', digest }]);
    opened.close();
    const other = digest.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
    await t.rejects(open(other), { code: 'digest-mismatch', message: new RegExp(digest) });
  }
  await t.rejects(open('sha384:00'), { code: 'bad-digest' });
});

t.test('a tree is kept, and believed no more than the image', async (t) => {
  const cacheDirectory = scratch.folder();
  const digest = await digestOf(image, 'sha256');
  (await open(digest, { cacheDirectory })).close();
  const folder = join(cacheDirectory, 'fs-verity');
  const [name, ...more] = readdirSync(folder);
  t.same(more, [], 'one tree, and nothing half written');
  const kept = join(folder, name!);
  const good = readFileSync(kept);
  t.ok(good.length > 4096, 'of two levels');

  const poisons = {
    'its highest block': flipped(good, 0),
    'a leaf block': flipped(good, 4096 + 32),
    'its last byte that counts': flipped(good, good.length - 1),
    'its end': good.subarray(0, 4096),
    'all of it': Buffer.alloc(0),
  };
  for (const [where, poisoned] of Object.entries(poisons)) {
    writeFileSync(kept, poisoned);
    const opened = await open(digest, { cacheDirectory });
    t.strictSame(await manifestOf(opened), expectedManifest(fixture('lz4-c64k')), `poisoned: ${where}`);
    opened.close();
    t.ok(readFileSync(kept).equals(good), 'and it is built again');
  }
});

t.test('a cache directory that cannot be used costs time alone', async (t) => {
  const digest = await digestOf(image, 'sha256');
  const opened = await open(digest, { cacheDirectory: scratch.file('a-file', '') });
  t.match(opened.proofs, [{ kind: 'fs-verity' }]);
  opened.close();
});

t.test('a tree that is given must be the one', async (t) => {
  const cacheDirectory = scratch.folder();
  const digest = await digestOf(image, 'sha256');
  (await open(digest, { cacheDirectory })).close();
  const folder = join(cacheDirectory, 'fs-verity');
  const good = readFileSync(join(folder, readdirSync(folder)[0]!));
  const treeFile = scratch.file('image.tree', good);
  const opened = await open(digest, { treeFile });
  t.strictSame(await manifestOf(opened), expectedManifest(fixture('lz4-c64k')));
  opened.close();
  const other = scratch.file('other.tree', flipped(good, 7));
  await t.rejects(open(digest, { treeFile: other }), { code: 'digest-mismatch', message: /other.tree/ });
  t.ok(existsSync(other));
});

function flipped(bytes: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1;
  return copy;
}
