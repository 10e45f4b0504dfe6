/** Every fixture, read through the reader alone, shows what its manifest says. */
import t, { type Test } from 'tap';
import type { ReadonlyTree } from '../../src/tree/tree.js';
import { allFixtures } from '../support/fixture.js';
import { expectedManifest, manifestOf, nodesOf, openFixture } from '../support/opened.js';
import { Random } from '../support/random.js';

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;

for (const fixture of allFixtures) {
  t.test(fixture.name, async (t) => {
    const opened = await openFixture(fixture);
    t.teardown(() => opened.close());
    t.strictSame(await manifestOf(opened), expectedManifest(fixture), 'the whole tree');

    const nodes = await nodesOf(opened);
    for (const { node, mode } of nodes) if ((mode & S_IFMT) === S_IFDIR) checkDirectory(t, opened.tree, node);
    for (const { node, mode, size, path } of nodes) {
      if ((mode & S_IFMT) === S_IFREG && size > 0) checkRandomReads(t, opened.tree, node, size, path);
    }
  });
}

/** Every name is found; a name that is not there is not; the listing can be resumed after every entry. */
function checkDirectory(t: Test, tree: ReadonlyTree, node: number): void {
  const all: { name: string; node: number; cookie: number }[] = [];
  tree.readdir(node, 0, (entry) => {
    all.push({ name: Buffer.from(entry.name).toString('latin1'), node: entry.node, cookie: entry.cookie });
    return true;
  });
  const names = all.map(({ name }) => name);
  t.equal(new Set(names).size, names.length, 'no name twice');
  t.ok(names.includes('.') && names.includes('..'), 'dot and dot-dot');
  for (const [i, entry] of all.entries()) {
    if (tree.lookup(node, Buffer.from(entry.name, 'latin1')) !== entry.node)
      t.fail(`lookup of ${entry.name}`);
    if (tree.lookup(node, Buffer.from(`${entry.name}\u0001`, 'latin1')) !== undefined)
      t.fail('found what is not there');
    let next: string | undefined;
    tree.readdir(node, entry.cookie, ({ name }) => {
      next = Buffer.from(name).toString('latin1');
      return false;
    });
    if (next !== names[i + 1]) t.fail(`after ${entry.name} comes ${next}, expected ${names[i + 1]}`);
  }
}

/** What is read at random offsets equals the slice of what is read in one piece. */
function checkRandomReads(t: Test, tree: ReadonlyTree, node: number, size: number, path: string): void {
  const whole = new Uint8Array(size);
  t.equal(tree.read(node, 0, whole), size, `${path} whole`);
  const random = new Random(size);
  for (let i = 0; i < 40; i++) {
    const offset = random.below(size);
    const dst = new Uint8Array(1 + random.below(random.below(2) ? 300 : 140_000)).fill(0xa5);
    const filled = tree.read(node, offset, dst);
    const expected = whole.subarray(offset, offset + dst.length);
    if (filled !== expected.length || Buffer.compare(dst.subarray(0, filled), expected) !== 0) {
      t.fail(`${path}: ${dst.length} bytes from ${offset} on`);
    }
  }
  t.equal(tree.read(node, size, new Uint8Array(10)), 0, 'nothing at the end');
}
