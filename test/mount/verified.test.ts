/**
 * A mount under a root hash or a digest, and an image that changes while it is mounted: what lies in the changed block
 * gives EIO, all else stays right, and a block that is mended is read again.
 */
import { closeSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import t from 'tap';
import { devFusePlain, devFuseRoot, type FrontEnd, fuseNative } from '../support/front-end.js';
import { writeImage } from '../support/image-writer.js';
import { flat } from '../support/image-writer-body.js';
import { directory, file } from '../support/image-writer-node.js';
import { mount, mountWords, remains } from '../support/mounted.js';
import { proven } from '../support/proven-image.js';
import { Random } from '../support/random.js';
import { describeRun, erofs, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const BLOCK = 4096;
const random = new Random(11);
const files = Object.fromEntries(
  Array.from({ length: 12 }, (_, i) => [`file-${i}`, random.bytes(1 + random.below(5 * BLOCK))]),
);
const written = writeImage({
  root: directory(Object.fromEntries(Object.entries(files).map(([name, data]) => [name, file(flat(data))]))),
});
const path = scratch.file('made.erofs');
written.save(path);
const made = proven(readFileSync(path));

/** What `cat` makes of every file, in a process of its own: never touch a mount from where it may be served. */
async function readAll(front: FrontEnd, mountpoint: string): Promise<Map<string, Uint8Array | string>> {
  const found = new Map<string, Uint8Array | string>();
  for (const name of Object.keys(files)) {
    const ended = await run('base64', ['-w0', `${mountpoint}/${name}`], { user: front.user });
    found.set(name, ended.status === 0 ? Buffer.from(ended.stdout, 'base64') : ended.stderr);
  }
  return found;
}

function flip(image: string, at: number): void {
  const descriptor = openSync(image, 'r+');
  const byte = Buffer.alloc(1);
  readSync(descriptor, byte, 0, 1, at);
  byte[0]! ^= 0x40;
  writeSync(descriptor, byte, 0, 1, at);
  closeSync(descriptor);
}

/** Byte of the image where a file's own bytes start. */
const startOf = (name: string): number => Buffer.from(made.bytes).indexOf(files[name]!);

for (const front of [devFuseRoot, devFusePlain, fuseNative]) {
  t.test(`changed while mounted, ${front.name}`, { skip: front.missing ?? false }, async (t) => {
    const image = scratch.file('verified.erofs', made.bytes);
    const mounted = await mount(scratch, front, { image, words: ['--verity-root', made.root] });
    t.match(mounted.said.stdout, /checked by dm-verity \(pinned\)/);

    const victim = 'file-5';
    const at = startOf(victim);
    t.ok(at > 0, `${victim} starts at byte ${at}`);
    flip(image, at);
    const block = Math.floor(at / BLOCK);
    const touched = (name: string): boolean => {
      const start = startOf(name);
      return start < (block + 1) * BLOCK && start + files[name]!.length > block * BLOCK;
    };
    const damaged = await readAll(front, mounted.mountpoint);
    for (const [name, content] of damaged) {
      if (touched(name)) t.match(content, /Input\/output error/, `${name} lies in the changed block`);
      else t.same(content, Buffer.from(files[name]!), `${name} does not`);
    }
    t.match(readFileSync(mounted.log, 'utf8'), new RegExp(`data block ${block} `), 'the log names the block');

    flip(image, at);
    const mended = await readAll(front, mounted.mountpoint);
    for (const [name, content] of mended) t.same(content, Buffer.from(files[name]!), `${name}, mended`);
    await mounted.unmountFromOutside();
    t.same(await remains(mounted.mountpoint), []);
  });
}

async function refusal(
  front: FrontEnd,
  image: string,
  words: readonly string[],
  options: readonly string[] = [],
) {
  const mountpoint = scratch.folder(front.user, 'mountpoint');
  const log = `${scratch.folder(front.user, 'log')}/mount.log`;
  const ended = await erofs(mountWords(front, { image, words, options }, mountpoint, log), {
    user: front.user,
  });
  return { ...ended, remains: await remains(mountpoint) };
}

t.test('what cannot be proven is not mounted', { skip: devFuseRoot.missing ?? false }, async (t) => {
  const image = scratch.file('refused.erofs', made.bytes);
  const other = made.root.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
  const cases: [readonly string[], readonly string[], RegExp][] = [
    [['--verity-root', other], [], /does not match its sha256 digest/],
    [[], [`verity_root=${other}`], /does not match its sha256 digest/],
    [['--require-verity'], [], /nothing proves its bytes, and a proof is required/],
    [[], ['require_verity'], /nothing proves its bytes, and a proof is required/],
    [['--digest', `sha256:${'00'.repeat(32)}`], [], /its fs-verity digest is sha256:/],
    [
      ['--driver', 'kernel', '--verity-root', made.root],
      [],
      /does not check .* against its dm-verity hashes/,
    ],
  ];
  for (const [words, options, message] of cases) {
    const front = words.includes('kernel') ? { ...devFuseRoot, words: [] } : devFuseRoot;
    const ended = await refusal(front, image, words, options);
    t.equal(ended.status, 1, describeRun(ended));
    t.match(ended.stderr, message);
    t.equal(ended.stderr.trimEnd().split('\n').length, 1, 'one line');
    t.same(ended.remains, []);
  }
});

t.test(
  '--driver auto leaves the kernel alone where a sidecar vouches',
  { skip: devFuseRoot.missing ?? false },
  async (t) => {
    const image = scratch.file('sidecar.erofs', made.bytes);
    writeFileSync(`${image}.dmverity`, JSON.stringify({ roothash: made.root, hashoffset: made.hashOffset }));
    const mounted = await mount(scratch, { ...devFuseRoot, words: [] }, { image });
    t.equal(mounted.line.type, 'fuse.erofs');
    t.match(mounted.said.stderr, /integrity, not authenticity/);
    await mounted.unmountFromOutside();
    t.same(await remains(mounted.mountpoint), []);
  },
);
