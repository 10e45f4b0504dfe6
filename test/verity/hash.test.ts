import t from 'tap';
import { createHasher, type HashAlgorithm } from '../../src/verity/hash.js';
import { Random } from '../support/random.js';

/** FIPS 180-4 examples for "abc". */
const ABC: Readonly<Record<HashAlgorithm, string>> = {
  sha1: 'a9993e364706816aba3e25717850c26c9cd0d89d',
  sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  sha384: 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
  sha512:
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
};

for (const [algorithm, expected] of Object.entries(ABC) as [HashAlgorithm, string][]) {
  t.test(algorithm, async (t) => {
    const message = new Random(algorithm.length).bytes(10_000);
    const digests = (['auto', 'node', 'noble'] as const).map((backend) => {
      const vector = createHasher(algorithm, backend);
      vector.update(new TextEncoder().encode('a'));
      vector.update(new TextEncoder().encode('bc'));
      t.equal(Buffer.from(vector.digest()).toString('hex'), expected, backend);
      const hasher = createHasher(algorithm, backend);
      for (let at = 0; at < message.length; at += 777) hasher.update(message.subarray(at, at + 777));
      return Buffer.from(hasher.digest()).toString('hex');
    });
    t.equal(new Set(digests).size, 1, 'all backends agree');
  });
}
