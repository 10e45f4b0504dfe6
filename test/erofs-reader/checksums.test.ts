import t from 'tap';
import { crc32c } from '../../src/erofs-reader/crc32c.js';
import { xxh32 } from '../../src/erofs-reader/xxh32.js';

const ascii = (text: string) => new TextEncoder().encode(text);

t.test('crc32c has the check value of its definition, without the final inversion', async (t) => {
  t.equal(~crc32c(ascii('123456789')) >>> 0, 0xe3069283);
  t.equal(crc32c(ascii('')), 0xffffffff);
  t.equal(crc32c(new Uint8Array([0xe2, 0xe1, 0xf5, 0xe0, 0, 0, 0, 0])), 0x5045b54a, 'magic and empty field');
  t.equal(crc32c(ascii('6789'), crc32c(ascii('12345'))), crc32c(ascii('123456789')), 'goes on');
});

t.test('xxh32 has the published values', async (t) => {
  t.equal(xxh32(ascii(''), 0), 0x02cc5d05);
  t.equal(xxh32(ascii(''), 0x9e3779b1), 0x36b78ae7);
  t.equal(xxh32(ascii('a'), 0), 0x550d7456);
  t.equal(xxh32(ascii('abc'), 0), 0x32d153ff);
  t.equal(xxh32(ascii('Nobody inspects the spammish repetition'), 0), 0xe2293b2f, 'longer than 16 bytes');
});

t.test('xxh32 gives the filter bits that Linux gives', async (t) => {
  const bit = (base: number, name: string) => xxh32(ascii(name), 0x25bbe08f + base) & 31;
  t.equal(bit(2, ''), 30, 'system.posix_acl_access');
  t.equal(bit(3, ''), 21, 'system.posix_acl_default');
  t.equal(bit(6, 'selinux'), 11);
  t.equal(bit(6, 'capability'), 29);
  t.equal(bit(4, 'overlay.opaque'), 20);
  t.equal(bit(4, 'overlay.redirect'), 17);
  t.equal(bit(4, 'overlay.metacopy'), 31);
  t.equal(bit(1, 'foo'), 12);
});
