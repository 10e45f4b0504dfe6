import { type WrittenImage, writeImage } from '../support/image-writer.js';
import {
  type DirectoryFields,
  directory,
  type Entries,
  file,
  type NodeSpec,
} from '../support/image-writer-node.js';
import { addingTo, type DamageCase, type DamagedImage } from './damage-case.js';

export const damagedDirectories: DamageCase[] = [];
const damage = addingTo(damagedDirectories);

/** An image of one directory at /d whose bytes are edited after it was written. */
function ofDirectory(
  message: RegExp,
  edit: (block: DataView, image: WrittenImage, d: NodeSpec) => void,
  { entries = { one: file('1'), two: file('2') }, fields = {} as DirectoryFields } = {} as {
    entries?: Entries;
    fields?: DirectoryFields;
  },
): DamagedImage {
  const d = directory(entries, { inline: true, ...fields });
  const image = writeImage({ root: directory({ d, e: file('after') }), metaBlock: 1 });
  const start = image.offset(d) + INODE_SIZE;
  const bytes = new Uint8Array(256);
  image.bytes.read(bytes, start);
  edit(new DataView(bytes.buffer), image, d);
  image.bytes.write(start, bytes);
  return { source: image.bytes.source(), path: '/d', nid: image.nid(d), message };
}

/** The writer's inodes are extended. */
const INODE_SIZE = 64;
const DIRENT_SIZE = 12;

/** The order of `ofDirectory`'s entries, by bytes. */
const Entry = { dot: 0, dotDot: 1, one: 2, two: 3 } as const;

const nameAt = (block: DataView, entry: number): number => block.getUint16(entry * DIRENT_SIZE + 8, true);

for (const nameoff of [0, 13, 0xffff]) {
  damage('bad-directory', `first nameoff ${nameoff}`, () =>
    ofDirectory(/first nameoff/, (block) => block.setUint16(8, nameoff, true), { entries: {} }),
  );
}

damage('bad-directory', 'a last name beyond the block', () =>
  ofDirectory(/entry 1: name at bytes 65520/, (block) => block.setUint16(DIRENT_SIZE + 8, 0xfff0, true), {
    entries: {},
  }),
);

damage('bad-extent', 'directory blocks that are not there', () => {
  const d = directory({}, { patch: (inode) => inode.setUint32(16, 0xffffff, true) });
  const image = writeImage({ root: directory({ d }) });
  const message = /data at 0xffffff000 \+ 27 bytes, the image has/;
  return { source: image.bytes.source(), path: '/d', nid: image.nid(d), message };
});

damage('directory-twice', 'a directory that contains itself', () => {
  const edit = (block: DataView, image: WrittenImage, d: NodeSpec) => {
    block.setBigUint64(Entry.one * DIRENT_SIZE, BigInt(image.nid(d)), true);
    block.setUint8(Entry.one * DIRENT_SIZE + 10, 2);
  };
  const made = ofDirectory(/the directory contains itself/, edit, { entries: { one: { toNid: 0n } } });
  return { ...made, path: '/d/one' };
});

damage('directory-twice', 'a directory with two parents', () => {
  const shared = directory();
  const image = writeImage({ root: directory({ a: shared, b: directory({ again: shared }) }) });
  const message = /the directory has a second name/;
  return { source: image.bytes.source(), path: '/b/again', nid: image.nid(shared), message };
});

damage('unsorted-names', 'two names the other way round', () =>
  ofDirectory(/entry 3: "ane" behind "one"/, (block) => {
    block.setUint8(nameAt(block, Entry.two), 0x61);
    block.setUint8(nameAt(block, Entry.two) + 1, 0x6e);
    block.setUint8(nameAt(block, Entry.two) + 2, 0x65);
  }),
);

damage('duplicate-name', 'one name twice', () =>
  ofDirectory(/entry 3: "one"/, (block) => {
    for (const [i, byte] of Buffer.from('one').entries()) block.setUint8(nameAt(block, Entry.two) + i, byte);
  }),
);

damage('bad-name', 'a slash', () =>
  ofDirectory(/entry 2: name with a slash, "o\/e"/, (block) =>
    block.setUint8(nameAt(block, Entry.one) + 1, 0x2f),
  ),
);

damage('bad-name', 'a NUL', () =>
  ofDirectory(/entry 2: name with a NUL/, (block) => block.setUint8(nameAt(block, Entry.one) + 1, 0)),
);

damage('bad-name', '256 bytes', () =>
  ofDirectory(/name of 256 bytes/, () => {}, { entries: { ['n'.repeat(256)]: file('1') } }),
);

damage('bad-nid', 'a nid of 2^62', () =>
  ofDirectory(
    /entry 1: nid 4611686018427387904 is outside/,
    (block) => block.setBigUint64(DIRENT_SIZE, 1n << 62n, true),
    { entries: {} },
  ),
);

damage('bad-dot', '".." to the directory itself', () =>
  ofDirectory(/"\.\." leads to inode \d+, expected/, (block, image, d) =>
    block.setBigUint64(DIRENT_SIZE, BigInt(image.nid(d)), true),
  ),
);

damage('bad-dot', '"." missing', () =>
  ofDirectory(
    /"\." is missing/,
    (_, image, d) => {
      // DOT_OMITTED taken away
      image.bytes.write(image.offset(d), Uint8Array.of(0x05));
    },
    { fields: { dotOmitted: true } },
  ),
);

damage('file-type', 'a directory that says it is a file', () => {
  const made = ofDirectory(/file_type 5 in the directory, the mode 100644 wants 1/, (block) =>
    block.setUint8(Entry.one * DIRENT_SIZE + 10, 5),
  );
  return { ...made, path: '/d/one', nid: undefined as never };
});

damage('dirent-reserved', 'the reserved byte', () =>
  ofDirectory(/entry 2: reserved byte 9/, (block) => block.setUint8(Entry.one * DIRENT_SIZE + 11, 9)),
);
