/** Every fixture, read through the reader alone, shows what its manifest says. */
import t, { type Test } from 'tap';
import type { ReadonlyTree } from '../../src/tree/tree.js';
import { allFixtures } from '../support/fixture.js';
import { expectedManifest, manifestOf, nodesOf, openFixture } from '../support/opened.js';

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;

for (const fixture of allFixtures) {
  t.test(fixture.name, async (t) => {
    const opened = await openFixture(fixture);
    t.teardown(() => opened.close());
    t.strictSame(await manifestOf(opened), expectedManifest(fixture), 'the whole tree');

    for (const { node, mode } of await nodesOf(opened))
      if ((mode & S_IFMT) === S_IFDIR) checkDirectory(t, opened.tree, node);
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
