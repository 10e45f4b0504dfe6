/** Layers in every form that registries have them: right bytes, as few as are wanted, and it is said what proves them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { ObjectSet } from '../support/composefs.js';
import {
  Customer,
  digestsBelow,
  digestsOf,
  end,
  fixtureDigests,
  imageAt,
  pusherOf,
  readFile,
  readRight,
} from '../support/container.js';
import {
  indexApart,
  indexedWithTree,
  indexInside,
  indexOfBefore,
  packed,
  withRole,
  withTree,
} from '../support/container-layers.js';
import { devFuseRoot } from '../support/front-end.js';
import { writeImage } from '../support/image-writer.js';
import { deviceFiles, deviceImages } from '../support/image-writer-devices.js';
import { directory, file } from '../support/image-writer-node.js';
import { shownOfThree, threeLayers } from '../support/merged-layers.js';
import { images } from '../support/paths.js';
import { noPython } from '../support/python.js';
import { RegistryServer, withoutRegistry } from '../support/registry.js';
import { type LayerToPush, MEDIA_TYPES } from '../support/registry-push.js';
import { spreadImage } from '../support/remote-spread.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const skip = devFuseRoot.missing ?? (withoutRegistry() || noPython) ?? false;
const KIB = 1024;
const spread = spreadImage(7, { kept: 100 * KIB, victim: 150 * KIB });
const { bytes: image, files } = spread;
const kept = files.get('kept')!;

const repositoryOf = (image: string): string => /^oci:\/\/[^/]+\/([^:]+)/.exec(image)![1]!;

interface Form {
  readonly layers: readonly LayerToPush[];
  /** in the line that says what was mounted */
  readonly guarantee: string;
  /** what is said of the layer */
  readonly said: RegExp;
  readonly words?: readonly string[];
}

const byChunks = { guarantee: 'chunk-index', said: /each chunk verified before it is kept/ };
const byTree = { guarantee: 'dm-verity', said: /by a dm-verity root hash that the manifest pins/ };

const lazyForms: Readonly<Record<string, Form>> = {
  'an image as it is': {
    layers: [{ bytes: image }],
    guarantee: 'digest',
    said: /verified against its digest once all of it is here/,
  },
  "an image under containerd's first media type": {
    layers: [{ bytes: image, mediaType: 'application/vnd.erofs' }],
    guarantee: 'digest',
    said: /verified against its digest/,
  },
  'an image with a chunk index behind it': {
    ...byChunks,
    layers: indexInside(image, { isCompressed: false }),
  },
  'an image with a chunk index apart': { ...byChunks, layers: indexApart(image, { isCompressed: false }) },
  'compressed chunks with their index': { ...byChunks, layers: indexInside(image) },
  'compressed chunks with SHA-512 and padding': {
    ...byChunks,
    layers: indexInside(image, { checksums: 'sha512', padding: 100 }),
  },
  'compressed chunks with their index apart': { ...byChunks, layers: indexApart(image) },
  "compressed chunks as containerd's first annotations tell them": {
    ...byChunks,
    layers: indexOfBefore(image),
  },
  'an image with its hash tree': { ...byTree, layers: withTree(image), words: ['--require-verity'] },
  'compressed chunks of an image with its hash tree': {
    ...byTree,
    layers: indexedWithTree(image),
    words: ['--require-verity'],
  },
};

t.test('with a registry', { skip }, async (t) => {
  t.jobs = 3;
  const registry = await RegistryServer.start(t, scratch);
  let pushed = 0;
  /** Into a repository of its own, for several have the same layers. */
  const push = async (layers: readonly LayerToPush[]): Promise<string> => {
    const repository = `team/app-${pushed++}`;
    await pusherOf(registry, repository).image({ layers }, 'one');
    return imageAt(registry, 'one', repository);
  };
  /** Bytes that came of the layers of an image. */
  const cameOf = (image: string): number =>
    registry
      .requests()
      .filter(({ method, path }) => method === 'GET' && path.startsWith(`/v2/${repositoryOf(image)}/blobs/`))
      .reduce((sum, { bytes }) => sum + bytes, 0);
  const check = (name: string, body: (t: Test, customer: Customer) => Promise<void>) =>
    void t.test(name, { buffered: true }, (t) => body(t, new Customer(scratch)));

  for (const [name, { layers, guarantee, said, words = [] }] of Object.entries(lazyForms)) {
    check(name, async (t, customer) => {
      const what = {
        image: await push(layers),
        words: ['--require-lazy', '--readahead', '0', '--prefetch', 'none', ...words],
      };
      const mounted = await customer.mount(scratch, devFuseRoot, what);
      t.ok(mounted.said.stdout.endsWith(`; 1 layer: ${guarantee})\n`), mounted.said.stdout);
      t.match(mounted.said.stderr, said);
      t.match(await readFile(mounted, 'kept'), readRight(kept));
      const came = cameOf(what.image);
      t.ok(came > kept.length && came < image.length - 150 * KIB, `${came} of ${image.length} bytes came`);
      const all = await digestsBelow(mounted, 'root');
      t.match(all, digestsOf(Object.fromEntries(files)), 'every byte');
      await end(t, mounted);
    });
  }

  check('an image that is packed as a whole', async (t, customer) => {
    const image = await push(packed(spread.bytes));
    const refused = await customer.erofs('mount', ['--require-lazy', image, scratch.folder()]);
    t.match(refused, {
      status: 1,
      stdout: '',
      stderr: /^erofs mount: layer sha256:[^\n]*--require-lazy[^\n]*\n$/,
    });
    const mounted = await customer.mount(scratch, devFuseRoot, { image });
    t.match(mounted.said.stderr, /all of it is fetched and unpacked before anything of it can be read/);
    t.match(await digestsBelow(mounted, 'root'), digestsOf(Object.fromEntries(files)));
    await end(t, mounted);
    const before = cameOf(image);
    const again = await customer.mount(scratch, devFuseRoot, { image });
    t.match(await readFile(again, 'victim'), readRight(files.get('victim')!));
    t.equal(cameOf(image), before, 'it was kept unpacked');
    await end(t, again);
  });

  check('a layer without a hash tree, where one is required', async (t, customer) => {
    const image = await push([...withTree(spread.bytes), ...indexInside(spread.bytes)]);
    const refused = await customer.erofs('mount', ['--require-verity', image, scratch.folder()]);
    t.match(refused, {
      status: 1,
      stdout: '',
      stderr: /^erofs mount: [^\n]*nothing proves its bytes[^\n]*\n$/,
    });
  });

  check('an image with devices', async (t, customer) => {
    const [image, ...devices] = deviceImages().map((bytes) => bytes.toBytes());
    const layers = [...devices.map((bytes) => withRole('device', bytes)), { bytes: image! }];
    const mounted = await customer.mount(scratch, devFuseRoot, { image: await push(layers) });
    t.same(await digestsBelow(mounted, 'root'), digestsOf(deviceFiles));
    await end(t, mounted);
  });

  check('layers above each other', async (t, customer) => {
    const [low, middle, top] = threeLayers.map((root) => writeImage({ root }).bytes.toBytes());
    // each in another form
    const layers = [withRole('overlay-lower', low!), ...indexInside(middle!), ...withTree(top!)];
    const mounted = await customer.mount(scratch, devFuseRoot, { image: await push(layers) });
    t.match(mounted.said.stdout, /; 3 layers: digest, chunk-index, dm-verity\)\n$/);
    t.match(
      mounted.said.stderr,
      /^(erofs mount: layer \d \(sha256:\w+, \d+ bytes\): [^\n]+\n){3}$/,
      'a line each',
    );
    t.same(await digestsBelow(mounted, 'root'), digestsOf(shownOfThree));
    await end(t, mounted);
  });

  check('layers that have the bytes of others', async (t, customer) => {
    const set = new ObjectSet();
    const [here, there] = ['in the layer itself', 'in a layer of data'];
    const top = directory({ here: file(here), there: set.file(Buffer.from(there)) });
    const data = directory(
      Object.fromEntries(
        [...set.data].map(([path, bytes]) => {
          const [folder, name] = path.split('/');
          return [folder!, directory({ [name!]: file(bytes) })];
        }),
      ),
    );
    const [shown, hidden] = [top, data].map((root) => writeImage({ root }).bytes.toBytes());
    const layers = [withRole('overlay-data', hidden!), { bytes: shown! }];
    const mounted = await customer.mount(scratch, devFuseRoot, { image: await push(layers) });
    t.same(
      await digestsBelow(mounted, 'root'),
      digestsOf({ here, there }),
      'what holds the data is not seen',
    );
    await end(t, mounted);
  });

  for (const compression of ['', '+gzip']) {
    const mediaType = `${MEDIA_TYPES.tar}${compression}`;
    check(`a layer of ${mediaType}`, async (t, customer) => {
      const tar = readFileSync(join(images, 'tree.tar'));
      const bytes = compression === '' ? tar : gzipSync(tar);
      const image = await push([{ bytes, mediaType, unpacked: tar }]);
      const refused = await customer.erofs('mount', [image, scratch.folder()]);
      t.match(refused, { status: 1, stdout: '' });
      t.match(refused.stderr, /^erofs mount: layer 1 of 1 [^\n]* is a tar archive [^\n]*--tar-index\n$/);
      const words = ['--tar-index', join(images, 'tar-index.erofs')];
      const mounted = await customer.mount(scratch, devFuseRoot, { image, words });
      t.same(await digestsBelow(mounted, 'root'), fixtureDigests('tar-index'));
      await end(t, mounted);
    });
  }
});
