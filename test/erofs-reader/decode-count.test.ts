/**
 * A request decodes the pclusters that hold its bytes, each once, and no other. Which ones those are is worked out
 * here from the mapper alone; nothing decoded is left from the request before. Images with a metabox decode its
 * pclusters on the way, because their metadata lies there: those are counted apart, and none twice either.
 */
import t from 'tap';
import type { ByteView } from '../../src/erofs-reader/bytes.js';
import { readDirectory } from '../../src/erofs-reader/dir.js';
import type { CodedExtent } from '../../src/erofs-reader/extent.js';
import { type DataNode, ErofsImage } from '../../src/erofs-reader/image.js';
import { isType } from '../../src/erofs-reader/inode.js';
import { S_IFDIR, S_IFMT, S_IFREG } from '../../src/erofs-reader/layout.js';
import type { DecodedExtents } from '../../src/erofs-reader/pcluster.js';
import { readData } from '../../src/erofs-reader/read.js';
import { listXattrs } from '../../src/erofs-reader/xattr.js';
import { someFixtures } from '../support/fixture.js';
import { type FoundNode, nodesOf, openFixture } from '../support/opened.js';
import { Random } from '../support/random.js';

/** of random files of a fixture */
const REQUESTS = 2000;
/** bytes decoded, after which a fixture has no more requests: LZMA makes 10 to 20 MB of them a second */
const BUDGET = 32 << 20;
/** bytes, of the longest request: what a mount asks for at once */
const LONGEST = 1 << 20;

/** Decoded pclusters without a limit, which can be forgotten. */
class ForgetfulExtents implements DecodedExtents {
  readonly #extents = new Map<string, Uint8Array>();

  get(device: number, offset: number, length: number): Uint8Array | undefined {
    const decoded = this.#extents.get(`${device}:${offset}`);
    return decoded !== undefined && decoded.length >= length ? decoded : undefined;
  }

  put(device: number, offset: number, decoded: Uint8Array): void {
    this.#extents.set(`${device}:${offset}`, decoded);
  }

  forget(): void {
    this.#extents.clear();
  }
}

/** What was decoded, in order. */
interface Decoded {
  /** of files, directories and the packed inode: where the pclusters lie */
  readonly data: readonly string[];
  /** of the metabox */
  readonly metadata: readonly string[];
}

/** An image that lists every pcluster it decodes. */
class CountedImage {
  readonly image: ErofsImage;
  /** since the image was opened */
  bytesDecoded = 0;
  readonly #decoded = new ForgetfulExtents();
  #decodes: { nid: number; place: string }[] = [];

  constructor(bytes: ByteView) {
    this.image = new ErofsImage(bytes, { decoded: this.#decoded });
    const { decoder } = this.image;
    const decode = decoder.decode.bind(decoder);
    decoder.decode = (extent, at, dst, nid) => {
      this.#decodes.push({ nid, place: placeOf(extent) });
      this.bytesDecoded += extent.length;
      decode(extent, at, dst, nid);
    };
  }

  /** Runs one request that begins with nothing in memory but blocks of the image. */
  request(work: (image: ErofsImage) => void): Decoded {
    this.#decoded.forget();
    this.#decodes = [];
    work(this.image);
    const { metaboxNid } = this.image.geometry;
    const places = (isMetadata: boolean) =>
      this.#decodes.filter(({ nid }) => (nid === metaboxNid) === isMetadata).map(({ place }) => place);
    return { data: places(false), metadata: places(true) };
  }

  /** The pclusters that hold bytes offset .. end of the node's data. */
  holding(node: DataNode, offset: number, end: number, found = new Set<string>()): Set<string> {
    for (let position = offset; position < end; ) {
      const extent = node.mapper.map(position, end);
      const next = Math.min(extent.start + extent.length, end);
      if (extent.kind === 'coded') found.add(placeOf(extent));
      if (extent.kind === 'fragment') {
        const shift = extent.offset - extent.start;
        this.holding(this.image.packed(), position + shift, next + shift, found);
      }
      position = next;
    }
    return found;
  }
}

function placeOf({ device, inMetabox, offset }: CodedExtent): string {
  return `${device ?? (inMetabox ? 'metabox' : 0)}:${offset}`;
}

for (const fixture of someFixtures(3)) {
  t.test(fixture.name, async (t) => {
    const opened = await openFixture(fixture);
    t.teardown(() => opened.close());
    const counted = new CountedImage(opened.image.bytes);
    const nodes = await nodesOf(opened);

    const described = nodes.map(({ node }) => counted.request((image) => describe(image, node)));
    t.strictSame(described.flatMap(repeated), [], 'names, attributes and xattrs of every node');
    if (counted.image.geometry.metaboxNid !== undefined) {
      t.ok(described.filter(({ metadata }) => metadata.length > 0).length > 0, 'the metabox was decoded');
    }

    const files = nodes.filter(({ mode, size }) => (mode & S_IFMT) === S_IFREG && size > 0);
    const random = new Random(files.length);
    const wrong: string[] = [];
    for (let i = 0; i < REQUESTS && counted.bytesDecoded < BUDGET && wrong.length === 0; i++) {
      wrong.push(...checkRead(counted, files[random.below(files.length)]!, random));
    }
    t.strictSame(wrong, [], 'random reads');
  });
}

/** All that a listing with attributes asks of a node. */
function describe(image: ErofsImage, nid: number): void {
  const inode = image.inode(nid);
  listXattrs(image, inode);
  if (!isType(inode, S_IFDIR)) return;
  const report = (problem: Error) => {
    throw problem;
  };
  readDirectory(image, image.data(inode), 0, () => true, report);
}

/** What is wrong with the decodes of one read, of a whole file or of a random range. */
function checkRead(counted: CountedImage, { node, size, path }: FoundNode, random: Random): string[] {
  const isWhole = random.below(8) === 0;
  const offset = isWhole ? 0 : random.below(size);
  const dst = new Uint8Array(isWhole ? LONGEST : 1 + random.below(random.below(2) ? 300 : 140_000));
  const data = counted.image.data(counted.image.inode(node));
  const expected = counted.holding(data, offset, Math.min(size, offset + dst.length));
  const decoded = counted.request((image) => readData(image, image.data(image.inode(node)), offset, dst));
  return [
    ...repeated(decoded),
    ...decoded.data.filter((place) => !expected.has(place)).map((place) => `decoded ${place} for nothing`),
    ...[...expected]
      .filter((place) => !decoded.data.includes(place))
      .map((place) => `never decoded ${place}`),
  ].map((what) => `${path}: ${dst.length} bytes from ${offset} on: ${what}`);
}

function repeated({ data, metadata }: Decoded): string[] {
  return [data, metadata].flatMap((places) =>
    places.filter((place, i) => places.indexOf(place) !== i).map((place) => `decoded ${place} once more`),
  );
}
