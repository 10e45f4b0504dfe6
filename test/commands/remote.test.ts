/** Every command on an image behind a real web server: it fetches what it needs, once, and says in a line what fails. */
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fixture } from '../support/fixture.js';
import { freePort } from '../support/free-port.js';
import { differences, parseListing, readManifest } from '../support/manifest.js';
import { Nginx, withoutNginx } from '../support/nginx.js';
import { chunksIn, chunksTwice, IDENTITY_RANGE, publish } from '../support/remote-images.js';
import { describeRun, type Ended, erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const image = fixture('wide-plain');
const file = 'wide-plain.erofs';
const manifest = readManifest(image.manifest);

const isOneLine = ({ stderr }: Ended): boolean => stderr.trimEnd().split('\n').length === 1;

t.test('commands', { skip: withoutNginx() }, async (t) => {
  const nginx = await Nginx.start(t, scratch);
  publish(image, nginx.folder);
  const url = nginx.url(file);
  let taken = 0;
  const requests = () => {
    const fresh = nginx.requests(file).slice(taken);
    taken += fresh.length;
    return fresh;
  };

  /** What a command says of the URL is what it says of the file; with an empty cache it fetches `most` chunks at most. */
  const asLocal = (name: string, most: number, words: (image: string) => string[]) =>
    t.test(name, async (t) => {
      const cache = ['--hedge-after', '0', '--cache-dir', scratch.folder('self', 'cache')];
      const local = await erofs(words(image.image));
      t.equal(local.status, 0, describeRun(local));
      requests();
      for (const state of ['cold', 'warm'] as const) {
        const said = await erofs([...words(url), ...cache]);
        t.equal(said.status, 0, `${state}: ${describeRun(said)}`);
        t.equal(said.stdout.replaceAll(url, image.image), local.stdout, `${state}: as of the file`);
        const asked = requests();
        if (state === 'warm') {
          t.same(
            asked.map(({ range }) => range),
            [IDENTITY_RANGE],
            'warm: nothing is fetched',
          );
        } else {
          const count = chunksIn(asked).length;
          t.ok(count > 0 && count <= most, `cold: ${count} chunks of ${most} at most`);
          t.same(chunksTwice(asked), [], 'cold: each once');
        }
      }
      const offline = await erofs([...words(url), ...cache, '--offline']);
      t.equal(offline.stdout.replaceAll(url, image.image), local.stdout, `offline: ${describeRun(offline)}`);
      t.same(requests(), [], 'offline: nothing is asked');
    });

  const all = Math.ceil(statSync(image.image).size / 65536);
  await asLocal('ls', 3, (image) => ['ls', '-l', image]);
  await asLocal('stat', 4, (image) => ['stat', image, '/sizes/text-100000']);
  await asLocal('cat', 6, (image) => ['cat', image, '/sizes/text-100000']);
  await asLocal('info', 12, (image) => ['info', image]);

  t.test('ls of everything, with digests', async (t) => {
    const cache = ['--hedge-after', '0', '--cache-dir', scratch.folder('self', 'cache')];
    requests();
    const said = await erofs(['ls', '-R', '--json', '--digest', ...cache, url]);
    t.equal(said.status, 0, describeRun(said));
    t.same(differences(parseListing(said.stdout), manifest), []);
    t.same(chunksTwice(requests()), [], 'each chunk once');
  });

  t.test('extract', async (t) => {
    const [cache, target] = [scratch.folder('self', 'cache'), join(scratch.folder(), 'tree')];
    requests();
    const said = await erofs(['extract', '--cache-dir', cache, url, target]);
    t.equal(said.status, 0, describeRun(said));
    const path = 'sizes/text-100000';
    const local = await erofs(['cat', image.image, path]);
    t.equal(readFileSync(join(target, path), 'utf8'), local.stdout);
    const asked = requests();
    t.same(chunksTwice(asked), [], 'each chunk once');
    t.ok(chunksIn(asked).length <= all);
  });

  t.test('what fails is one line', async (t) => {
    const cache = ['--hedge-after', '0', '--cache-dir', scratch.folder('self', 'cache')];
    const cases: readonly (readonly [string[], RegExp])[] = [
      [['ls', nginx.url('none.erofs')], /404 Not Found: there is no such blob/],
      [['ls', '--offline', url], /was never opened with this cache/],
      [['cat', url, '/none'], /none/],
      [['ls', `http://127.0.0.1:${await freePort()}/x`], /ECONNREFUSED/],
    ];
    for (const [words, message] of cases) {
      const said = await erofs([...words, ...cache]);
      t.equal(said.status, 1, describeRun(said));
      t.match(said.stderr, message);
      t.ok(isOneLine(said), said.stderr);
      t.equal(said.stdout, '');
    }
  });

  t.test('an unsafe cache directory that was named is refused', async (t) => {
    const folder = scratch.folder();
    const [loose, link] = [join(folder, 'loose'), join(folder, 'link')];
    mkdirSync(loose);
    chmodSync(loose, 0o775);
    symlinkSync(scratch.folder('self', 'cache'), link);
    const mountpoint = scratch.folder();
    const complaints: [string, string][] = [
      [loose, `others may write to it (mode 775); use: chmod go-w ${loose}`],
      [link, 'it is a symbolic link; name what it points to'],
    ];
    requests();
    for (const [cache, complaint] of complaints) {
      for (const words of [
        ['ls', url],
        ['ls', '--offline', url],
        ['pull', url],
        ['mount', url, mountpoint],
      ]) {
        const said = await erofs([...words, '--cache-dir', cache]);
        t.equal(said.status, 1, describeRun(said));
        const line = `erofs ${words[0]}: the cache directory ${cache} is not used: ${complaint}\n`;
        t.equal(said.stderr, line);
      }
      t.equal((await erofs(['ls', image.image, '--cache-dir', cache])).status, 0, 'a file needs none');
    }
    t.same(requests(), [], 'before anything is asked for');
    const home = { XDG_CACHE_HOME: folder };
    mkdirSync(join(folder, 'erofsjs'));
    chmodSync(join(folder, 'erofsjs'), 0o775);
    const said = await erofs(['ls', url], { environment: home });
    t.match(said.stderr, /erofsjs is not used: others may write to it/, 'the usual one is not used');
    t.not(said.stdout, '', 'and the image is read');
  });

  t.test('no secret of a URL is shown', async (t) => {
    const cache = ['--hedge-after', '0', '--cache-dir', scratch.folder('self', 'cache')];
    for (const name of ['info', 'verify']) {
      for (const path of [`${file}?signature=hidden`, 'none.erofs?signature=hidden']) {
        const secret = nginx.url(path).replace('http://', 'http://somebody:hidden@');
        const said = await erofs([name, secret, ...cache]);
        t.notMatch(said.stdout + said.stderr, /hidden/, `${name} ${path}`);
        t.match(said.stdout + said.stderr, /http:\/\/127\.0\.0\.1/, 'the rest of it is');
      }
    }
  });
});
