import { constants } from 'node:os';
import t from 'tap';
import { ErofsError } from '../../src/erofs-reader/errors.js';
import { FuseClient, record } from './fuse-client.js';
import { MemoryTree } from './memory-tree.js';

const ROOT = 36;
const DIRECTORY = 50;
const DAMAGED = 60;
const HALF_DAMAGED = 70;
const MISSING_BYTES = 80;
const ALSO_MISSING = 81;
const missing = (offset: number) => ({ miss: true, ranges: [{ device: 0, offset, length: 1 }] });

/** Names of every length from 1 to 255, some of them no UTF-8. */
const NAMES = Array.from({ length: 255 }, (_, index) => '\xc3'.repeat(index % 2).padEnd(index + 1, 'n'));
const CHILD = 1000;

function tree(): MemoryTree {
  return new MemoryTree(ROOT, [
    [ROOT, { entries: new Map([['sub', DIRECTORY]]) }],
    [DIRECTORY, { entries: new Map(NAMES.map((name, index) => [name, CHILD + index])) }],
    ...NAMES.map((_, index) => [CHILD + index, { attr: { size: index } }] as const),
    [HALF_DAMAGED, { entries: new Map(NAMES.map((name) => [name, CHILD])), damagedAfter: 100 }],
    [DAMAGED, { damage: new ErofsError('corrupt', 'broken', { nid: DAMAGED }) }],
  ]);
}

interface Entry {
  readonly name: string;
  readonly ino: bigint;
  readonly cookie: bigint;
  readonly type: number;
  readonly nodeId?: bigint;
  readonly size?: bigint;
}

function parse(bytes: Buffer, withAttributes: boolean): Entry[] {
  const entries: Entry[] = [];
  let at = 0;
  while (at < bytes.length) {
    const dirent = withAttributes ? at + 128 : at;
    const length = bytes.readUInt32LE(dirent + 16);
    entries.push({
      ino: bytes.readBigUInt64LE(dirent),
      cookie: bytes.readBigUInt64LE(dirent + 8),
      type: bytes.readUInt32LE(dirent + 20),
      name: bytes.toString('latin1', dirent + 24, dirent + 24 + length),
      ...(withAttributes && { nodeId: bytes.readBigUInt64LE(at), size: bytes.readBigUInt64LE(at + 48) }),
    });
    const end = dirent + 24 + length;
    const next = end + ((8 - (end % 8)) % 8);
    if (next > bytes.length || bytes.subarray(end, next).some((byte) => byte !== 0)) {
      throw new Error(`entry at ${at}: padding of ${next - end} bytes`);
    }
    at = next;
  }
  return entries;
}

function list(client: FuseClient, nodeId: bigint, cookie: bigint, size: number, plus: boolean) {
  const body = record(0n, cookie, size, 0, 0n, 0, 0);
  const reply = client.ask(plus ? 'READDIRPLUS' : 'READDIR', nodeId, body);
  if (reply.bytes.length > size) throw new Error(`${reply.bytes.length} bytes where ${size} were asked for`);
  return { error: reply.error, entries: parse(reply.bytes, plus) };
}

function listAll(client: FuseClient, nodeId: bigint, size: number, plus: boolean): Entry[] {
  const all: Entry[] = [];
  for (;;) {
    const { entries } = list(client, nodeId, all.at(-1)?.cookie ?? 0n, size, plus);
    if (entries.length === 0) return all;
    all.push(...entries);
  }
}

const NODE = BigInt(DIRECTORY + 2);
const EXPECTED = ['.', '..', ...NAMES];

for (const plus of [false, true]) {
  const operation = plus ? 'READDIRPLUS' : 'READDIR';

  t.test(`${operation} lists everything, however small the buffer`, async (t) => {
    const client = new FuseClient(tree());
    const largest = (plus ? 128 : 0) + 24 + 256;
    for (const size of [largest, largest + 8, 1000, 4096, 1 << 20]) {
      const entries = listAll(client, NODE, size, plus);
      t.strictSame(
        entries.map(({ name }) => name),
        EXPECTED,
        `${size} bytes`,
      );
    }
    t.strictSame(client.problems, []);
  });

  t.test(`${operation} goes on after every entry`, async (t) => {
    const client = new FuseClient(tree());
    const all = listAll(client, NODE, 1 << 20, plus);
    for (const [index, { cookie }] of all.entries()) {
      t.strictSame(list(client, NODE, cookie, 1 << 20, plus).entries, all.slice(index + 1));
    }
  });

  t.test(`${operation} into a buffer that holds no entry`, async (t) => {
    const client = new FuseClient(tree());
    t.strictSame(list(client, NODE, 0n, 8, plus), { error: 0, entries: [] });
    t.equal(
      list(client, NODE, 2n ** 60n, 4096, plus).error,
      -constants.errno.EINVAL,
      'a cookie from nowhere',
    );
  });

  t.test(
    `${operation} of a damaged directory gives what comes before the damage, then an error`,
    async (t) => {
      const client = new FuseClient(tree());
      const first = list(client, BigInt(HALF_DAMAGED + 2), 0n, 1 << 20, plus);
      t.equal(first.entries.length, 100);
      t.match(client.problems, [{ operation, node: HALF_DAMAGED, problem: { code: 'corrupt' } }]);
      const second = list(client, BigInt(HALF_DAMAGED + 2), first.entries.at(-1)!.cookie, 1 << 20, plus);
      t.strictSame(second, { error: -117, entries: [] });
    },
  );

  t.test(`${operation} of what is no directory`, async (t) => {
    t.equal(list(new FuseClient(tree()), BigInt(CHILD + 2), 0n, 4096, plus).error, -constants.errno.ENOTDIR);
  });
}

t.test('READDIRPLUS gives node ids and attributes', async (t) => {
  const all = listAll(new FuseClient(tree()), NODE, 4096, true);
  t.strictSame(
    all.map(({ nodeId, size, ino }) => ({ nodeId, size, ino })),
    [
      { nodeId: 0n, size: 0n, ino: BigInt(DIRECTORY) },
      { nodeId: 0n, size: 0n, ino: BigInt(ROOT) },
      ...NAMES.map((_, index) => ({
        nodeId: BigInt(CHILD + index + 2),
        size: BigInt(index),
        ino: BigInt(CHILD + index),
      })),
    ],
  );
  t.equal(all[0]!.type, 4);
  t.equal(all[2]!.type, 8);
});

t.test('READDIRPLUS gives the name alone of a damaged node', async (t) => {
  const entries = new Map([
    ['good', CHILD],
    ['bad', DAMAGED],
    ['also good', CHILD],
  ]);
  const client = new FuseClient(
    new MemoryTree(ROOT, [
      [ROOT, { entries }],
      [CHILD, { attr: { size: 7 } }],
      [DAMAGED, { damage: new ErofsError('corrupt', 'broken', { nid: DAMAGED }) }],
    ]),
  );
  t.match(listAll(client, 1n, 4096, true).slice(2), [
    { name: 'good', nodeId: BigInt(CHILD + 2), size: 7n },
    { name: 'bad', nodeId: 0n, size: 0n, ino: BigInt(DAMAGED) },
    { name: 'also good', nodeId: BigInt(CHILD + 2), size: 7n },
  ]);
  t.match(client.problems, [{ operation: 'READDIRPLUS', node: DAMAGED }]);
});

function thrownBy(operation: () => unknown): unknown {
  try {
    operation();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}

t.test('a Miss while listing is for the caller, one for all entries', async (t) => {
  const client = new FuseClient(
    new MemoryTree(ROOT, [
      [
        ROOT,
        {
          entries: new Map([
            ['here', CHILD],
            ['missing', MISSING_BYTES],
            ['here as well', CHILD],
            ['missing, too', ALSO_MISSING],
          ]),
        },
      ],
      [CHILD, {}],
      [MISSING_BYTES, { damage: missing(1) }],
      [ALSO_MISSING, { damage: missing(2) }],
    ]),
  );
  const thrown = thrownBy(() => list(client, 1n, 0n, 4096, true));
  t.strictSame(thrown, { miss: true, ranges: [...missing(1).ranges, ...missing(2).ranges] });
  t.equal(list(client, 1n, 0n, 4096, false).entries.length, 6, 'the listing itself needs no attributes');
  t.same(client.problems, []);
});

t.test('a Miss that lists nothing is no empty directory', async (t) => {
  const nothing = { miss: true, ranges: [] };
  const client = new FuseClient(new MemoryTree(ROOT, [[ROOT, { damage: nothing }]]));
  t.strictSame(
    thrownBy(() => list(client, 1n, 0n, 4096, true)),
    nothing,
  );
});

t.test('what is missed where the listing goes on is missed with the attributes before it', async (t) => {
  const entries = new Map([['missing', MISSING_BYTES]]);
  const tree = new MemoryTree(ROOT, [
    [ROOT, { entries }],
    [MISSING_BYTES, { damage: missing(1) }],
  ]);
  const { readdir } = MemoryTree.prototype;
  tree.readdir = (...call) => {
    readdir.apply(tree, call);
    throw missing(2);
  };
  const thrown = thrownBy(() => list(new FuseClient(tree), 1n, 0n, 4096, true));
  t.strictSame(thrown, { miss: true, ranges: [...missing(1).ranges, ...missing(2).ranges] });
});
