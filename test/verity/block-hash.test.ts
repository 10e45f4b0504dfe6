import { createHash } from 'node:crypto';
import t from 'tap';
import { BlockHash } from '../../src/verity/block-hash.js';
import { createDigest } from '../../src/verity/hash.js';
import { Random } from '../support/random.js';

const random = new Random(4);

for (const backend of ['node', 'noble'] as const) {
  for (const algorithm of ['sha1', 'sha256', 'sha384', 'sha512'] as const) {
    t.test(`${algorithm} with ${backend}`, async (t) => {
      const expected = (...parts: Uint8Array[]): Uint8Array =>
        new Uint8Array(createHash(algorithm).update(Buffer.concat(parts)).digest());
      const block = random.bytes(512);
      const salt = random.bytes(33);
      const first = new BlockHash(algorithm, 512, { bytes: salt, place: 'first' }, backend);
      const last = new BlockHash(algorithm, 512, { bytes: salt, place: 'last' }, backend);
      const none = new BlockHash(algorithm, 512, { bytes: new Uint8Array(), place: 'first' }, backend);
      const short = block.subarray(0, 100);
      for (const hash of [first, last, none]) hash.digest(block); // what one block leaves behind must not show in the next
      t.strictSame(first.digest(block), expected(salt, block));
      t.strictSame(last.digest(block), expected(block, salt));
      t.strictSame(none.digest(block), expected(block));
      t.strictSame(first.digest(short), expected(salt, short, new Uint8Array(412)), 'padded with zeros');
      t.strictSame(last.digest(short), expected(short, new Uint8Array(412), salt));
      t.strictSame(none.digest(short), expected(short, new Uint8Array(412)));

      const digests = new Uint8Array(200).fill(9);
      first.digestInto(block, digests, 50);
      t.ok(first.matches(block, digests, 50));
      t.notOk(first.matches(block, digests, 51));
      for (let bit = 0; bit < first.digestSize * 8; bit++) {
        digests[50 + (bit >> 3)]! ^= 1 << (bit & 7);
        if (first.matches(block, digests, 50)) t.fail(`bit ${bit} of the digest did not matter`);
        digests[50 + (bit >> 3)]! ^= 1 << (bit & 7);
      }
      t.notOk(first.matches(block, digests, 200 - first.digestSize + 1), 'a digest that is cut off');
      t.throws(() => first.digest(new Uint8Array(513)), { message: /513 bytes.*512/ });
      t.equal(createDigest(algorithm, backend)(block).length, first.digestSize, 'one character a byte');
    });
  }
}
