/** The ways in which one tree is made into an image, and the same for squashfs where it has the like. */

export interface Variant {
  readonly name: string;
  /** for people */
  readonly title: string;
  /** of mkfs.erofs */
  readonly erofs: readonly string[];
  /** of mksquashfs; undefined where nothing corresponds */
  readonly squashfs?: readonly string[];
  /** the image must have a packed inode: older mkfs.erofs take -Efragments, and ignore it */
  readonly packs?: true;
}

export const VARIANTS = {
  plain: {
    name: 'plain',
    title: 'plain',
    erofs: [],
    squashfs: ['-noI', '-noD', '-noF', '-noX'],
  },
  'lz4hc-4k': {
    name: 'lz4hc-4k',
    title: 'LZ4HC 4 KiB',
    erofs: ['-zlz4hc', '-C4096'],
    squashfs: ['-comp', 'lz4', '-Xhc', '-b', '4K'],
  },
  'lz4hc-64k': {
    name: 'lz4hc-64k',
    title: 'LZ4HC 64 KiB',
    erofs: ['-zlz4hc', '-C65536'],
    squashfs: ['-comp', 'lz4', '-Xhc', '-b', '64K'],
  },
  'zstd-64k': {
    name: 'zstd-64k',
    title: 'zstd 64 KiB',
    erofs: ['-zzstd', '-C65536'],
    squashfs: ['-comp', 'zstd', '-b', '64K'],
  },
  fragments: {
    name: 'fragments',
    title: 'LZ4HC 64 KiB, fragments, dedupe',
    erofs: ['-zlz4hc', '-C65536', '-Efragments,dedupe'],
    packs: true,
  },
} as const satisfies Record<string, Variant>;

export type VariantName = keyof typeof VARIANTS;
