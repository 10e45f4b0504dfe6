/** A whole blob unpacked: the right bytes, or a word for what is wrong, and nothing left behind. */
import { mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { type Packed, unpack } from '../../src/layers/unpack.js';
import { Random } from '../support/random.js';
import { REAL_FRAME, REAL_TEXT } from '../support/real-zstd.js';
import { Scratch } from '../support/scratch.js';
import { digestOf, skippableFrame, zstdBomb, zstdFrame } from '../support/zstd-layer.js';

const cacheDirectory = `${new Scratch(t).path}/cache`;
mkdirSync(cacheDirectory, 0o700);
const NOISE = Buffer.from(new Random(5).bytes(300_000));

interface Given {
  readonly pieceSize?: number;
  readonly limit?: number;
  readonly digest?: string;
  readonly unpackedDigest?: string;
}

async function unpacked(packed: Uint8Array, compression: Packed['compression'], given: Given = {}) {
  const { pieceSize = 1 << 20, limit = 2 ** 30, digest = digestOf(packed), unpackedDigest } = given;
  async function* pieces() {
    for (let at = 0; at < packed.length; at += pieceSize) yield packed.subarray(at, at + pieceSize);
  }
  const room = { cacheDirectory, limit };
  const source = await unpack(pieces(), { name: 'layer', compression, digest, unpackedDigest }, room);
  const bytes = Buffer.alloc(source.size);
  source.readSync!(bytes, 0);
  source.close();
  return bytes;
}

const FORMS: Readonly<Record<string, readonly [Packed['compression'], Uint8Array, Buffer]>> = {
  'as it is': ['none', NOISE, NOISE],
  'gzip, one member': ['gzip', gzipSync(NOISE), NOISE],
  'gzip, two members': [
    'gzip',
    Buffer.concat([gzipSync(NOISE), gzipSync(REAL_TEXT)]),
    Buffer.concat([NOISE, REAL_TEXT]),
  ],
  'zstd, one frame': ['zstd', zstdFrame(NOISE), NOISE],
  'zstd, frames of a compressor': [
    'zstd',
    Buffer.concat([REAL_FRAME, REAL_FRAME]),
    Buffer.concat([REAL_TEXT, REAL_TEXT]),
  ],
  'zstd, with skippable frames': [
    'zstd',
    Buffer.concat([
      skippableFrame(NOISE.subarray(0, 9), 15),
      zstdFrame(NOISE),
      skippableFrame(NOISE),
      zstdFrame(REAL_TEXT),
      skippableFrame(new Uint8Array(0)),
    ]),
    Buffer.concat([NOISE, REAL_TEXT]),
  ],
  'zstd, many frames without a byte': [
    'zstd',
    Buffer.concat([...Array.from({ length: 500 }, () => zstdFrame(new Uint8Array(0))), REAL_FRAME]),
    REAL_TEXT,
  ],
  'zstd, a long frame': ['zstd', zstdBomb(100), Buffer.alloc(100 * (128 << 10))],
};

for (const [name, [compression, packed, content]] of Object.entries(FORMS)) {
  t.test(name, async (t) => {
    const given = { unpackedDigest: digestOf(content) };
    for (const pieceSize of [1 << 20, 200_000, 1000, ...(packed.length < 5000 ? [1] : [])]) {
      const found = await unpacked(packed, compression, { ...given, pieceSize });
      t.ok(found.equals(content), `pieces of ${pieceSize}`);
    }
    const sha512 = { digest: digestOf(packed, 'sha512'), unpackedDigest: digestOf(content, 'sha512') };
    t.ok((await unpacked(packed, compression, sha512)).equals(content), 'SHA-512');
    await t.rejects(unpacked(packed, compression, { ...given, limit: content.length - 1 }), {
      code: 'too-large',
      message: new RegExp(`the ${content.length - 1} bytes`),
    });
    t.ok((await unpacked(packed, compression, { limit: content.length })).equals(content));
    await t.rejects(unpacked(packed, compression, { unpackedDigest: digestOf(Buffer.from('another')) }), {
      code: 'bad-diff-id',
    });
  });
}

const SMALL: Readonly<Record<string, readonly [Packed['compression'], Buffer]>> = {
  gzip: ['gzip', gzipSync(REAL_TEXT)],
  zstd: [
    'zstd',
    Buffer.concat([REAL_FRAME, skippableFrame(Buffer.from('index')), zstdFrame(Buffer.from('end'))]),
  ],
};

/** Bytes that say nothing of what is unpacked: of a gzip member time, hints and system, of a frame its window, and what is skipped. */
const SILENT: Readonly<Record<string, readonly number[]>> = {
  gzip: [4, 5, 6, 7, 8, 9],
  zstd: [5, 401, 402, 403, 404, 405],
};

/** All of a header and of the end, and every seventh in between: to begin a stream takes milliseconds. */
const places = ({ length }: Uint8Array): number[] =>
  Array.from({ length }, (_, at) => at).filter((at) => at < 20 || at > length - 40 || at % 7 === 0);

for (const [name, [compression, packed]] of Object.entries(SMALL)) {
  t.test(`${name}: each byte changed on its way`, async (t) => {
    const digest = digestOf(packed);
    for (const at of places(packed)) {
      const damaged = Buffer.from(packed);
      damaged[at]! ^= 0x41;
      await t.rejects(unpacked(damaged, compression, { digest }), { code: 'bad-digest' }, `byte ${at}`);
    }
  });

  t.test(`${name}: each byte made wrong, with the digest of that`, async (t) => {
    const unpackedDigest = digestOf(await unpacked(packed, compression));
    const harmless: number[] = [];
    for (const at of places(packed)) {
      const damaged = Buffer.from(packed);
      damaged[at]! ^= 0x41;
      try {
        await unpacked(damaged, compression, { unpackedDigest, limit: 1 << 20 });
      } catch (error) {
        const { code } = error as { code: string };
        if (!['undecodable', 'bad-diff-id', 'too-large'].includes(code)) throw error;
        continue;
      }
      harmless.push(at);
    }
    t.same(harmless, SILENT[name]);
  });

  t.test(`${name}: cut off after each byte`, async (t) => {
    for (const length of places(packed).slice(1)) {
      const cut = packed.subarray(0, length);
      await t.rejects(unpacked(cut, compression, { digest: digestOf(packed) }), { code: 'bad-digest' });
    }
    const cut = packed.subarray(0, packed.length - 3);
    await t.rejects(unpacked(cut, compression), { code: 'undecodable', message: /right digest/ });
  });
}

t.test('something behind the last member', async (t) => {
  for (const more of [Buffer.from('garbage'), Buffer.alloc(5000, 1), Buffer.alloc(3_000_000, 1)]) {
    const packed = Buffer.concat([gzipSync(NOISE), more]);
    const pieceSize = 100_000;
    await t.rejects(unpacked(packed, 'gzip', { pieceSize }), { code: 'undecodable' });
    await t.rejects(unpacked(packed, 'gzip', { pieceSize, digest: digestOf(NOISE) }), { code: 'bad-digest' });
    await t.rejects(unpacked(Buffer.concat([REAL_FRAME, more]), 'zstd', { pieceSize }), {
      code: 'undecodable',
    });
  }
});

t.test('zeros behind the last member are padding, and count for the digest', async (t) => {
  for (const zeros of [1, 5000, 3_000_000]) {
    const packed = Buffer.concat([gzipSync(NOISE), Buffer.alloc(zeros)]);
    for (const pieceSize of [100_000, 10_000_000]) {
      t.ok(
        (await unpacked(packed, 'gzip', { pieceSize })).equals(NOISE),
        `${zeros} in pieces of ${pieceSize}`,
      );
      const digest = digestOf(packed.subarray(0, packed.length - 1));
      await t.rejects(unpacked(packed, 'gzip', { pieceSize, digest }), { code: 'bad-digest' });
    }
  }
});

t.test('who has no more says why', async (t) => {
  const failure = new Error('the network is gone');
  async function* pieces() {
    yield REAL_FRAME.subarray(0, 100);
    throw failure;
  }
  for (const compression of ['none', 'gzip', 'zstd'] as const) {
    const packed = { name: 'layer', compression, digest: digestOf(NOISE) };
    // what came is no gzip member, which is found before or after the network is
    const expected = compression === 'gzip' ? { message: /gone/ } : failure;
    await t.rejects(unpack(pieces(), packed, { cacheDirectory, limit: 1000 }), expected);
  }
});

t.test('memory does not grow with what is unpacked', async (t) => {
  const gzip = gzipSync(Buffer.alloc(200 << 20), { level: 1 });
  for (const [compression, packed] of [
    ['gzip', gzip],
    ['zstd', zstdBomb(1600)],
  ] as const) {
    async function* pieces() {
      yield packed;
    }
    const before = process.memoryUsage().rss;
    const order = { name: 'layer', compression, digest: digestOf(packed) };
    const source = await unpack(pieces(), order, { cacheDirectory, limit: 2 ** 30 });
    t.equal(source.size, 200 << 20);
    source.close();
    const grown = process.memoryUsage().rss - before;
    t.ok(grown < 120 << 20, `${compression}: ${grown >> 20} MiB`);
  }
});

t.test('where the cache cannot be written, elsewhere', async (t) => {
  const nowhere = { cacheDirectory: '/proc/nothing/of/the/kind', limit: 2 ** 30 };
  async function* pieces() {
    yield REAL_FRAME;
  }
  const order = { name: 'layer', compression: 'zstd', digest: digestOf(REAL_FRAME) } as const;
  const source = await unpack(pieces(), order, nowhere);
  t.equal(source.size, REAL_TEXT.length);
  source.close();
});

t.test('nothing is left', async (t) => {
  const targets = readdirSync('/proc/self/fd').map((name) => targetOf(`/proc/self/fd/${name}`));
  t.same(
    targets.filter((target) => target.includes(cacheDirectory)),
    [],
    'every file is closed',
  );
  const folders = readdirSync(cacheDirectory);
  t.same(folders, ['blobs']);
  t.same(readdirSync(`${cacheDirectory}/blobs`), []);
});

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    // the descriptor that the listing itself was read with
    return '';
  }
}
