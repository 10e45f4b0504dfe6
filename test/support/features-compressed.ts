/** What compressed inodes tell of the features that an image uses: their indexes as stored, and their extents. */
import { roundUp } from '../../src/erofs-reader/bytes.js';
import type { CodedExtent, Extent } from '../../src/erofs-reader/extent.js';
import type { ErofsImage } from '../../src/erofs-reader/image.js';
import type { Inode } from '../../src/erofs-reader/inode.js';
import {
  ALGORITHM_NAMES,
  type Algorithm,
  FEATURE_INCOMPAT,
  Layout,
  Lcluster,
  Z_ADVISE,
} from '../../src/erofs-reader/layout.js';
import { CompactIndex } from '../../src/erofs-reader/lcluster-compact.js';
import { FullIndex } from '../../src/erofs-reader/lcluster-full.js';
import { decodeMapHeader, MAP_HEADER_SIZE, type MapHeader } from '../../src/erofs-reader/map-header.js';
import type { Feature, Found } from './features.js';

const WHOLE_FRAGMENT = 0x80;

export class PclusterFeatures {
  readonly #image: ErofsImage;
  readonly #found: Found;
  /** the algorithms of files, and of the metabox */
  readonly #ofData = new Set<Algorithm>();
  readonly #ofMetabox = new Set<Algorithm>();
  readonly #places = new Set<string>();

  constructor(image: ErofsImage, found: Found) {
    this.#image = image;
    this.#found = found;
  }

  /** Looks at an inode that may be compressed or not. */
  add(inode: Inode): void {
    const isFull = inode.layout === Layout.COMPRESSED_FULL;
    if (inode.size === 0 || !(isFull || inode.layout === Layout.COMPRESSED_COMPACT)) return;
    const offset = roundUp(inode.end, 8);
    const view = this.#image.metadata(inode.inMetabox, offset, MAP_HEADER_SIZE, {});
    if (inode.inMetabox) this.#found.add('compression indexes in the metabox');
    if (view.getUint8(7) & WHOLE_FRAGMENT) {
      this.#found.add('fragments: whole files in the packed inode');
      return;
    }
    const header = decodeMapHeader(view, offset, this.#image.geometry.blockSize);
    if (isFull && header.advise & Z_ADVISE.EXTENTS) this.#addRecords(header);
    else this.#addIndex(inode, header);
    const { mapper } = this.#image.data(inode);
    for (let position = 0; position < inode.size; ) {
      const extent = mapper.map(position, inode.size);
      this.#addExtent(inode, header, extent);
      position = extent.start + extent.length;
    }
  }

  /** What only all inodes together show. */
  end(): void {
    const used = new Set([...this.#ofData, ...this.#ofMetabox]);
    if (used.size > 1) this.#found.add('two algorithms in one image');
    const isOther = [...this.#ofMetabox].some((algorithm) => !this.#ofData.has(algorithm));
    if (isOther && this.#ofData.size > 0) this.#found.add('metabox of another algorithm than the data');
  }

  #addRecords({ advise, lclusterSize }: MapHeader): void {
    const size = 4 << ((advise >> 1) & 3);
    this.#found.add(`encoded extents, records of ${size} bytes` as Feature);
    if (size <= 8 && lclusterSize > this.#image.geometry.blockSize)
      this.#found.add('logical clusters of several blocks');
  }

  #addIndex(inode: Inode, header: MapHeader): void {
    const { lclusterSize } = header;
    if (lclusterSize > this.#image.geometry.blockSize) this.#found.add('logical clusters of several blocks');
    const isFull = inode.layout === Layout.COMPRESSED_FULL;
    const index = isFull
      ? new FullIndex(this.#image, inode, header)
      : new CompactIndex(this.#image, inode, header);
    if (isFull) this.#found.add('full index');
    else this.#addPacks(inode, header);
    for (let n = 0; n < index.count; n++) {
      index.load(n);
      if (index.type === Lcluster.HEAD2) this.#found.add('second algorithm of a file (HEAD2)');
    }
  }

  /** Packs of 2 bytes an entry begin at a border of 32 bytes, and are used where 16 entries are left there. */
  #addPacks({ size }: Inode, { advise, offset }: MapHeader): void {
    const entries = Math.ceil(size / this.#image.geometry.blockSize);
    const before = (((32 - ((offset + MAP_HEADER_SIZE) % 32)) % 32) / 4) | 0;
    const packs = advise & Z_ADVISE.COMPACTED_2B ? Math.floor((entries - before) / 16) : 0;
    if (packs > 0) this.#found.add('compact index, 2 bytes an entry');
    if (packs <= 0 || entries > packs * 16) this.#found.add('compact index, 4 bytes an entry');
  }

  #addExtent(inode: Inode, { advise }: MapHeader, extent: Extent): void {
    const { blockSize } = this.#image.geometry;
    const found = this.#found;
    switch (extent.kind) {
      case 'hole':
        found.add('encoded extents: holes');
        break;
      case 'fragment':
        found.add('fragments: ends of files in the packed inode');
        break;
      case 'inline':
        found.add('tail-packed pclusters, plain');
        break;
      case 'raw': {
        const isRotated = advise & Z_ADVISE.INTERLACED_PCLUSTER && extent.start % blockSize !== 0;
        found.add(isRotated ? 'plain pclusters, interlaced' : 'plain pclusters');
        break;
      }
      case 'coded':
        this.#addPcluster(inode, extent);
    }
  }

  #addPcluster(inode: Inode, extent: CodedExtent): void {
    const { blockSize, featureIncompat, metaboxNid } = this.#image.geometry;
    const { device, offset, encodedLength, algorithm } = extent;
    const found = this.#found;
    const isMetabox = inode.nid === metaboxNid;
    (isMetabox ? this.#ofMetabox : this.#ofData).add(algorithm);
    if (isMetabox) found.add('compressed metabox');
    found.add(ALGORITHM_NAMES[algorithm]);
    if (device === undefined) {
      found.add(inode.inMetabox ? 'tail-packed pclusters in the metabox' : 'tail-packed pclusters');
      return;
    }
    if (device > 0) found.add('pclusters on another device');
    if (offset % blockSize !== 0 || encodedLength % blockSize !== 0) found.add('pclusters at any byte');
    else found.add(encodedLength > blockSize ? 'pclusters of several blocks' : 'pclusters of one block');
    const isPadded = featureIncompat & FEATURE_INCOMPAT.ZERO_PADDING;
    found.add(isPadded ? 'padding in front (0padding)' : 'padding behind (LZ4 before 0padding)');
    if (extent.partial) found.add('deduplication: extents that take a part');
    const place = `${device}:${offset}`;
    if (this.#places.has(place)) found.add('deduplication: pclusters that extents share');
    this.#places.add(place);
  }
}
