/** One opened EROFS image: its geometry, where its bytes are, and its special inodes. */
import { type ByteView, hex, METABOX_NID, nidName } from './bytes.js';
import { DeviceMap } from './devices.js';
import { corrupt, ErofsError, type ErofsErrorPlace } from './errors.js';
import { createMapper, type ExtentMapper } from './extent.js';
import { type Inode, isType, readInode } from './inode.js';
import { FEATURE_INCOMPAT, S_IFDIR, S_IFREG } from './layout.js';
import { type DecodedExtents, PclusterDecoder } from './pcluster.js';
import { readData } from './read.js';
import { type Geometry, readSuperblock } from './superblock.js';
import { readXattrPrefixes, type XattrPrefix } from './xattr-prefix.js';

/** An inode whose data can be read. */
export interface DataNode {
  readonly inode: Inode;
  readonly mapper: ExtentMapper;
}

export interface ImageOptions {
  /** where decoded pclusters may be kept; without it each is decoded again */
  readonly decoded?: DecodedExtents;
  /** go on where the image is shorter than its superblock says */
  readonly allowTruncated?: boolean;
}

export class ErofsImage {
  readonly geometry: Geometry;
  readonly bytes: ByteView;
  readonly devices: DeviceMap;
  readonly decoder: PclusterDecoder;
  #packed: DataNode | undefined;
  #metabox: DataNode | undefined;
  #xattrPrefixes: readonly XattrPrefix[] | undefined;

  /**
   * Reads and checks what a mount depends on: superblock, device table, root, packed and metabox inodes.
   * Throws 'not-erofs', 'corrupt', 'unsupported', 'truncated', 'missing-device', Miss.
   */
  constructor(bytes: ByteView, options: ImageOptions = {}) {
    this.bytes = bytes;
    this.geometry = readSuperblock(bytes);
    const { blocks, blockSize, featureIncompat, devices, rootNid, packedNid, metaboxNid } = this.geometry;
    const size = bytes.sizes[0]!;
    if (blocks * blockSize > size && options.allowTruncated !== true) {
      throw new ErofsError(
        'truncated',
        `the image is truncated: ${size} bytes, its superblock says ${blocks * blockSize}; fetch or copy it again, or use what is there with --allow-truncated (mount: -o allow_truncated)`,
      );
    }
    this.devices = new DeviceMap(devices, bytes.sizes.length - 1, blockSize, size);
    const zeroPadding = (featureIncompat & FEATURE_INCOMPAT.ZERO_PADDING) !== 0;
    this.decoder = new PclusterDecoder(this, zeroPadding, options.decoded);
    if (packedNid !== undefined) this.packed();
    if (metaboxNid !== undefined) this.metabox();
    const root = readInode(this, rootNid);
    if (!isType(root, S_IFDIR)) {
      throw corrupt(`root inode ${nidName(rootNid)}: mode ${root.mode.toString(8)} is no directory`, {
        nid: rootNid,
      });
    }
  }

  /** Bytes of an inode's metadata place (erofs-format §4). Borrowed until the operation ends. */
  metadata(inMetabox: boolean, offset: number, length: number, place: ErofsErrorPlace): DataView {
    if (inMetabox) return this.#metaboxView(offset, length, place);
    const size = this.bytes.sizes[0]!;
    if (offset + length > size) {
      const what = `metadata at ${hex(offset)} + ${length} bytes lies beyond the image's ${size} bytes`;
      const { blocks, blockSize } = this.geometry;
      throw size < blocks * blockSize
        ? new ErofsError('truncated', what, { offset, ...place })
        : corrupt(place.nid === undefined ? what : `inode ${nidName(place.nid)}: ${what}`, {
            offset,
            ...place,
          });
    }
    return this.bytes.view(0, offset, length);
  }

  #metaboxView(offset: number, length: number, place: ErofsErrorPlace): DataView {
    const bytes = new Uint8Array(length);
    if (readData(this, this.metabox({ offset, ...place }), offset, bytes) < length) {
      throw corrupt(`metadata at ${hex(offset)} + ${length} bytes lies beyond the metabox`, {
        offset,
        ...place,
      });
    }
    return new DataView(bytes.buffer);
  }

  inode(nid: number): Inode {
    return readInode(this, nid);
  }

  data(inode: Inode): DataNode {
    return { inode, mapper: createMapper(this, inode) };
  }

  /** The inode whose data holds fragments; `place` is who asks. Throws 'corrupt' where the image has none. */
  packed(place: ErofsErrorPlace = {}): DataNode {
    const { packedNid } = this.geometry;
    if (packedNid === undefined) throw corrupt('a fragment in an image without a packed inode', place);
    this.#packed ??= this.#specialNode('packed', packedNid);
    return this.#packed;
  }

  /** The inode whose data holds metadata; `place` is who asks. Throws 'corrupt' where the image has none. */
  metabox(place: ErofsErrorPlace = {}): DataNode {
    const { metaboxNid } = this.geometry;
    if (metaboxNid === undefined) throw corrupt('a metabox nid in an image without a metabox', place);
    this.#metabox ??= this.#specialNode('metabox', metaboxNid);
    return this.#metabox;
  }

  #specialNode(name: string, nid: number): DataNode {
    const inode = readInode(this, nid);
    if (!isType(inode, S_IFREG)) {
      throw corrupt(`${name} inode ${nid}: mode ${inode.mode.toString(8)} is no regular file`, { nid });
    }
    return this.data(inode);
  }

  xattrPrefixes(): readonly XattrPrefix[] {
    this.#xattrPrefixes ??= readXattrPrefixes(this);
    return this.#xattrPrefixes;
  }

  /** st_ino as Linux shows it (erofs-format §4). */
  ino(nid: number): number {
    if (this.geometry.metaboxNid === undefined) return nid;
    const inMetabox = nid >= METABOX_NID;
    const plain = inMetabox ? nid - METABOX_NID : nid;
    const high = Math.floor(plain / 0x8000_0000);
    return high * 0x1_0000_0000 + (plain % 0x8000_0000) + (inMetabox ? 0x8000_0000 : 0);
  }
}
