/** Xattrs of every kind in every place: images that the reader's tests and the mounts' tests share. */
import type { ImageSpec } from './image-writer.js';
import { directory, file } from './image-writer-node.js';
import { padding, prefixed, XattrIndex, type XattrSpec, xattr } from './image-writer-xattr.js';

/** user::rw-, user:1000:r--, group::r--, mask::r--, other::r-- as getxattr(2) gives it. */
export const acl = ((): Uint8Array => {
  const entries: readonly (readonly [tag: number, permissions: number, id: number])[] = [
    [0x01, 6, 0xffff_ffff],
    [0x02, 4, 1000],
    [0x04, 4, 0xffff_ffff],
    [0x10, 4, 0xffff_ffff],
    [0x20, 4, 0xffff_ffff],
  ];
  const view = new DataView(new ArrayBuffer(4 + 8 * entries.length));
  view.setUint32(0, 2, true);
  for (const [n, [tag, permissions, id]] of entries.entries()) {
    view.setUint16(4 + 8 * n, tag, true);
    view.setUint16(6 + 8 * n, permissions, true);
    view.setUint32(8 + 8 * n, id, true);
  }
  return new Uint8Array(view.buffer);
})();

/** The largest that there are: a whole name of 255 bytes, a value of 64 KiB - 1. */
const longName = 'n'.repeat(255 - 'user.'.length);
const bigValue = Uint8Array.from({ length: 65_535 }, (_, i) => (i * 7) & 0xff);

const sharedPlain = xattr(XattrIndex.user, 'shared', 'by two', true);
const sharedPrefixed = prefixed(0, 'shared', 'by prefix', true);

const everything: readonly XattrSpec[] = [
  xattr(XattrIndex.user, 'a', '1'),
  ...padding(12),
  xattr(XattrIndex.aclAccess, '', acl),
  xattr(XattrIndex.trusted, 't', Uint8Array.of(0, 255, 0)),
  xattr(XattrIndex.lustre, 'hidden', 'l'),
  xattr(XattrIndex.security, 'selinux', 'label'),
  prefixed(0, 'p', 'long'),
  prefixed(1, 'fingerprint', 'hidden'),
  prefixed(2, '', 'infix alone'),
  prefixed(3, 'z', ''),
  prefixed(4, 'unknown', 'hidden'),
  xattr(9, 'unknown', 'hidden'),
  sharedPlain,
  sharedPrefixed,
  xattr(XattrIndex.user, longName, 'long name'),
  xattr(XattrIndex.user, 'big', bigValue),
  xattr(XattrIndex.user, 'last', 'behind 64 KiB'),
  ...padding(8),
];

/** What `everything` shows, in on-disk order: inline entries, then shared ones. */
export const shown: readonly (readonly [name: string, value: Uint8Array | string])[] = [
  ['user.a', '1'],
  ['system.posix_acl_access', acl],
  ['trusted.t', Uint8Array.of(0, 255, 0)],
  ['security.selinux', 'label'],
  ['user.long.infix.p', 'long'],
  ['trusted.overlay.', 'infix alone'],
  ['security.x.z', ''],
  [`user.${longName}`, 'long name'],
  ['user.big', bigValue],
  ['user.last', 'behind 64 KiB'],
  ['user.shared', 'by two'],
  ['user.long.infix.shared', 'by prefix'],
];

export const hidden = [
  'lustre.hidden',
  'fingerprint',
  'erofs.fingerprint',
  'user.fingerprint',
  'unknown',
  'user.unknown',
  'user.',
  'user.b',
  'system.posix_acl_default',
  'trusted.a',
  'nothing',
] as const;

/** Where the table of long prefixes stands; with `metabox` the inodes and the shared area are there as well. */
export type PrefixPlace = 'absolute' | 'image' | 'packed' | 'metabox';
export const prefixPlaces: readonly PrefixPlace[] = ['absolute', 'image', 'packed', 'metabox'];

export function xattrImage(place: PrefixPlace, nameFilter: boolean): ImageSpec {
  const fields = { metabox: place === 'metabox' };
  return {
    nameFilter,
    is48Bit: place === 'metabox',
    sharedInMetabox: place === 'metabox',
    ...(place === 'packed' && { packed: new TextEncoder().encode('other data') }),
    prefixes: {
      in: place,
      table: [
        { base: XattrIndex.user, infix: 'long.infix.' },
        { base: 0, infix: 'erofs.' },
        { base: XattrIndex.trusted, infix: 'overlay.' },
        { base: XattrIndex.security, infix: 'x.' },
      ],
    },
    root: directory(
      {
        everything: file('content', { ...fields, xattrs: everything }),
        'shared-alone': file('content', { ...fields, xattrs: [sharedPrefixed, sharedPlain] }),
        'shared-outside': file('content', { xattrs: [sharedPlain] }),
        folder: directory(
          {},
          { ...fields, inline: true, xattrs: [xattr(XattrIndex.aclDefault, '', acl), sharedPlain] },
        ),
        none: file('content', fields),
      },
      fields,
    ),
  };
}
