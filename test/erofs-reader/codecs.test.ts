/** LZMA, DEFLATE and ZSTD pclusters: right bytes or a CodecError, whatever the input and however much of it is wanted. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import t from 'tap';
import type { Codec } from '../../src/erofs-reader/codec.js';
import { codec as deflate } from '../../src/erofs-reader/codec-deflate.js';
import { codec as lzma } from '../../src/erofs-reader/codec-lzma.js';
import { zstdCodec } from '../../src/erofs-reader/codec-zstd.js';
import { CodecError } from '../../src/erofs-reader/errors.js';
import { frameDecoder } from '../../src/erofs-reader/zstd.js';
import { codecSamples } from '../support/codec-samples.js';
import { fixtures } from '../support/paths.js';
import { Random } from '../support/random.js';

const zstd = zstdCodec(await frameDecoder());

interface Stream {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly plain: Uint8Array;
}

/** Streams that the reference encoders made of the samples: sample-NUMBER-….SUFFIX. */
function stored(suffix: string): Stream[] {
  const folder = join(fixtures, 'codecs');
  const samples = codecSamples();
  return readdirSync(folder)
    .filter((name) => name.endsWith(suffix))
    .map((name) => ({
      name,
      bytes: readFileSync(join(folder, name)),
      plain: samples[Number(/^sample-(\d+)/.exec(name)![1])]!,
    }));
}

const deflated = [1, 6, 9].flatMap((level) =>
  codecSamples().map((plain, i) => ({
    name: `sample ${i}, level ${level}`,
    bytes: deflateRawSync(plain, { level }),
    plain,
  })),
);

const CODECS: readonly { name: string; codec: Codec; streams: Stream[] }[] = [
  { name: 'LZMA', codec: lzma, streams: stored('.lzma') },
  { name: 'DEFLATE', codec: deflate, streams: deflated },
  { name: 'ZSTD', codec: zstd, streams: stored('.zst') },
];

/** Behind some other bytes, as a pcluster stands behind its padding. */
const START = 7;
const placed = (bytes: Uint8Array): Uint8Array =>
  Uint8Array.from([...new Uint8Array(START).fill(0xee), ...bytes]);

for (const { name, codec, streams } of CODECS) {
  t.test(`${name}: gives back what was compressed`, async (t) => {
    t.ok(streams.length >= 7, `${streams.length} streams`);
    for (const { name, bytes, plain } of streams) {
      for (const exact of [true, false]) {
        const dst = new Uint8Array(plain.length);
        codec.decode(placed(bytes), START, START + bytes.length, dst, exact);
        t.ok(Buffer.from(dst).equals(plain), `${name}, ${plain.length} bytes`);
      }
    }
  });

  t.test(
    `${name}: a beginning of any length can be decoded alone, and nothing behind it is touched`,
    async (t) => {
      const { bytes, plain } = streams[0]!;
      for (let length = 1; length < plain.length; length += 1 + (length >>> 3)) {
        const memory = new Uint8Array(length + 1).fill(0xa5);
        codec.decode(placed(bytes), START, START + bytes.length, memory.subarray(0, length), false);
        t.ok(Buffer.from(memory.subarray(0, length)).equals(plain.subarray(0, length)), `${length} bytes`);
        t.equal(memory[length], 0xa5);
      }
    },
  );

  t.test(`${name}: more than the stream holds is an error`, async (t) => {
    for (const { name, bytes, plain } of streams) {
      for (const exact of [true, false]) {
        const dst = new Uint8Array(plain.length + 1);
        t.throws(
          () => codec.decode(placed(bytes), START, START + bytes.length, dst, exact),
          CodecError,
          name,
        );
      }
    }
  });

  t.test(`${name}: a stream that is cut anywhere never gives other bytes`, async (t) => {
    const { bytes, plain } = streams.find(({ plain }) => plain.length === 5000 || plain.length > 5000)!;
    let refused = 0;
    for (let length = 0; length < bytes.length; length += 1 + (length >>> 5)) {
      const dst = new Uint8Array(plain.length);
      if (decodes(codec, placed(bytes.subarray(0, length)), dst)) {
        t.ok(Buffer.from(dst).equals(plain), `cut to ${length} of ${bytes.length}`);
      } else {
        refused++;
      }
    }
    t.ok(refused > 50, `${refused} refused`);
  });

  t.test(`${name}: damaged and random streams are decoded or refused, and nothing else`, async (t) => {
    const random = new Random(7);
    let refused = 0;
    for (let i = 0; i < 2000; i++) {
      const { bytes, plain } = streams[random.below(streams.length)]!;
      const damaged =
        random.below(4) === 0 ? random.bytes(1 + random.below(80)) : Uint8Array.from(bytes.subarray(0, 6000));
      for (let flips = 1 + random.below(3); flips > 0; flips--) {
        damaged[random.below(Math.min(200, damaged.length))]! ^= 1 << random.below(8);
      }
      const dst = new Uint8Array(1 + random.below(Math.min(plain.length, 20_000)));
      if (!decodes(codec, placed(damaged), dst, random.below(2) === 0)) refused++;
    }
    t.ok(refused > 100, `${refused} of 2000 refused`);
  });
}

function decodes(codec: Codec, source: Uint8Array, dst: Uint8Array, exact = true): boolean {
  try {
    codec.decode(source, START, source.length, dst, exact);
    return true;
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return false;
  }
}

t.test('LZMA and DEFLATE: bytes behind the stream are ignored', async (t) => {
  for (const { codec, streams } of CODECS.slice(0, 2)) {
    for (const { name, bytes, plain } of streams) {
      const source = placed(Uint8Array.from([...bytes, ...new Uint8Array(40).fill(0x5a)]));
      const dst = new Uint8Array(plain.length);
      codec.decode(source, START, source.length, dst, true);
      t.ok(Buffer.from(dst).equals(plain), name);
    }
  }
});

t.test('LZMA: properties that no encoder can have', async (t) => {
  const stream = Uint8Array.from([~225 & 0xff, 0, 0, 0, 0, 0]);
  t.throws(() => lzma.decode(stream, 0, 6, new Uint8Array(1), true), /properties 225, expected under 225/);
});

t.test('a bomb makes no more than a pcluster may', async (t) => {
  const bomb = deflateRawSync(Buffer.alloc(64 << 20));
  t.throws(() => deflate.decode(bomb, 0, bomb.length, new Uint8Array(10), false), /more than 12582912 bytes/);
  // A frame header that promises 4 GiB - 1 bytes, then a block of one repeated byte.
  const frame = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0xff, 0xff, 0xff, 0xff, 0x03, 0, 0, 0x41]);
  t.throws(
    () => zstd.decode(frame, 0, frame.length, new Uint8Array(10), false),
    /frame of 4294967295 bytes, expected 10/,
  );
});

t.test('ZSTD: frames without a stated size, and what is no frame', async (t) => {
  const unsized = stored('-unsized.zst')[0]!;
  const dst = new Uint8Array(1000);
  zstd.decode(unsized.bytes, 0, unsized.bytes.length, dst, false);
  t.ok(Buffer.from(dst).equals(unsized.plain.subarray(0, 1000)));
  t.throws(() => zstd.decode(new Uint8Array(20), 0, 20, dst, true), /no ZSTD frame/);
  t.throws(() => zstd.decode(unsized.bytes, 0, 6, dst, true), CodecError);
});
