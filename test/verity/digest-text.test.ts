import t from 'tap';
import {
  isAlgorithm,
  parseDigest,
  parseHex,
  parseRootHash,
  parseSalt,
} from '../../src/verity/digest-text.js';

const hex = 'ab'.repeat(32);

t.test('a root hash with or without its algorithm', async (t) => {
  const root = new Uint8Array(32).fill(0xab);
  t.strictSame(parseRootHash(hex, 'sha256'), root);
  t.strictSame(parseRootHash(`sha256:${hex}`, 'sha256'), root);
  t.throws(() => parseRootHash(`sha512:${hex}${hex}`, 'sha256'), {
    code: 'bad-digest',
    message: /one of sha512, the tree is made with sha256/,
  });
});

t.test('a salt, or none', async (t) => {
  t.strictSame(parseSalt('-'), new Uint8Array());
  t.strictSame(parseSalt(''), new Uint8Array());
  t.strictSame(parseSalt('00ff'), new Uint8Array([0, 255]));
});

t.test('what is no digest', async (t) => {
  const wrong = ['', hex, `md5:${hex}`, `toString:${hex}`, `sha256:${hex}00`, 'sha256:', ` sha256:${hex}`];
  for (const text of wrong) t.throws(() => parseDigest(text, 'the digest'), { code: 'bad-digest' }, text);
  t.notOk(isAlgorithm('toString'));
  for (const text of ['a', 'AB', '0x00', 'ab ', 'ab\n', 'zz']) {
    t.throws(() => parseHex(text, 'the salt'), { code: 'bad-digest', message: /^the salt is/ }, text);
  }
});
