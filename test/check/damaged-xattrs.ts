import { flat } from '../support/image-writer-body.js';
import { file } from '../support/image-writer-node.js';
import { prefixed, XattrIndex, xattr } from '../support/image-writer-xattr.js';
import { addingTo, type DamageCase, ofFile } from './damage-case.js';

export const damagedXattrs: DamageCase[] = [];
const damage = addingTo(damagedXattrs);

const acl = (version: number, ...entries: readonly (readonly [tag: number, permissions: number])[]) => {
  const view = new DataView(new ArrayBuffer(4 + 8 * entries.length));
  view.setUint32(0, version, true);
  for (const [i, [tag, permissions]] of entries.entries()) {
    view.setUint16(4 + 8 * i, tag, true);
    view.setUint16(6 + 8 * i, permissions, true);
  }
  return new Uint8Array(view.buffer);
};

const user = (name: string) => xattr(XattrIndex.user, name, 'value');

damage('bad-xattr', 'a body that reaches beyond the image', () =>
  ofFile(
    file(flat('x'), { xattrs: [user('a')], patch: (inode) => inode.setUint16(2, 0xffff, true) }),
    /metadata at 0x[0-9a-f]+ \+ 262148 bytes lies beyond the image's/,
  ),
);

damage('bad-xattr', 'a name index that does not exist', () =>
  ofFile(file('x', { xattrs: [xattr(7, 'a', 'b')] }), /name index 7, which the image does not have/),
);

damage('bad-xattr', 'a long prefix that does not exist', () =>
  ofFile(file('x', { xattrs: [prefixed(5, 'a', 'b')] }), /name index 133, which the image does not have/),
);

damage('bad-xattr', 'a name without bytes', () =>
  ofFile(file('x', { xattrs: [xattr(XattrIndex.user, '', 'b')] }), /name of 0 bytes behind prefix 1/),
);

damage('bad-xattr', 'a NUL in a name', () =>
  ofFile(file('x', { xattrs: [user('a\0b')] }), /NUL in the name/),
);

damage('duplicate-xattr', 'one name twice', () =>
  ofFile(file('x', { xattrs: [user('a'), user('b'), user('a')] }), /the inode has this name before/),
);

damage('xattr-filter', 'a filter that hides a name', () =>
  ofFile(
    file('x', { xattrs: [user('foo')], nameFilter: 0xffff_ffff }),
    /the name filter says that it is absent \(bit 12\)/,
    { nameFilter: true },
  ),
);

const badAcls: Readonly<Record<string, readonly [Uint8Array, RegExp]>> = {
  'of version 1': [acl(1, [1, 7]), /of version 1, expected 2/],
  'of a broken length': [acl(2, [1, 7]).subarray(0, 9), /of 9 bytes/],
  'with an unknown tag': [acl(2, [3, 7]), /unknown tag 3/],
  'with tags out of order': [acl(2, [4, 7], [1, 7]), /tag 1 behind tag 4/],
  'with permissions beyond rwx': [acl(2, [1, 8]), /permissions 8/],
};
for (const [what, [value, message]] of Object.entries(badAcls)) {
  damage('bad-acl', what, () =>
    ofFile(file('x', { xattrs: [xattr(XattrIndex.aclAccess, '', value, true)] }), message),
  );
}
