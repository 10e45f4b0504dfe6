/**
 * The parts of a read, each alone: `node dist/bench/micro/parts.js IMAGE [MILLISECONDS] [--json]`.
 *
 * IMAGE is one with large files of LZ4. Medians of tinybench; absolute figures hold for this machine only.
 */
import { Bench } from 'tinybench';
import { codecOf } from '../../src/erofs-reader/codec.js';
import { loadCodecs } from '../../src/erofs-reader/codecs.js';
import type { CodedExtent } from '../../src/erofs-reader/extent.js';
import type { DataNode, ErofsImage } from '../../src/erofs-reader/image.js';
import { Algorithm } from '../../src/erofs-reader/layout.js';
import { decodeLz4 } from '../../src/erofs-reader/lz4-block.js';
import { planRead } from '../../src/erofs-reader/plan.js';
import { type OpenedImage, openImage } from '../../src/open.js';
import { FileType, type NodeId, type ReadonlyTree } from '../../src/tree/tree.js';
import { BlockHash } from '../../src/verity/block-hash.js';
import { FuseClient, record } from '../../test/fuse/fuse-client.js';
import { BenchError } from '../errors.js';

const READ_SIZE = 128 << 10;
const HASHED_BLOCK = 4096;
/** tinybench's own; a part that takes long ends after these, however short the time is. */
const ITERATIONS = 16;

/** A whole pcluster: source[start .. end) decodes to `size` bytes. */
interface Pcluster {
  readonly source: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly size: number;
}

function largestFile(tree: ReadonlyTree): { readonly node: NodeId; readonly size: number } {
  let [found, size] = [tree.root, 0];
  const pending = [tree.root];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    tree.readdir(folder, 0, ({ node, type, name }) => {
      if (type === FileType.directory && name[0] !== 0x2e) pending.push(node);
      if (type !== FileType.regular) return true;
      const attr = tree.getattr(node);
      if (attr.size > size) [found, size] = [node, attr.size];
      return true;
    });
  }
  return { node: found, size };
}

/** The first pcluster of a file that holds no more than one extent needs; as the reader hands it to a codec. */
function pclusterOf(image: ErofsImage, data: DataNode, size: number): Pcluster {
  const extent = planRead(image, data, 0, size)
    .map((segment) => segment.extent)
    .find(
      (found): found is CodedExtent =>
        found.kind === 'coded' && found.algorithm === Algorithm.LZ4 && !found.partial,
    );
  if (extent?.device === undefined) {
    throw new BenchError(
      'wrong-answer',
      'the largest file of the image has no LZ4 pcluster; expected one of LZ4',
    );
  }
  const headroom = 4;
  const source = new Uint8Array(headroom + extent.encodedLength);
  image.bytes.copy(source.subarray(headroom), extent.device, extent.offset);
  const start = source.findIndex((byte, at) => at >= headroom && byte !== 0);
  return { source, start, end: source.length, size: extent.length };
}

async function parts({ tree, image }: OpenedImage): Promise<Record<string, () => unknown>> {
  await loadCodecs(1 << Algorithm.LZ4);
  const { node, size } = largestFile(tree);
  const data = image.data(image.inode(node));
  const { source, start, end, size: decodedSize } = pclusterOf(image, data, size);
  const decoded = new Uint8Array(decodedSize);
  const codec = codecOf(Algorithm.LZ4);
  const hash = new BlockHash('sha256', HASHED_BLOCK, { bytes: new Uint8Array(32), place: 'first' });
  const block = source.slice(0, HASHED_BLOCK);
  const digest = new Uint8Array(32);
  const destination = new Uint8Array(READ_SIZE);
  const client = new FuseClient(tree);
  const { exchange } = client.dispatcher;
  const asked = (request: Uint8Array) => () => {
    exchange.request.set(request);
    return client.dispatcher.dispatch(request.length);
  };
  // node ids on the wire are nids + 2
  const id = BigInt(node + 2);
  /** Offset after offset through the file, again and again. */
  const offsets = () => {
    let at = -READ_SIZE;
    return (): number => {
      at = at + 2 * READ_SIZE > size ? 0 : at + READ_SIZE;
      return at;
    };
  };
  const [planned, read] = [offsets(), offsets()];
  return {
    'plan 128 KiB': () => planRead(image, data, planned(), READ_SIZE),
    'read 128 KiB': () => tree.read(node, read(), destination),
    [`LZ4 pcluster to ${decodedSize >> 10} KiB`]: () => codec.decode(source, start, end, decoded, true),
    'the same in JavaScript': () => decodeLz4(source, start, end, decoded),
    'SHA-256 of 4 KiB': () => hash.digestInto(block, digest, 0),
    'dispatch GETATTR': asked(client.request('GETATTR', id, record(0, 0, 0n))),
    'dispatch LOOKUP': asked(client.request('LOOKUP', 1n, record('large\0'))),
    'dispatch READ 4 KiB': asked(client.request('READ', id, record(0n, 0n, 4096, 0, 0n, 0, 0))),
  };
}

const [file, milliseconds = '250'] = process.argv.slice(2).filter((word) => word !== '--json');
if (file === undefined) {
  console.error('usage: node dist/bench/micro/parts.js IMAGE [MILLISECONDS] [--json]');
  process.exit(2);
}
const opened = await openImage({ image: file });
const time = Number(milliseconds);
const bench = new Bench({ time, iterations: ITERATIONS, warmupTime: time / 4, throws: true });
for (const [name, part] of Object.entries(await parts(opened))) bench.add(name, part);
bench.runSync();
opened.close();
const results = bench.tasks.map(({ name, result }) => {
  if (result.state !== 'completed') throw new BenchError('wrong-answer', `${name}: ${result.state}`);
  return { name, microseconds: result.latency.p50 * 1000 };
});
if (process.argv.includes('--json')) console.log(JSON.stringify(results));
else for (const { name, microseconds } of results) console.log(`${name}: ${microseconds.toFixed(2)} µs`);
