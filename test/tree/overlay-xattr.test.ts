import t from 'tap';
import { OverlayXattrs, parseMetacopy, parseRedirect } from '../../src/tree/overlay-xattr.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (name: Uint8Array | undefined) => name && Buffer.from(name).toString();

t.test('names are hidden or lose one "overlay."', async (t) => {
  const trusted = new OverlayXattrs('trusted');
  const shown = (name: string) => text(trusted.shown(bytes(name)));
  t.equal(shown('user.a'), 'user.a');
  t.equal(shown('trusted.other'), 'trusted.other');
  t.equal(shown('user.overlay.opaque'), 'user.overlay.opaque');
  t.equal(shown('trusted.overlay.opaque'), undefined);
  t.equal(shown('trusted.overlay.overlay.opaque'), 'trusted.overlay.opaque');
  t.equal(shown('trusted.overlay.overlay.overlay.x'), 'trusted.overlay.overlay.x');
  t.equal(shown('trusted.overlay'), 'trusted.overlay', 'no attribute of overlayfs');
  const user = new OverlayXattrs('user');
  t.equal(text(user.shown(bytes('user.overlay.overlay.x'))), 'user.overlay.x');
  t.equal(text(user.shown(bytes('trusted.overlay.x'))), 'trusted.overlay.x');
  for (const name of ['user.a', 'trusted.overlay.x', 'trusted.overlay.overlay.x']) {
    t.equal(text(trusted.shown(trusted.stored(bytes(name)))), name, `${name} is found where it is stored`);
  }
});

t.test('metacopy', async (t) => {
  const value = (...head: number[]) => Uint8Array.of(...head, ...new Uint8Array(32).fill(7));
  t.same(parseMetacopy(value(0, 36, 0, 1), 5), { algorithm: 'sha256', bytes: new Uint8Array(32).fill(7) });
  const long = Uint8Array.of(0, 68, 0, 2, ...new Uint8Array(64).fill(9));
  t.same(parseMetacopy(long, 5), { algorithm: 'sha512', bytes: new Uint8Array(64).fill(9) });
  t.equal(parseMetacopy(new Uint8Array(0), 5), undefined);
  t.equal(parseMetacopy(Uint8Array.of(0, 4, 0, 0), 5), undefined, 'a header alone has no digest either');
  const wrong: Record<string, Uint8Array> = {
    'cut off': value(0, 36, 0, 1).subarray(0, 35),
    'too short for its header': Uint8Array.of(0, 3, 0),
    'another version': value(1, 36, 0, 1),
    'another length': value(0, 35, 0, 1),
    'a flag': value(0, 36, 1, 1),
    'an unknown algorithm': value(0, 36, 0, 3),
    'the algorithm of another length': value(0, 36, 0, 2),
    'an algorithm without digest': Uint8Array.of(0, 4, 0, 1),
    'a digest without algorithm': value(0, 36, 0, 0),
  };
  for (const [what, wrongValue] of Object.entries(wrong)) {
    t.throws(() => parseMetacopy(wrongValue, 5), { code: 'corrupt', nid: 5, message: /metacopy/ }, what);
  }
});

t.test('redirect', async (t) => {
  t.same(parseRedirect(bytes('/ab/cdef'), 5).map(text), ['ab', 'cdef']);
  t.same(parseRedirect(bytes('/one'), 5).map(text), ['one']);
  t.same(parseRedirect(bytes('/.../.a/..b'), 5).map(text), ['...', '.a', '..b']);
  t.same(parseRedirect(Uint8Array.of(0x2f, 0xff), 5), [Uint8Array.of(0xff)], 'names are bytes');
  for (const wrong of [
    '',
    '/',
    'ab/cd',
    '//ab',
    '/ab//cd',
    '/ab/',
    '/../x',
    '/ab/..',
    '/./x',
    '/ab/.',
    '/a\0b',
  ]) {
    t.throws(() => parseRedirect(bytes(wrong), 5), { code: 'corrupt', nid: 5 }, JSON.stringify(wrong));
  }
});
