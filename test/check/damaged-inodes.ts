import { writeImage } from '../support/image-writer.js';
import { flat } from '../support/image-writer-body.js';
import { directory, fifo, file, symlink } from '../support/image-writer-node.js';
import { XattrIndex, xattr } from '../support/image-writer-xattr.js';
import { addingTo, type DamageCase, ofFile } from './damage-case.js';

export const damagedInodes: DamageCase[] = [];
const damage = addingTo(damagedInodes);

const badInodes: Readonly<Record<string, readonly [(inode: DataView) => void, RegExp]>> = {
  'data layout 7': [(i) => i.setUint8(0, (i.getUint8(0) & 1) | (7 << 1)), /unknown data layout 7/],
  'unknown i_format bits': [(i) => i.setUint16(0, 0xffff, true), /unknown i_format 0xffff/],
  'no file type': [(i) => i.setUint16(4, 0, true), /mode 0 has no file type/],
  'a negative size': [(i) => i.setBigUint64(8, 1n << 63n, true), /i_size is negative/],
  'a size beyond 2^53': [(i) => i.setBigUint64(8, 1n << 62n, true), /i_size is 0x4000000000000000/],
};
for (const [what, [patch, message]] of Object.entries(badInodes)) {
  damage('bad-inode', what, () => ofFile(file('x', { patch }), message));
}

damage('bad-inode', 'a nid beyond the image', () => {
  const image = writeImage({ root: directory({ x: { toNid: 1_000_000n } }) });
  return { source: image.bytes.source(), path: '/x', nid: 1_000_000, message: /beyond the image's/ };
});

damage('inode-overlap', 'an inode in the xattrs of another', () => {
  const inner = file('inner', { nid: 70 });
  const outer = file(flat(''), { nid: 65, xattrs: [xattr(XattrIndex.user, 'a', new Uint8Array(96))] });
  const image = writeImage({ root: directory({ outer, inner }) });
  const [source, nid] = [image.bytes.source(), image.nid(inner)];
  return { source, path: '/inner', nid, message: /metadata at 0x8c0 to .* lies on metadata at 0x820/ };
});

damage('nlink-zero', 'no links', () => ofFile(file('x', { nlink: 0 }), /no links, but a name/));

damage('nlink-mismatch', 'a file with more links than names', () =>
  ofFile(file('x', { nlink: 3 }), /3 links, 1 were found/),
);

damage('nlink-mismatch', 'a directory with more links than directories below', () =>
  ofFile(directory({}, { nlink: 7 }), /7 links, 2 were found/),
);

damage('mtime-nanoseconds', 'a second or more of nanoseconds', () =>
  ofFile(file('x', { nanoseconds: 1_000_000_000 }), /mtime has 1000000000 nanoseconds/),
);

damage('inode-reserved', 'reserved bytes in use', () =>
  ofFile(file('x', { patch: (inode) => inode.setUint8(60, 1) }), /the reserved bytes at 60 are not zero/),
);

damage('special-file-size', 'a fifo with a size', () =>
  ofFile(fifo({ patch: (inode) => inode.setUint32(8, 5, true) }), /5 bytes in a device, fifo or socket/),
);

damage('bad-symlink', 'an empty target', () => ofFile(symlink(''), /target of 0 bytes/));
damage('bad-symlink', 'a NUL in the target', () => ofFile(symlink('a\0b'), /NUL in the target/));
damage('bad-symlink', 'a target that is no path', () =>
  ofFile(symlink(flat(new Uint8Array(5000).fill(0x61))), /target of 5000 bytes/),
);
