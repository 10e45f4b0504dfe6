/** composefs images and their objects through mounts: as Linux's overlayfs shows them, and with every object verified. */

import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t from 'tap';
import {
  composefsFixture,
  composefsRoot,
  type Namespace,
  ObjectSet,
  objectDigest,
  overlay,
} from '../support/composefs.js';
import { noOverlay, sameAsOverlay } from '../support/composefs-kernel.js';
import { devFusePlain, devFuseRoot, fuseNative } from '../support/front-end.js';
import { writeImage } from '../support/image-writer.js';
import { device, directory, file, type NodeSpec, symlink } from '../support/image-writer-node.js';
import { XattrIndex, xattr } from '../support/image-writer-xattr.js';
import { mount, remains } from '../support/mounted.js';
import { program } from '../support/paths.js';
import { noPython, observe } from '../support/python.js';
import { Random } from '../support/random.js';
import { Scratch } from '../support/scratch.js';

type Tried = Record<string, { read?: string; stat?: string }>;

const scratch = new Scratch(t);
const random = new Random(11);
const KIB = 1024;

const objectWords = (stores: readonly string[]): string[] => stores.flatMap((store) => ['--objects', store]);

interface Made {
  readonly image: string;
  readonly stores: readonly string[];
  readonly objects: ObjectSet;
}

/** The objects are spread over two stores, of which the second has all. */
function make(build: (objects: ObjectSet) => NodeSpec): Made {
  const objects = new ObjectSet();
  const image = scratch.file('composefs.erofs');
  writeImage({ root: build(objects) }).save(image);
  const stores = [scratch.folder('self', 'store'), scratch.folder('self', 'store')] as const;
  objects.save(stores[1]);
  const [[path, data] = ['none', new Uint8Array(0)]] = objects.data;
  mkdirSync(dirname(join(stores[0], path)), { recursive: true });
  writeFileSync(join(stores[0], path), data);
  return { image, stores, objects };
}

const rich =
  (namespace: Namespace) =>
  (objects: ObjectSet): NodeSpec => {
    const shared = objects.file(random.bytes(5000), { namespace, permissions: 0o755 });
    const entries = {
      shared,
      hardlink: shared,
      large: objects.file(random.bytes(300 * KIB), {
        namespace,
        algorithm: 'sha512',
        seconds: 12,
        nanoseconds: 34,
      }),
      unproven: objects.file(random.bytes(70), { namespace, proven: false, uid: 1000, gid: 1001 }),
      inside: file('own bytes'),
      empty: file(''),
      link: symlink('inside'),
      null: device('character', 1, 3),
      sub: directory(
        {
          exact: objects.file(random.bytes(4096), {
            namespace,
            xattrs: [
              xattr(XattrIndex.user, 'colour', 'blue'),
              overlay('overlay.redirect', 'mine', namespace),
              xattr(XattrIndex.security, 'note', 'n'),
            ],
          }),
          other: file('x', { xattrs: [overlay('metacopy', '', namespace === 'user' ? 'trusted' : 'user')] }),
        },
        { xattrs: [overlay('overlay.opaque', 'x', namespace)] },
      ),
    };
    if (namespace === 'trusted') return composefsRoot(entries);
    return directory(entries, { xattrs: [overlay('opaque', 'y', namespace)] });
  };

const images: Record<string, { made: () => Omit<Made, 'objects'>; namespace: Namespace }> = {
  'an image by mkcomposefs': {
    made: () => ({ image: composefsFixture.image, stores: [composefsFixture.objects] }),
    namespace: 'trusted',
  },
  'trusted.overlay.*, two stores': { made: () => make(rich('trusted')), namespace: 'trusted' },
  'user.overlay.*, two stores': { made: () => make(rich('user')), namespace: 'user' },
};

for (const [name, { made, namespace }] of Object.entries(images)) {
  const skip = devFuseRoot.missing ?? noPython ?? noOverlay(namespace) ?? false;
  t.test(`${name}: as overlayfs shows it`, { skip }, async (t) => {
    const { image, stores } = made();
    const mounted = await mount(scratch, devFuseRoot, { image, words: objectWords(stores) });
    await sameAsOverlay(t, scratch, { image, stores, namespace }, mounted.mountpoint);
    await mounted.unmountFromOutside();
    t.same(await remains(mounted.mountpoint), []);
  });
}

for (const front of [devFuseRoot, devFusePlain, fuseNative]) {
  t.test(`every byte, ${front.name}`, { skip: front.missing ?? noPython ?? false }, async (t) => {
    const { image, stores, objects } = make(rich('trusted'));
    const mounted = await mount(scratch, front, { image, words: objectWords(stores) });
    const read = (path: string) => observe<Tried>(program('try-all.py'), [path], { user: front.user });
    const tried = await read(mounted.mountpoint);
    const digests = new Set([...objects.data.values()].map(digestOf));
    const files = ['shared', 'hardlink', 'large', 'unproven', 'sub/exact'];
    t.same(
      files.filter((path) => !digests.has(tried[path]?.read ?? 'none')),
      [],
    );
    t.equal(tried.inside?.read, digestOf(Buffer.from('own bytes')));
    t.notOk('00' in tried, 'no whiteouts');
    await mounted.unmountFromOutside();
  });
}

t.test('objects that are not there', { skip: devFuseRoot.missing ?? noPython ?? false }, async (t) => {
  const { image, stores, objects } = make((set) =>
    composefsRoot({
      missing: set.file(random.bytes(100)),
      linked: set.file(random.bytes(200)),
      short: set.file(random.bytes(300)),
      good: set.file(random.bytes(400)),
    }),
  );
  const [missing, linked, short] = [...objects.data.keys()].map((path) => join(stores[1]!, path));
  rmSync(stores[0]!, { recursive: true });
  rmSync(missing!);
  rmSync(linked!);
  symlinkSync('/etc/hostname', linked!);
  writeFileSync(short!, new Uint8Array(299));
  const mounted = await mount(scratch, devFuseRoot, { image, words: objectWords([stores[1]!]) });
  const tried = await observe<Tried>(program('try-all.py'), [mounted.mountpoint]);
  for (const name of ['missing', 'linked', 'short']) t.same(tried[name], { read: 'EIO' }, name);
  t.equal(tried.good?.read, digestOf([...objects.data.values()][3]!));
  await mounted.unmountFromOutside();
  const log = readFileSync(mounted.log, 'utf8');
  for (const path of [missing, linked, short]) t.ok(log.includes(path!), `the log names ${path}`);
});

t.test('--require-verity', { skip: devFuseRoot.missing ?? noPython ?? false }, async (t) => {
  const sizes: Record<string, number> = { small: 65, block: 4096, damaged: 9000, large: 1024 * KIB };
  const { image, stores, objects } = make((set) =>
    composefsRoot({
      ...Object.fromEntries(
        Object.entries(sizes).map(([name, size]) => [name, set.file(random.bytes(size))]),
      ),
      unproven: set.file(random.bytes(500), { proven: false }),
      inside: file('own bytes'),
    }),
  );
  const [, , damaged, large] = [...objects.data.keys()].map((path) => join(stores[1]!, path));
  flip(damaged!, 8999);
  const digest = `sha256:${Buffer.from(objectDigest(readFileSync(image))).toString('hex')}`;
  const words = [...objectWords(stores), '--require-verity', '--fsverity-digest', digest];
  const mounted = await mount(scratch, devFuseRoot, { image, words });
  const start = Buffer.alloc(100);
  const path = join(mounted.mountpoint, 'large');
  t.equal((await readAt(path, start, 0)).equals([...objects.data.values()][3]!.subarray(0, 100)), true);
  flip(large!, 1024 * KIB - 1);
  await t.rejects(readAt(path, start, 1024 * KIB - 100), { code: 'EIO' }, 'changed while it is mounted');
  const tried = await observe<Tried>(program('try-all.py'), [mounted.mountpoint]);
  for (const name of ['damaged', 'large', 'unproven']) t.same(tried[name], { read: 'EIO' }, name);
  const digests = new Set([...objects.data.values()].map(digestOf));
  for (const name of ['small', 'block']) t.ok(digests.has(tried[name]?.read ?? 'none'), name);
  t.equal(tried.inside?.read, digestOf(Buffer.from('own bytes')));
  await mounted.unmountFromOutside();
  const log = readFileSync(mounted.log, 'utf8');
  for (const object of [damaged, large]) t.ok(log.includes(object!), `the log names ${object}`);
});

t.test('an image by mkcomposefs verifies', { skip: devFuseRoot.missing ?? noPython ?? false }, async (t) => {
  const { image, objects, digest } = composefsFixture;
  const words = ['--objects', objects, '--require-verity', '--fsverity-digest', digest];
  const mounted = await mount(scratch, devFuseRoot, { image, words });
  const tried = await observe<Tried>(program('try-all.py'), [mounted.mountpoint]);
  const plain = await mount(scratch, devFuseRoot, { image, words: ['--objects', objects] });
  t.same(tried, await observe<Tried>(program('try-all.py'), [plain.mountpoint]));
  t.equal(tried.hello?.read, digestOf(Buffer.from('hello world\n')));
  t.match(tried['sub/deep/large']?.read, /^[0-9a-f]{64}$/);
  await plain.unmountFromOutside();
  await mounted.unmountFromOutside();
});

function digestOf(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function flip(path: string, offset: number): void {
  const descriptor = openSync(path, 'r+');
  try {
    writeSync(descriptor, Uint8Array.of(readFileSync(path)[offset]! ^ 0x10), 0, 1, offset);
  } finally {
    closeSync(descriptor);
  }
}

async function readAt(path: string, dst: Buffer, offset: number): Promise<Buffer> {
  const handle = await open(path);
  try {
    await handle.read(dst, 0, dst.length, offset);
    return dst;
  } finally {
    await handle.close();
  }
}
