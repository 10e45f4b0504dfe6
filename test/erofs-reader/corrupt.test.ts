/** Bytes that contradict the format: an ErofsError for what they belong to, and nothing else. */
import t from 'tap';
import { isMiss } from '../../src/erofs-reader/bytes.js';
import { ErofsError } from '../../src/erofs-reader/errors.js';
import { type OpenedImage, openSources } from '../../src/open.js';
import type { NodeId } from '../../src/tree/tree.js';
import { MemorySource } from '../support/memory-source.js';
import { Random } from '../support/random.js';
import { imageBytes, sealed } from '../support/superblock.js';

const encode = (text: string) => new TextEncoder().encode(text);

async function opened(bytes: Uint8Array, options = {}): Promise<OpenedImage> {
  return openSources([new MemorySource(bytes)], options);
}

function nodeAt({ tree }: OpenedImage, path: string): NodeId {
  let node = tree.root;
  for (const name of path.split('/')) node = tree.lookup(node, encode(name))!;
  return node;
}

/** Opens a fixture after `change` was made at the inode of `path`. */
async function withInode(
  name: string,
  path: string,
  change: (inode: DataView) => void,
): Promise<{ image: OpenedImage; node: NodeId }> {
  const bytes = imageBytes(name);
  const before = await opened(bytes);
  const node = nodeAt(before, path);
  change(new DataView(bytes.buffer, before.image.geometry.metaOffset + node * 32));
  return { image: await opened(sealed(bytes)), node };
}

const READ = new Uint8Array(1 << 20);

const inodes: { what: string; change: (inode: DataView) => void; code: string; message: RegExp }[] = [
  {
    what: 'unknown i_format bits',
    change: (i) => i.setUint16(0, 0xffff, true),
    code: 'unsupported',
    message: /i_format 0xffff/,
  },
  {
    what: 'data layout 7',
    change: (i) => i.setUint8(0, (i.getUint8(0) & 1) | (7 << 1)),
    code: 'unsupported',
    message: /data layout 7/,
  },
  {
    what: 'mode 0',
    change: (i) => i.setUint16(4, 0, true),
    code: 'corrupt',
    message: /mode 0 has no file type/,
  },
];

for (const { what, change, code, message } of inodes) {
  t.test(`an inode with ${what}`, async (t) => {
    const { image, node } = await withInode('plain', 'sizes/text-8193', change);
    t.throws(() => image.tree.getattr(node), { name: 'ErofsError', code, message, nid: node });
    t.ok(image.tree.getattr(nodeAt(image, 'sizes/text-8192')), 'the next file is as before');
  });
}

t.test('a negative size', async (t) => {
  const { image, node } = await withInode('plain-extended', 'sizes/text-8193', (inode) =>
    inode.setBigUint64(8, 1n << 63n, true),
  );
  t.throws(() => image.tree.getattr(node), { code: 'corrupt', message: /i_size is negative/ });
});

t.test('a size far beyond the image is an error where the bytes end, not zeros', async (t) => {
  const { image, node } = await withInode('plain-extended', 'sizes/text-65536', (inode) => {
    inode.setBigUint64(8, 1n << 50n, true);
    inode.setUint16(0, 1, true);
  });
  t.throws(() => image.tree.read(node, 2 ** 49, READ), { code: 'truncated' });
});

t.test('block addresses beyond the image', async (t) => {
  const { image, node } = await withInode('plain', 'sizes/text-65536', (inode) =>
    inode.setUint32(16, 0x00ff_ffff, true),
  );
  t.throws(() => image.tree.read(node, 0, READ), { code: 'truncated', message: /ends at byte 1380352/ });
});

t.test('an inline tail that crosses a block', async (t) => {
  const { image, node } = await withInode('plain', 'sizes/text-12345', (inode) =>
    inode.setUint32(8, 12288 + 4096, true),
  );
  t.throws(() => image.tree.read(node, 0, READ), { code: 'corrupt', message: /inline tail of 4096 bytes/ });
});

t.test('symlinks without a target, too long, or with a NUL', async (t) => {
  for (const [size, message] of [
    [0, /target of 0 bytes/],
    [0x7fff_ffff, /target of 2147483647 bytes/],
  ] as const) {
    const { image, node } = await withInode('plain', 'sym-short', (inode) => inode.setUint32(8, size, true));
    t.throws(() => image.tree.readlink(node), { code: 'corrupt', message });
  }
  const bytes = imageBytes('plain');
  const { image } = await opened(bytes);
  const inode = image.inode(nodeAt(await opened(bytes), 'sym-short'));
  bytes[inode.end + 3] = 0;
  const changed = await opened(sealed(bytes));
  t.throws(() => changed.tree.readlink(inode.nid), { code: 'corrupt', message: /NUL in the target/ });
});

t.test('xattr bodies that lie', async (t) => {
  const beyond = await withInode('plain', 'xattr/user', (inode) => inode.setUint16(2, 0xffff, true));
  t.throws(() => beyond.image.tree.listxattr(beyond.node), { code: 'corrupt' });
  const bytes = imageBytes('plain');
  const first = await opened(bytes);
  const { nid, xattrOffset } = first.image.inode(nodeAt(first, 'xattr/acl'));
  bytes[xattrOffset + 4] = 255;
  const shared = await opened(sealed(bytes));
  t.throws(() => shared.tree.listxattr(nid), { code: 'corrupt', message: /255 shared xattrs in a body/ });
  bytes[xattrOffset + 4] = 0;
  bytes.set([255, 1, 255, 255], xattrOffset + 12);
  const second = await opened(sealed(bytes));
  t.throws(() => second.tree.listxattr(nid), { code: 'corrupt', message: /leaves the body/ });
});

t.test('directories that lie', async (t) => {
  const change = async (edit: (block: DataView) => void) => {
    const bytes = imageBytes('plain');
    const before = await opened(bytes);
    const node = nodeAt(before, 'sizes');
    const extent = before.image.data(before.image.inode(node)).mapper.map(0, 1);
    edit(new DataView(bytes.buffer, (extent as { offset: number }).offset));
    const reports: Error[] = [];
    const image = await openSources([new MemorySource(bytes)], {}, (problem) => reports.push(problem));
    return { tree: image.tree, node, reports };
  };
  for (const nameoff of [0, 11, 13, 0xffff]) {
    const { tree, node } = await change((block) => block.setUint16(8, nameoff, true));
    t.throws(() => tree.readdir(node, 0, () => true), { code: 'corrupt', message: /first nameoff/ });
    t.throws(() => tree.lookup(node, encode('text-1')), { code: 'corrupt', message: /first nameoff/ });
  }
  const outside = await change((block) => block.setUint16(20, 0xfff0, true));
  t.throws(() => outside.tree.readdir(outside.node, 0, () => true), {
    code: 'corrupt',
    message: /name at bytes/,
  });

  for (const [byte, message] of [
    [0x2f, /name with a slash/],
    [0x00, /name with a NUL/],
  ] as const) {
    const { tree, node, reports } = await change((block) => {
      block.setUint8(block.getUint16(8 + 12 * 4, true) + 1, byte);
    });
    let listed = 0;
    tree.readdir(node, 0, () => {
      listed++;
      return true;
    });
    t.equal(reports.length, 1, 'reported');
    t.match(reports[0]?.message, message);
    t.equal(listed, 27 + 7 + 2 - 1, 'the other names are there');
  }
});

t.test('a nid outside any image costs its entry alone', async (t) => {
  const bytes = imageBytes('plain');
  const before = await opened(bytes);
  const node = nodeAt(before, 'sizes');
  const { offset } = before.image.data(before.image.inode(node)).mapper.map(0, 1) as { offset: number };
  new DataView(bytes.buffer, offset).setUint32(12 * 4 + 4, 0x7fff_ffff, true);
  const reports: Error[] = [];
  const { tree } = await openSources([new MemorySource(bytes)], {}, (problem) => reports.push(problem));
  const names: string[] = [];
  tree.readdir(node, 0, ({ name }) => {
    names.push(Buffer.from(name).toString());
    return true;
  });
  t.equal(names.length, 27 + 7 + 2 - 1, 'the other names are there');
  t.match(reports, [{ code: 'corrupt', nid: node, message: /nid outside any image/ }]);
  const all: string[] = [];
  before.tree.readdir(node, 0, ({ name }) => {
    all.push(Buffer.from(name).toString());
    return true;
  });
  const lost = all.find((name) => !names.includes(name))!;
  t.throws(() => tree.lookup(node, encode(lost)), { code: 'corrupt', message: /outside any image/ });
});

t.test('a pcluster whose bytes cannot be decoded', async (t) => {
  const bytes = imageBytes('lz4');
  const before = await opened(bytes);
  const node = nodeAt(before, 'data/text.bin');
  const extent = before.image.data(before.image.inode(node)).mapper.map(0, 1) as { offset: number };
  bytes.fill(0xff, extent.offset, extent.offset + 4096);
  const { tree } = await opened(bytes);
  t.throws(() => tree.read(node, 0, READ), {
    code: 'undecodable',
    nid: node,
    offset: extent.offset,
    message: /pcluster of 4096 bytes at 0x[0-9a-f]+: LZ4/,
  });
  bytes.fill(0, extent.offset, extent.offset + 4096);
  t.throws(() => tree.read(node, 0, READ), { code: 'undecodable', message: /all zeros/ });
});

t.test('a truncated image never reads as zeroes', async (t) => {
  for (const name of ['plain', 'lz4', 'chunk4k', 'lz4-fragments']) {
    const whole = imageBytes(name);
    const { tree: good, image } = await opened(whole);
    const cut = await opened(whole.slice(0, whole.length / 2), { allowTruncated: true });
    let failed = 0;
    for (const { node, size } of await files(good)) {
      const [expected, actual] = [new Uint8Array(size), new Uint8Array(size)];
      good.read(node, 0, expected);
      try {
        cut.tree.read(node, 0, actual);
        if (Buffer.compare(expected, actual) !== 0) t.fail(`${name}: inode ${node} has other bytes`);
      } catch (error) {
        failed++;
        if ((error as ErofsError).code !== 'truncated') t.fail(`${name}: ${(error as Error).message}`);
      }
    }
    t.ok(failed > 0, `${name}: ${failed} files beyond the cut of ${image.geometry.inodes}`);
  }
});

async function files(tree: OpenedImage['tree']): Promise<{ node: NodeId; size: number }[]> {
  const found: { node: NodeId; size: number }[] = [];
  visit(tree, tree.root, new Set(), (node) => {
    const { mode, size } = tree.getattr(node);
    if ((mode & 0o170000) === 0o100000) found.push({ node, size });
  });
  return found;
}

function visit(
  tree: OpenedImage['tree'],
  node: NodeId,
  met: Set<NodeId>,
  call: (node: NodeId) => void,
): void {
  if (met.has(node) || met.size > 3000) return;
  met.add(node);
  call(node);
  if ((tree.getattr(node).mode & 0o170000) !== 0o040000) return;
  const children: NodeId[] = [];
  tree.readdir(node, 0, (entry) => children.push(entry.node) < 3000);
  for (const child of children) visit(tree, child, met, call);
}

t.test('flipped bytes give ErofsErrors or bytes, never another error, a Miss or a hang', async (t) => {
  const random = new Random(2026);
  let errors = 0;
  for (const name of ['plain', 'lz4', 'lz4-fragments', 'chunk16k-b512', '48bit-lz4', 'metabox-lz4']) {
    for (let round = 0; round < 60; round++) {
      const bytes = imageBytes(name);
      bytes[1024 + 8]! &= ~1;
      // Most metadata lies in the last part of these images, but any byte may go.
      for (let flips = 0; flips < 200; flips++)
        bytes[1152 + random.below(bytes.length - 1152)] = random.below(256);
      errors += await readEverything(bytes);
    }
  }
  t.ok(errors > 100, `${errors} errors, all of them ErofsErrors`);
});

/** Returns the number of errors; throws what is none of ours. */
async function readEverything(bytes: Uint8Array): Promise<number> {
  let errors = 0;
  const attempt = (operation: () => void) => {
    try {
      operation();
    } catch (error) {
      if (
        isMiss(error) ||
        (!(error instanceof ErofsError) && (error as { name: string }).name !== 'TreeError')
      ) {
        throw error;
      }
      errors++;
    }
  };
  let image: OpenedImage;
  try {
    image = await opened(bytes);
  } catch (error) {
    if (error instanceof ErofsError) return 1;
    throw error;
  }
  const { tree } = image;
  const met = new Set<NodeId>();
  const walkFrom = (node: NodeId) => {
    if (met.has(node) || met.size > 500) return;
    met.add(node);
    attempt(() => tree.listxattr(node));
    attempt(() => tree.getxattr(node, encode('user.a')));
    attempt(() => tree.readlink(node));
    attempt(() => tree.read(node, 0, READ));
    attempt(() => tree.read(node, 50_000, READ));
    attempt(() => tree.seek(node, 0, 'hole'));
    const children: NodeId[] = [];
    attempt(() => tree.readdir(node, 0, (entry) => children.push(entry.node) < 500));
    for (const child of children) walkFrom(child);
  };
  attempt(() => walkFrom(tree.root));
  return errors;
}
