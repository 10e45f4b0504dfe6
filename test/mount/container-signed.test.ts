/**
 * Images whose root hashes somebody signed, and images with hash trees and indexes that somebody attached: what a pinned certificate or
 * digest vouches for is mounted and right to the last byte; all else is refused or not used, and it is said.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import {
  Customer,
  digestsBelow,
  digestsOf,
  end,
  flipStored,
  imageAt,
  inside,
  logOf,
  pusherOf,
  readFailed,
  readFile,
  readRight,
} from '../support/container.js';
import { withTree } from '../support/container-layers.js';
import { devFusePlain, devFuseRoot } from '../support/front-end.js';
import { makeLayout } from '../support/layout.js';
import { readManifest } from '../support/manifest.js';
import type { Mounted } from '../support/mounted.js';
import { images } from '../support/paths.js';
import { type ProvenImage, proven } from '../support/proven-image.js';
import { noPython } from '../support/python.js';
import { RegistryServer, withoutRegistry } from '../support/registry.js';
import {
  type Content,
  described,
  type ImageToPush,
  imageContent,
  type LayerToPush,
  MEDIA_TYPES,
  sha256,
} from '../support/registry-push.js';
import { spreadImage } from '../support/remote-spread.js';
import { Scratch } from '../support/scratch.js';
import { Signer } from '../support/signer.js';
import { conversions, signaturesApart, signaturesInside, treeApart } from '../support/verity-artifacts.js';

const scratch = new Scratch(t);
const skip = devFuseRoot.missing ?? (withoutRegistry() || noPython) ?? false;
const KIB = 1024;
const spread = spreadImage(9, { kept: 100 * KIB, victim: 150 * KIB });
const every = digestsOf(Object.fromEntries(spread.files));
const MANY_BLOCKS = { dataBlockSize: 512, hashBlockSize: 512 } as const;

/** The image in a repository of its own, and what refers to it. */
interface Pushed {
  readonly image: string;
  readonly repository: string;
  readonly manifest: Content;
  attach(artifact: ImageToPush): Promise<Content>;
}

t.test('with a registry', { skip }, async (t) => {
  t.jobs = 3;
  const registry = await RegistryServer.start(t, scratch);
  const vendor = new Signer(scratch, 'vendor');
  const stranger = new Signer(scratch, 'stranger');
  const byVendor = ['--verity-cert', vendor.certificateFile];
  let count = 0;

  /** The registry has no API for referrers: they are listed under a tag. */
  async function push(layers: readonly LayerToPush[]): Promise<Pushed> {
    const repository = `team/signed-${count++}`;
    const pusher = pusherOf(registry, repository);
    const manifest = await pusher.image({ layers }, 'one');
    const listed: Content[] = [];
    const attach = async (artifact: ImageToPush) => {
      const { artifactType } = artifact.fields as { readonly artifactType: string };
      const pushed = await pusher.image(artifact);
      listed.push({ ...pushed, artifactType });
      await pusher.index(listed.map(described), manifest.digest.replace(':', '-'));
      return pushed;
    };
    return { image: imageAt(registry, 'one', repository), repository, manifest, attach };
  }

  /** Questions about a repository that are about referrers. */
  const lookups = ({ repository, manifest }: Pushed): string[] =>
    registry
      .requests()
      .filter(({ method }) => method === 'GET')
      .map(({ path }) => path)
      .filter((path) => path.startsWith(`/v2/${repository}/`))
      .filter((path) => path.includes('/referrers/') || path.endsWith(manifest.digest.replace(':', '-')));

  const signed = (layer: Uint8Array, root: string, signer = vendor) => ({
    ...{ of: sha256(layer), root, signature: signer.sign(root) },
  });

  const check = (name: string, body: (t: Test, customer: Customer) => Promise<void>) =>
    void t.test(name, { buffered: true }, (t) => body(t, new Customer(scratch)));

  async function refused(
    t: Test,
    customer: Customer,
    { image }: Pushed,
    words: readonly string[],
    message: RegExp,
  ) {
    const ended = await customer.erofs('mount', [...words, image, scratch.folder()]);
    t.match(ended, { status: 1, stdout: '', stderr: message });
    t.equal(ended.stderr.trimEnd().split('\n').length, 1, 'one line');
  }

  async function readsAll(t: Test, mounted: Mounted, guarantee: RegExp): Promise<void> {
    t.match(mounted.said.stdout, guarantee);
    t.match(await digestsBelow(mounted, 'root'), every, 'every byte');
    await end(t, mounted);
  }

  const whole = proven(spread.bytes);

  for (const [front, artifact] of [
    [devFuseRoot, signaturesInside],
    [devFusePlain, signaturesApart],
  ] as const) {
    const options = { buffered: true, skip: front.missing ?? false };
    void t.test(`a signed root hash, ${front.name}`, options, async (t) => {
      const customer = new Customer(scratch, front.user);
      const pushed = await push([{ bytes: whole.bytes }]);
      const about = { subject: described(pushed.manifest) };
      await refused(t, customer, pushed, byVendor, /no signature refers to the image; have the image signed/);
      await pushed.attach(artifact([signed(whole.bytes, whole.root)], about));
      const what = { image: pushed.image, words: byVendor };
      const mounted = await customer.mount(scratch, front, what);
      t.match(mounted.said.stdout, /; 1 layer: signed\)\n$/);
      t.match(mounted.said.stderr, /by a dm-verity root hash with a signature that is trusted/);
      t.match(await digestsBelow(mounted, front.user), every, 'every byte');
      await end(t, mounted);
      const again = await customer.mount(scratch, front, { ...what, words: [...byVendor, '--offline'] });
      t.match(await digestsBelow(again, front.user), every, 'from what was kept');
      await end(t, again);
    });
  }

  check('a certificate that did not sign', async (t, customer) => {
    const pushed = await push([{ bytes: whole.bytes }]);
    const artifact = signaturesInside([signed(whole.bytes, whole.root)], {
      subject: described(pushed.manifest),
    });
    const { digest } = await pushed.attach(artifact);
    const words = ['--verity-cert', stranger.certificateFile];
    const message = new RegExp(`@${digest}, for sha256:\\w+, is not used: the signature: its signer is`);
    await refused(t, customer, pushed, words, message);
  });

  check('a stale signature, and one of another image', async (t, customer) => {
    const pushed = await push(withTree(spread.bytes));
    const [{ bytes }] = withTree(spread.bytes) as [LayerToPush];
    const about = { subject: described(pushed.manifest) };
    const stale = proven(spread.bytes, { salt: new Uint8Array(32).fill(1) });
    await pushed.attach(signaturesInside([signed(bytes, stale.root)], about));
    const others = { subject: { ...about.subject, digest: sha256(bytes) } };
    await pushed.attach(signaturesInside([signed(bytes, whole.root)], others));
    await pushed.attach(signaturesApart([signed(stale.bytes, whole.root)], about));
    const message = new RegExp(
      [
        `is not used: it is about ${sha256(bytes)}`,
        `it is about ${sha256(stale.bytes)}, which is no layer of the image`,
        `it signs the root hash ${stale.root}, the manifest gives ${whole.root}`,
      ].join('.*'),
    );
    await refused(t, customer, pushed, byVendor, message);
    const created = '2020-01-01T00:00:00Z';
    await pushed.attach(signaturesInside([signed(bytes, whole.root)], { ...about, created }));
    await pushed.attach(
      signaturesInside([signed(bytes, whole.root, stranger)], { ...about, created: '2030-01-01T00:00:00Z' }),
    );
    const mounted = await customer.mount(scratch, devFuseRoot, { image: pushed.image, words: byVendor });
    t.match(
      mounted.said.stderr,
      /is not used: the signature: its signer is certificate \w+, which is neither/,
    );
    await readsAll(t, mounted, /; 1 layer: signed\)/);
  });

  check('a signed root hash of other bytes', async (t, customer) => {
    const pushed = await push([{ bytes: whole.bytes }]);
    const other = proven(spreadImage(10, { kept: 10 * KIB }).bytes);
    const artifact = signaturesInside([signed(whole.bytes, other.root)], {
      subject: described(pushed.manifest),
    });
    await pushed.attach(artifact);
    await refused(t, customer, pushed, byVendor, /does not match its sha256 digest/);
  });

  /** An image whose tree somebody attached. The manifest gives its root hash without a place of the tree. */
  async function pushApart(isPinned: boolean): Promise<Pushed & { readonly made: ProvenImage }> {
    // what one test damages is no other's
    const salt = new Uint8Array(32).fill(count);
    const made = proven(spread.bytes, { ...MANY_BLOCKS, salt, appended: false });
    const annotations = {
      'io.cncf.notary.layer.digest': sha256(made.bytes),
      'io.cncf.notary.dm-verity.root-hash': made.root,
    };
    const pushed = await push([{ bytes: made.bytes, ...(isPinned && { annotations }) }]);
    await pushed.attach(conversions([treeApart(made)], { subject: described(pushed.manifest) }));
    return { ...pushed, made };
  }

  for (const isPinned of [true, false]) {
    const who = isPinned ? 'the manifest gives' : 'was signed';
    check(`a tree apart, under a root hash that ${who}; damaged, and mended`, async (t, customer) => {
      const { made, ...pushed } = await pushApart(isPinned);
      const signature = signaturesApart([signed(made.bytes, made.root)], {
        subject: described(pushed.manifest),
      });
      if (!isPinned) await pushed.attach(signature);
      const words = [...(isPinned ? ['--require-verity'] : byVendor), '--prefetch', 'none'];
      const [kept, victim] = ['kept', 'victim'].map((name) => spread.files.get(name)!);
      // where the digests of the victim's blocks are, in a tree of one superblock, then levels from the top
      const digestsOfVictim = () => {
        const block = Math.ceil(Buffer.from(made.bytes).indexOf(victim!) / 512);
        const leaves = made.hashArea.length - Math.ceil(made.bytes.length / 512 / 16) * 512;
        return leaves + Math.floor((block + 150) / 16) * 512 + 7;
      };
      const mend = flipStored(registry, sha256(made.hashArea), digestsOfVictim);
      const mounted = await customer.mount(scratch, devFuseRoot, {
        image: pushed.image,
        words: [...words, '--readahead', '0'],
      });
      t.match(mounted.said.stdout, isPinned ? /; 1 layer: dm-verity\)/ : /; 1 layer: signed\)/);
      t.match(mounted.said.stderr, new RegExp(`its hash tree is ${sha256(made.hashArea)}, of `));
      t.match(await readFile(mounted, 'kept'), readRight(kept!));
      t.match(await readFile(mounted, 'victim'), readFailed(/Input\/output error/));
      t.match(logOf(mounted), /hash block/, 'the log says what does not match');
      mend();
      t.match(await readFile(mounted, 'victim'), readRight(victim!));
      await readsAll(t, mounted, /1 layer/);
    });
  }

  check('what anybody attached is not believed', async (t, customer) => {
    const { made: _, ...pushed } = await pushApart(false);
    const mounted = await customer.mount(scratch, devFuseRoot, { image: pushed.image });
    await readsAll(t, mounted, /; 1 layer: digest\)/);
    t.same(lookups(pushed), [], 'nor asked for');
    await refused(t, customer, pushed, byVendor, /no signature refers to the image/);
    await refused(t, customer, pushed, ['--require-verity'], /nothing proves its bytes/);
  });

  const tar = readFileSync(join(images, 'tree.tar'));
  const index = readFileSync(join(images, 'tar-index.erofs'));
  const inTar = Object.fromEntries(
    Object.entries(readManifest(join(images, 'tar-index.json'))).flatMap(([path, { sha256 }]) =>
      sha256 ? [[path, sha256]] : [],
    ),
  );
  const both = proven(Buffer.concat([index, tar]), { ...MANY_BLOCKS, appended: false });
  const indexOf = (bytes: Uint8Array) => ({
    ...{ of: sha256(bytes), image: index, isTarIndex: true, tree: both.hashArea },
  });

  for (const isPacked of [false, true]) {
    check(`an index that somebody has of a ${isPacked ? 'packed ' : ''}tar layer`, async (t, customer) => {
      const bytes = isPacked ? gzipSync(tar) : tar;
      const mediaType = `${MEDIA_TYPES.tar}${isPacked ? '+gzip' : ''}`;
      const pushed = await push([{ bytes, mediaType, unpacked: tar }]);
      const about = { subject: described(pushed.manifest) };
      const { digest } = await pushed.attach(conversions([indexOf(bytes)], about));
      const option = `--tar-index ${sha256(bytes)}=${sha256(index)}, or --verity-cert`;
      await refused(t, customer, pushed, [], new RegExp(`@${digest} has an index of it, .*${option}`));
      await refused(t, customer, pushed, byVendor, /no signature refers to the image/);
      const word = isPacked ? `${sha256(bytes)}=${sha256(index)}` : sha256(index);
      const words = ['--tar-index', word];
      const pinned = await customer.mount(scratch, devFuseRoot, { image: pushed.image, words });
      t.same(await digestsBelow(pinned, 'root'), inTar, 'pinned');
      await end(t, pinned);
      await pushed.attach(signaturesApart([signed(bytes, both.root)], about));
      const what = { image: pushed.image, words: byVendor };
      const mounted = await customer.mount(scratch, devFuseRoot, what);
      t.match(mounted.said.stdout, /; 1 layer: signed\)/);
      t.match(mounted.said.stderr, new RegExp(`read as ${sha256(index)}, of .*@${digest}`));
      t.same(await digestsBelow(mounted, 'root'), inTar, 'signed');
      await end(t, mounted);
      const offline = { ...what, words: [...byVendor, '--offline'] };
      const again = await customer.mount(scratch, devFuseRoot, offline);
      t.same(await digestsBelow(again, 'root'), inTar, 'from what was kept');
      await end(t, again);
    });
  }

  check('a layout, where all of it is in files', async (t, customer) => {
    const layers = [{ bytes: tar, mediaType: MEDIA_TYPES.tar }];
    const about = { subject: described(imageContent({ layers }).manifest) };
    const { folder } = makeLayout(scratch, [
      { name: 'one', layers },
      conversions([indexOf(tar)], about),
      signaturesInside([signed(tar, both.root)], about),
    ]);
    const image = `oci-layout:${folder}:one`;
    for (const [words, guarantee] of [
      [byVendor, /; 1 layer: signed\)/],
      [['--tar-index', sha256(index)], /; 1 layer: not verified\)/],
    ] as const) {
      const mounted = await customer.mount(scratch, devFuseRoot, { image, words });
      t.match(mounted.said.stdout, guarantee);
      t.same(await digestsBelow(mounted, 'root'), inTar);
      await end(t, mounted);
    }
    t.match(await customer.erofs('ls', [image]), { status: 1, stderr: /has an index of it/ });
  });

  check('an EROFS image that somebody has of a tar layer', async (t, customer) => {
    const bytes = gzipSync(tar);
    const mediaType = `${MEDIA_TYPES.tar}+gzip`;
    const pushed = await push([{ bytes, mediaType, unpacked: tar }]);
    const { bytes: other, files } = spreadImage(11, { kept: 100 * KIB, victim: 150 * KIB });
    const made = proven(other, { appended: false });
    const about = { subject: described(pushed.manifest) };
    const conversion = { of: sha256(bytes), image: made.bytes, tree: made.hashArea };
    await pushed.attach(conversions([conversion], about));
    await pushed.attach(signaturesInside([signed(bytes, made.root)], about));
    const words = [...byVendor, '--require-lazy', '--prefetch', 'none', '--readahead', '0'];
    const mend = flipStored(registry, sha256(made.bytes), inside(files.get('victim')!));
    const mounted = await customer.mount(scratch, devFuseRoot, { image: pushed.image, words });
    t.match(await readFile(mounted, 'victim'), readFailed(/Input\/output error/));
    mend();
    t.match(mounted.said.stdout, /; 1 layer: signed\)/);
    t.match(await digestsBelow(mounted, 'root'), digestsOf(Object.fromEntries(files)), 'every byte');
    await end(t, mounted);
    const inspected = await customer.erofs('inspect', [...byVendor, pushed.image]);
    t.match(inspected, {
      status: 0,
      stdout: new RegExp(`with a signature that is trusted\n +read as ${sha256(made.bytes)}`),
    });
    const [without, unpinned] = [[], ['--json']].map((words) =>
      customer.erofs('inspect', [...words, pushed.image]),
    );
    t.match(await without, { status: 0, stdout: /cannot be mounted: .* has an EROFS image of it/ });
    t.match(JSON.parse((await unpinned)!.stdout), { notes: [], obstacle: /trust it with --verity-cert/ });
  });
});
