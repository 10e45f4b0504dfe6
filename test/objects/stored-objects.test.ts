/** Objects on disk: which one is taken, what is refused, and what verification notices. */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { StoredObjects, type StoredObjectsOptions } from '../../src/objects/stored-objects.js';
import type { ExternalFile } from '../../src/tree/objects-tree.js';
import type { FsVerityAlgorithm } from '../../src/verity/fs-verity.js';
import { objectDigest } from '../support/composefs.js';
import { Random } from '../support/random.js';
import { run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const BLOCK = 4096;
const data = new Random(3).bytes(5 * BLOCK + 123);
const linux = process.platform === 'linux' ? false : 'counts descriptors in /proc';

/** A store with files, by path. */
function storeOf(files: Readonly<Record<string, Uint8Array>>): string {
  const store = scratch.folder('self', 'store');
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(store, path, '..'), { recursive: true });
    writeFileSync(join(store, path), content);
  }
  return store;
}

function fileAt(
  path: string,
  content = data,
  algorithm: FsVerityAlgorithm | 'none' = 'sha256',
): ExternalFile {
  return {
    path: path.split('/').map((part) => Buffer.from(part)),
    size: content.length,
    digest: algorithm === 'none' ? undefined : { algorithm, bytes: objectDigest(content, algorithm) },
  };
}

/** Not t.same, which takes seconds for a large array. */
const equal = (found: Uint8Array, expected: Uint8Array): boolean => Buffer.compare(found, expected) === 0;

function open(stores: readonly string[], options: StoredObjectsOptions = {}): StoredObjects {
  const objects = new StoredObjects(stores, options);
  t.teardown(() => objects.close());
  return objects;
}

function read(
  objects: StoredObjects,
  file: ExternalFile,
  offset = 0,
  length = file.size - offset,
): Uint8Array {
  const dst = new Uint8Array(length);
  objects.read(file, offset, dst);
  return dst;
}

t.test('the first store that has an object gives it', async (t) => {
  const first = storeOf({ 'ab/cd': data });
  const second = storeOf({ 'ab/cd': new Uint8Array(data.length), 'ab/only-here': data });
  const objects = open([first, second]);
  t.ok(equal(read(objects, fileAt('ab/cd')), data));
  t.ok(equal(read(objects, fileAt('ab/only-here')), data));
  t.ok(equal(read(objects, fileAt('ab/only-here'), 7, 5), data.subarray(7, 12)));
});

t.test('a missing object is named in every store', async (t) => {
  const stores = [storeOf({}), storeOf({ 'ab/other': data })];
  t.throws(() => read(open(stores), fileAt('ab/cd')), {
    code: 'object-missing',
    message: new RegExp(`${stores[0]}/ab/cd: no such file; ${stores[1]}/ab/cd: no such file`),
  });
});

t.test('nothing but regular files is read, and no link is followed', async (t) => {
  const store = storeOf({ 'ab/cd': data });
  const elsewhere = storeOf({ cd: data });
  symlinkSync('cd', join(store, 'ab', 'link'));
  symlinkSync('ab', join(store, 'directory-link'));
  symlinkSync(elsewhere, join(store, 'out'));
  mkdirSync(join(store, 'ab', 'directory'));
  await run('mkfifo', [join(store, 'ab', 'fifo')]);
  const objects = open([store]);
  const wording: Record<string, RegExp> = {
    'ab/link': /a symbolic link/,
    'directory-link/cd': /no directory, or a symbolic link/,
    'out/cd': /no directory, or a symbolic link/,
    'ab/directory': /no regular file/,
    'ab/fifo': /no regular file/,
    'ab/cd/deeper': /no directory/,
  };
  for (const [path, message] of Object.entries(wording)) {
    t.throws(() => read(objects, fileAt(path)), { code: 'object-refused', message }, path);
  }
  const fallback = open([store, storeOf({ 'ab/link': data })]);
  t.ok(equal(read(fallback, fileAt('ab/link')), data), 'the next store may have it');
});

t.test('an object of another size is another object', async (t) => {
  const objects = open([storeOf({ 'ab/cd': data })]);
  for (const content of [data.subarray(1), Uint8Array.of(...data, 0)]) {
    t.throws(() => read(objects, fileAt('ab/cd', content)), { code: 'object-size' });
  }
});

t.test('a store that is not there is an error at the start', async (t) => {
  const good = storeOf({});
  const before = descriptors();
  t.throws(() => new StoredObjects([good, join(good, 'none')]), { code: 'ENOENT' });
  writeFileSync(join(good, 'file'), '');
  t.throws(() => new StoredObjects([good, join(good, 'file')]), { code: 'ENOTDIR' });
  t.equal(descriptors(), before, 'and nothing stays open');
});

for (const algorithm of ['sha256', 'sha512'] as const) {
  for (const hashBackend of ['node', 'noble'] as const) {
    t.test(`${algorithm} by ${hashBackend}: objects of any size are verified`, async (t) => {
      for (const size of [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, data.length, 129 * BLOCK + 1]) {
        const content = new Random(size).bytes(size);
        const file = fileAt('ab/cd', content, algorithm);
        const objects = open([storeOf({ 'ab/cd': content })], { requireVerity: true, hashBackend });
        if (size > 0) t.ok(equal(read(objects, file), content), `${size} bytes`);
        if (size > 1) t.ok(equal(read(objects, file, size - 1), content.subarray(size - 1)));
        const wrong = content.slice();
        wrong[size - 1]! ^= 1;
        if (size === 0) continue;
        const damaged = open([storeOf({ 'ab/cd': wrong })], { requireVerity: true, hashBackend });
        t.throws(() => read(damaged, file, 0, 1), {
          code: 'integrity',
          message: /ab\/cd has the fs-verity digest/,
        });
      }
    });
  }
}

t.test('without a digest nothing is served where one is required', async (t) => {
  const stores = [storeOf({ 'ab/cd': data })];
  const file = fileAt('ab/cd', data, 'none');
  t.throws(() => read(open(stores, { requireVerity: true }), file), {
    code: 'object-unproven',
    message: /ab\/cd/,
  });
  t.ok(equal(read(open(stores), file), data));
});

t.test('an object that changes after it was opened fails where it changed, and nowhere else', async (t) => {
  const store = storeOf({ 'ab/cd': data });
  const path = join(store, 'ab/cd');
  const file = fileAt('ab/cd');
  const objects = open([store], { requireVerity: true });
  t.ok(equal(read(objects, file), data));
  for (const byte of [0, BLOCK, 3 * BLOCK - 1, data.length - 1]) {
    const changed = data.slice();
    changed[byte]! ^= 0x80;
    writeFileSync(path, changed);
    const block = Math.floor(byte / BLOCK);
    for (let number = 0; number * BLOCK < data.length; number++) {
      const start = number * BLOCK;
      const length = Math.min(BLOCK, data.length - start);
      const what = `byte ${byte} changed, block ${number}`;
      if (number === block) {
        t.throws(() => read(objects, file, start, length), { code: 'integrity', block: number }, what);
        t.throws(() => read(objects, file, start + 5, 1), { code: 'integrity' }, `${what}, in part`);
      } else t.ok(equal(read(objects, file, start, length), data.subarray(start, start + length)), what);
    }
    writeFileSync(path, data);
    t.ok(equal(read(objects, file), data), 'and is right again');
  }
  truncateSync(path, BLOCK);
  t.throws(() => read(objects, file), { code: 'truncated' });
  t.ok(equal(read(objects, file, 0, BLOCK), data.subarray(0, BLOCK)));
});

t.test('an object that is replaced is still the one that was opened', async (t) => {
  const store = storeOf({ 'ab/cd': data, 'ab/new': new Uint8Array(data.length) });
  const objects = open([store]);
  const file = fileAt('ab/cd');
  t.ok(equal(read(objects, file), data));
  renameSync(join(store, 'ab/new'), join(store, 'ab/cd'));
  t.ok(equal(read(objects, file), data));
});

t.test('few descriptors stay open, and none in the end', { skip: linux }, async (t) => {
  const names = Array.from({ length: 300 }, (_, number) => `ab/${number}`);
  const store = storeOf(Object.fromEntries(names.map((name) => [name, data])));
  const before = descriptors();
  for (const requireVerity of [false, true]) {
    const objects = new StoredObjects([store], { requireVerity });
    for (const name of names) t.ok(equal(read(objects, fileAt(name), 10, 10), data.subarray(10, 20)));
    t.ok(descriptors() - before <= 70, `${descriptors() - before} descriptors for ${names.length} objects`);
    const wrong = fileAt('ab/0', new Uint8Array(data.length));
    const long = fileAt('ab/0', new Uint8Array(1));
    const missing = fileAt('ab/missing');
    const open = descriptors();
    for (const file of requireVerity ? [wrong, long, missing] : [long, missing]) {
      t.throws(() => read(objects, file), { name: 'ObjectError' });
    }
    t.equal(descriptors(), open, 'what fails stays not open');
    objects.close();
    t.equal(descriptors(), before);
  }
});

/** Open ones of this process. */
function descriptors(): number {
  return linux === false ? readdirSync('/proc/self/fd').length : 0;
}

t.test('the digests are those of fsverity', async (t) => {
  const vectors = JSON.parse(
    readFileSync(new URL('../../../test/fixtures/verity/verity-vectors.json', import.meta.url), 'utf8'),
  ) as { upstream_known_answers: { composefs: { cases: { data_hex: string; digest: string }[] } } };
  for (const { data_hex, digest } of vectors.upstream_known_answers.composefs.cases) {
    t.equal(Buffer.from(objectDigest(Buffer.from(data_hex, 'hex'))).toString('hex'), digest);
  }
});
