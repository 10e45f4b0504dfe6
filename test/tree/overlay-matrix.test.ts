/** Layers with everything that overlayfs knows, as our tree shows them and as overlayfs does over the same images. */
import t from 'tap';
import { OverlayTree } from '../../src/tree/overlay-tree.js';
import { type Namespace, overlay } from '../support/composefs.js';
import { writeImage } from '../support/image-writer.js';
import { strangeNames } from '../support/image-writer-attributes.js';
import { hole } from '../support/image-writer-body.js';
import { device, directory, fifo, file, type NodeSpec, symlink } from '../support/image-writer-node.js';
import { XattrIndex, xattr } from '../support/image-writer-xattr.js';
import { Scratch } from '../support/scratch.js';
import { layersOf, noKernelOverlay, Strangers, sameShown, shownBy, shownByKernel } from './overlay-kernel.js';

const scratch = new Scratch(t);

const whiteout = () => device('character', 0, 0);
const marked = (namespace: Namespace = 'trusted') =>
  file('', { xattrs: [overlay('whiteout', '', namespace)] });
const opaque = (value = 'y', namespace: Namespace = 'trusted') => ({
  xattrs: [overlay('opaque', value, namespace)],
});
const redirected = (to: string) => ({ xattrs: [overlay('redirect', to)] });
const metacopy = (size: number, to?: string, fields = {}) =>
  file(hole(size), {
    xattrs: [overlay('metacopy', ''), ...(to === undefined ? [] : [overlay('redirect', to)])],
    ...fields,
  });
const twice = (node: NodeSpec) => ({ one: node, two: node });

interface Case {
  /** the lowest first */
  readonly layers: readonly NodeSpec[];
  /** data-only, searched in this order */
  readonly data?: readonly NodeSpec[];
  readonly namespace?: Namespace;
}

const cases: Record<string, Case> = {
  'a layer upon nothing': {
    layers: [
      directory({}),
      directory({ a: file('a'), gone: whiteout(), d: directory({ b: file('b'), gone: whiteout() }) }),
    ],
  },
  whiteouts: {
    layers: [
      directory({
        file: file('below'),
        folder: directory({ inside: file('below') }),
        link: symlink('file'),
        again: file('below'),
        kept: directory({ gone: file('below'), stays: file('below') }),
        nothing: whiteout(),
      }),
      directory({
        file: whiteout(),
        folder: whiteout(),
        link: whiteout(),
        again: whiteout(),
        kept: directory({ gone: whiteout(), meaningless: whiteout() }),
        unknown: whiteout(),
        null: device('character', 1, 3),
        block: device('block', 0, 0),
      }),
      directory({ again: file('above'), folder: directory({ other: file('above') }) }),
    ],
  },
  'whiteouts by attribute': {
    layers: [
      directory({
        d: directory({ gone: file('below'), a: file('below'), full: file('below') }),
        e: directory({ gone: file('below') }),
      }),
      directory({
        d: directory(
          { gone: marked(), full: file('full', { xattrs: [overlay('whiteout', '')] }), new: file('') },
          opaque('x'),
        ),
        e: directory({ gone: marked() }),
      }),
      directory({ d: directory({ b: file('above') }) }),
    ],
  },
  'opaque directories': {
    layers: [
      directory({
        d: directory({ a: file('1'), sub: directory({ x: file('1') }) }),
        e: directory({ a: file('1') }),
        f: directory({ a: file('1') }),
      }),
      directory({
        d: directory({ b: file('2'), sub: directory({ y: file('2') }) }, opaque()),
        e: directory({ b: file('2') }, opaque('n')),
        f: directory({ b: file('2') }, opaque('yy')),
      }),
      directory({
        d: directory({ c: file('3'), sub: directory({ z: file('3') }) }),
        e: directory({}),
        f: directory({}),
      }),
    ],
  },
  'opaque root': {
    layers: [directory({ a: file('1') }), directory({ b: file('2') }, opaque()), directory({ c: file('3') })],
  },
  'types that change': {
    layers: [
      directory({
        a: directory({ x: file('1') }),
        b: file('1'),
        c: directory({ x: file('1') }),
        d: symlink('x'),
        e: fifo(),
      }),
      directory({
        a: file('2'),
        b: directory({ y: file('2') }),
        c: file('2'),
        d: directory({ y: file('2') }),
        e: symlink('z'),
      }),
      directory({ a: directory({ z: file('3') }), c: directory({ z: file('3') }), d: device('block', 8, 1) }),
    ],
  },
  'hard links': {
    layers: [
      directory({
        ...twice(file('linked', { xattrs: [xattr(XattrIndex.user, 'a', 'b')] })),
        d: directory(twice(file('1'))),
      }),
      directory({ two: file('own'), d: directory({ three: file('3') }) }),
      directory({ d: directory(twice(symlink('target'))) }),
    ],
  },
  'relative redirects': {
    layers: [
      directory({ old: directory({ a: file('1'), sub: directory({ x: file('1') }) }), file: file('1') }),
      directory({ middle: directory({ b: file('2') }, redirected('old')), old: whiteout() }),
      directory({
        new: directory({ c: file('3') }, redirected('middle')),
        middle: whiteout(),
        lost: directory({ d: file('3') }, redirected('nowhere')),
        wrong: directory({}, redirected('file')),
      }),
    ],
  },
  'absolute redirects': {
    layers: [
      directory({
        deep: directory({ down: directory({ here: directory({ a: file('1') }) }) }),
        x: directory({ y: directory({ z: file('1') }) }),
      }),
      directory({
        deep: directory({ down: directory({ here: directory({ b: file('2') }) }) }),
        top: directory({ c: file('2') }, redirected('/x/y')),
      }),
      directory({
        moved: directory({ inner: directory({ d: file('3') }, redirected('/deep/down/here')) }, opaque()),
        again: directory({ e: file('3') }, redirected('/top')),
        lost: directory({ f: file('3') }, redirected('/deep/nothing/here')),
        wrong: directory({}, redirected('/x/y/z/more')),
      }),
    ],
  },
  'redirects through what is opaque, renamed or gone': {
    layers: [
      directory({
        a: directory({ b: directory({ one: file('1') }) }),
        c: directory({ b: directory({ other: file('1') }) }),
      }),
      directory({
        a: directory({ b: directory({ two: file('2') }) }, redirected('/c')),
        c: directory({ b: directory({ three: file('2') }) }, opaque()),
        w: whiteout(),
      }),
      directory({
        p: directory({}, redirected('/a/b')),
        q: directory({}, redirected('/c/b')),
        r: directory({}, redirected('/w/b')),
      }),
    ],
  },
  metacopies: {
    layers: [
      directory({
        plain: file('plain'),
        old: file('renamed'),
        deep: directory({ file: file('absolute') }),
        chain: file('chained'),
        sparse: file(hole(9000)),
      }),
      directory({
        chain: metacopy(7, undefined, { uid: 5 }),
        other: metacopy(8, '/deep/file', { permissions: 0o600 }),
      }),
      directory({
        plain: metacopy(5, undefined, { permissions: 0o4755, seconds: 12, nanoseconds: 34 }),
        new: metacopy(7, 'old', { uid: 1000 }),
        old: whiteout(),
        far: directory({ away: metacopy(8, '/deep/file'), twice: metacopy(8, '/other') }),
        chain: metacopy(7),
        sparse: metacopy(9000),
        ...twice(metacopy(5, '/plain')),
      }),
    ],
  },
  'metacopies below redirected directories': {
    layers: [
      directory({ old: directory({ a: file('data'), b: file('more') }) }),
      directory({
        old: whiteout(),
        new: directory({ a: metacopy(4), c: metacopy(4, 'b') }, redirected('old')),
      }),
      directory({ new: directory({ a: metacopy(4, undefined, { gid: 9 }) }) }),
    ],
  },
  'data-only layers': {
    layers: [
      directory({ a: metacopy(5, '/ab/cdef'), sub: directory({ near: file('near!') }) }),
      directory({ b: metacopy(3, '/only/second'), c: metacopy(5, '/sub/near'), d: metacopy(5, '/dead/end') }),
    ],
    data: [
      directory({ ab: directory({ cdef: file('first') }), dead: directory({ end: whiteout() }) }),
      directory({
        ab: directory({ cdef: file('other') }),
        only: directory({ second: file('2nd') }),
        dead: directory({ end: file('alive') }),
      }),
    ],
  },
  attributes: {
    layers: [
      directory({
        a: file('1', { xattrs: [xattr(XattrIndex.user, 'x', '1'), xattr(XattrIndex.trusted, 'y', '1')] }),
      }),
      directory(
        {
          a: file('2', {
            xattrs: [
              overlay('origin', 'x'),
              overlay('overlay.opaque', 'mine'),
              overlay('overlay.overlay.redirect', 'deeper'),
              overlay('opaque', 'y', 'user'),
              xattr(XattrIndex.security, 'note', 'c'),
              xattr(XattrIndex.trusted, 'overlay', 'not of it'),
            ],
          }),
          d: directory(
            {},
            {
              xattrs: [
                overlay('impure', 'y'),
                overlay('overlay.whiteouts', 'y'),
                xattr(XattrIndex.user, 'd', 'e'),
              ],
            },
          ),
        },
        { xattrs: [overlay('impure', 'y'), xattr(XattrIndex.user, 'root', 'yes')] },
      ),
    ],
  },
  'user.overlay': {
    namespace: 'user',
    layers: [
      directory({
        d: directory({ a: file('1') }),
        e: directory({ a: file('1') }),
        m: directory({ a: file('1') }),
      }),
      directory({
        d: directory({ b: file('2') }, opaque('y', 'user')),
        e: directory({ b: file('2') }, opaque('y', 'trusted')),
        m: directory({ a: marked('user') }, opaque('x', 'user')),
        escaped: file('', { xattrs: [overlay('overlay.x', '1', 'user'), overlay('x', '2', 'user')] }),
      }),
      directory({ m: directory({}) }),
    ],
  },
  'names as bytes': {
    layers: [0, 1, 2].map((layer) =>
      directory(
        strangeNames
          .filter((_, index) => index % 3 !== layer)
          .map((name, index) => [name, index % 4 === 3 ? whiteout() : file(`${layer}`)] as const),
      ),
    ),
  },
  'deep nesting': { layers: [nested(60, 'low'), nested(60, 'high'), nested(20, 'short')] },
  '128 layers': {
    layers: Array.from({ length: 128 }, (_, layer) =>
      directory({
        all: directory({
          [`own-${layer}`]: file(`${layer}`),
          same: file(`${layer}`),
          ...(layer % 7 === 0 ? { [`own-${layer - 3}`]: whiteout() } : {}),
        }),
        [`alone-${layer}`]: directory({ x: file(`${layer}`) }),
        [`pair-${layer >> 1}`]: directory({ [`${layer & 1}`]: file('') }),
        ...(layer === 40
          ? { cut: directory({ here: file('40') }, opaque()) }
          : { cut: directory({ [`c-${layer}`]: file('') }) }),
      }),
    ),
  },
};

function nested(depth: number, name: string): NodeSpec {
  let node = directory({ [name]: file(name), bottom: file(name) });
  for (let level = depth; level > 0; level--)
    node = directory({ [`level-${level % 3}`]: node, [name]: file(`${level}`) });
  return node;
}

for (const [name, { layers, data = [], namespace = 'trusted' }] of Object.entries(cases)) {
  t.test(name, { skip: noKernelOverlay ?? false }, async (t) => {
    const save = (root: NodeSpec): string => {
      const path = scratch.file('layer.erofs');
      writeImage({ root }).save(path);
      return path;
    };
    const images = layers.map(save);
    const dataImages = data.map(save);
    const kernel = await shownByKernel(scratch, images, { namespace, data: dataImages });
    t.ok(Object.keys(kernel.tree).length > 2, 'overlayfs shows something');
    t.notOk(
      Object.values(kernel.tree).some(({ error }) => error),
      'all of it can be looked at',
    );
    const opened = [...(await layersOf(t, images)), ...(await layersOf(t, dataImages, true))];
    const options = { namespaces: [namespace] };
    sameShown(t, shownBy(new OverlayTree(opened, options)), kernel, 'as overlayfs shows it');
    if (layers.length < 100) sameShown(t, shownBy(new Strangers(opened, options)), kernel, 'by ids alone');
  });
}
