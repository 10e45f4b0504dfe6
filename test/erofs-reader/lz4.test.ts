import { compressSync } from 'lz4-napi';
import t from 'tap';
import { lz4Codec } from '../../src/erofs-reader/codec-lz4.js';
import { CodecError } from '../../src/erofs-reader/errors.js';
import { decodeLz4 } from '../../src/erofs-reader/lz4-block.js';
import { systemLz4 } from '../../src/system/lz4-library.js';
import { codecSamples } from '../support/codec-samples.js';
import { Random } from '../support/random.js';

const HEADROOM = 4;

/** The block with room for the codec in front, and its end. */
function compressed(plain: Uint8Array): { source: Uint8Array; end: number } {
  // lz4-napi puts the size before the block, in the very place that our codecs may write to.
  const source = new Uint8Array(compressSync(Buffer.from(plain)));
  return { source, end: source.length };
}

for (const { name, lz4, skip } of [
  { name: 'lz4-napi and ours', lz4: lz4Codec(() => undefined), skip: false },
  { name: 'liblz4', lz4: lz4Codec(systemLz4), skip: systemLz4() ? false : 'needs liblz4 and koffi' },
]) {
  t.test(`${name}: all decoders give back what was compressed`, { skip }, async (t) => {
    for (const plain of codecSamples()) {
      const { source, end } = compressed(plain);
      for (const decode of [
        decodeLz4,
        (...given: Parameters<typeof decodeLz4>) => lz4.decode(...given, true),
      ]) {
        const dst = new Uint8Array(plain.length);
        decode(source.slice(), HEADROOM, end, dst);
        t.ok(Buffer.from(dst).equals(plain), `${plain.length} bytes`);
      }
    }
  });

  t.test(`${name}: a beginning of any length can be decoded alone`, { skip }, async (t) => {
    const plain = codecSamples()[0]!.subarray(0, 3000);
    const { source, end } = compressed(plain);
    for (let length = 0; length <= plain.length; length++) {
      const dst = new Uint8Array(length);
      lz4.decode(source, HEADROOM, end, dst, false);
      if (!Buffer.from(dst).equals(plain.subarray(0, length))) t.fail(`the first ${length} bytes differ`);
    }
  });

  t.test(`${name}: bytes behind the block are ignored`, { skip }, async (t) => {
    const plain = codecSamples()[0]!;
    const { source } = compressed(plain);
    for (const tail of [new Uint8Array(100), new Random(1).bytes(100)]) {
      const longer = new Uint8Array([...source, ...tail]);
      for (const exact of [true, false]) {
        const dst = new Uint8Array(plain.length);
        lz4.decode(longer.slice(), HEADROOM, longer.length, dst, exact);
        t.ok(Buffer.from(dst).equals(plain));
      }
    }
  });

  t.test(`${name}: a block that is cut anywhere is an error, never short bytes`, { skip }, async (t) => {
    const plain = codecSamples()[0]!.subarray(0, 2000);
    const { source, end } = compressed(plain);
    for (let cut = HEADROOM; cut < end; cut++) {
      for (const exact of [true, false]) {
        t.throws(
          () => lz4.decode(source.slice(), HEADROOM, cut, new Uint8Array(plain.length), exact),
          CodecError,
        );
      }
    }
  });

  t.test(`${name}: random blocks are decoded or refused, and nothing else`, { skip }, async (t) => {
    const random = new Random(99);
    let decoded = 0;
    for (let i = 0; i < 20_000; i++) {
      const source = random.bytes(HEADROOM + 1 + random.below(60));
      try {
        lz4.decode(
          source,
          HEADROOM,
          source.length,
          new Uint8Array(1 + random.below(300)),
          random.below(2) === 0,
        );
        decoded++;
      } catch (error) {
        if (!(error instanceof CodecError)) throw error;
      }
    }
    t.ok(decoded > 0 && decoded < 20_000, `${decoded} of 20000 decoded`);
  });
}

t.test('a match before the output begins is refused', async (t) => {
  const block = new Uint8Array([0, 0, 0, 0, 0x10, 0x41, 2, 0]);
  t.throws(() => decodeLz4(block, HEADROOM, block.length, new Uint8Array(20)), /reaches 2 back/);
  block[6] = 0;
  t.throws(() => decodeLz4(block, HEADROOM, block.length, new Uint8Array(20)), /reaches 0 back/);
});
