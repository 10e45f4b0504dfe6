/** Layers behind a network, merged with local ones: fetched as they are read, each chunk once, and kept. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { devFuseRoot, fuseNative } from '../support/front-end.js';
import { saveLayers, shownOfThree, threeLayers } from '../support/merged-layers.js';
import { mount, remains } from '../support/mounted.js';
import { Nginx, withoutNginx } from '../support/nginx.js';
import { program } from '../support/paths.js';
import { noPython, observe } from '../support/python.js';
import { chunksTwice } from '../support/remote-images.js';
import { erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

type Tried = Record<string, { read?: string; stat?: string }>;

const scratch = new Scratch(t);

const expected = Object.fromEntries(
  Object.entries(shownOfThree).map(([path, data]) => [path, createHash('sha256').update(data).digest('hex')]),
);

for (const front of [devFuseRoot, fuseNative]) {
  const skip = front.missing ?? (withoutNginx() || noPython) ?? false;
  t.test(front.name, { skip }, async (t) => {
    const nginx = await Nginx.start(t, scratch);
    const [low, middle, top] = saveLayers(nginx.folder, threeLayers);
    const cache = ['--cache-dir', scratch.folder(front.user, 'cache')];
    const url = (path: string | undefined): string => nginx.url(basename(path!));
    // the one in the middle is a file
    const layers = {
      image: url(low),
      words: [...cache, '--prefetch', 'none', '--upper', middle!, '--upper', url(top)],
    };
    const read = async (mountpoint: string): Promise<Record<string, string>> => {
      const tried = await observe<Tried>(program('try-all.py'), [mountpoint], { user: front.user });
      return Object.fromEntries(
        Object.entries(tried).flatMap(([path, { read }]) => (read ? [[path, read]] : [])),
      );
    };

    const mounted = await mount(scratch, front, layers);
    t.same(await read(mounted.mountpoint), expected, 'cold');
    for (const path of [low, top]) {
      const requests = nginx.requests(basename(path!));
      t.ok(requests.length > 0, `${basename(path!)} was asked for`);
      t.same(chunksTwice(requests), [], 'each chunk once');
    }
    await mounted.unmountFromOutside();
    t.same(await remains(mounted.mountpoint), []);

    await nginx.stop();
    const offline = await mount(scratch, front, { ...layers, words: [...layers.words, '--offline'] });
    t.same(await read(offline.mountpoint), expected, 'offline');
    await offline.unmountFromOutside();
  });
}

t.test('what is fetched ahead, of each layer', { skip: withoutNginx() }, async (t) => {
  const nginx = await Nginx.start(t, scratch);
  const [low, middle, top] = saveLayers(nginx.folder, threeLayers).map((path) => nginx.url(basename(path)));
  const cache = scratch.folder('self', 'cache');
  const words = ['--cache-dir', cache, low!, '--upper', middle!, '--upper', top!];
  const list = join(scratch.folder('self', 'lists'), 'list');
  writeFileSync(list, 'large\nmerged\n/directory over file/inside\nnowhere\n');
  const named = await erofs(['pull', '--json', '--prefetch-list', list, ...words]);
  t.match(named, { status: 1, stderr: /^erofs pull: .*nowhere.*\n$/ });
  const { fetched } = JSON.parse(named.stdout) as { fetched: number };
  t.ok(fetched >= 300_000, `${fetched} bytes fetched`);
  await nginx.stop();
  const offline = (...path: string[]) =>
    erofs(['cat', '--offline', ...words.slice(0, 3), ...path, ...words.slice(3)]);
  t.equal((await offline('/merged/both', '/merged/low', '/merged/top/deep')).stdout, 'toplowdeep');
  t.equal((await offline('large')).status, 0);
});
