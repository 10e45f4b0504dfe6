/** Many mounts of one blob at once share one cache: one copy of its bytes, and each chunk crosses the network once. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { withoutClaims } from '../support/claims.js';
import { fixture } from '../support/fixture.js';
import { devFuseRoot } from '../support/front-end.js';
import { fileDigests, readManifest } from '../support/manifest.js';
import { type Mounted, mount, remains } from '../support/mounted.js';
import { Nginx, withoutNginx } from '../support/nginx.js';
import { chunksIn, chunksTwice, IDENTITY_RANGE, publish, remote } from '../support/remote-images.js';
import { run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const MOUNTS = Number(process.env.MOUNTS_AT_ONCE ?? 4);
/** So many are started at a time; all of them are there at once in the end. */
const AT_A_TIME = 10;

const scratch = new Scratch(t);
if (MOUNTS > 20) t.setTimeout(MOUNTS * 20_000);
const image = fixture('wide-plain');
const expected = Object.entries(fileDigests(readManifest(image.manifest)))
  .map(([path, sha256]) => `${sha256}  ./${decodeURIComponent(path)}`)
  .filter((line) => /^[\x20-\x7e]*$/.test(line) && !line.includes('\\'))
  .sort();

/** sha256 and name of every file with a plain name. */
async function readAll(mountpoint: string): Promise<string[]> {
  const words = ['.', '-type', 'f', '-exec', 'sha256sum', '{}', '+'];
  const said = await run('find', words, { cwd: mountpoint, limit: 240 });
  return said.stdout
    .split('\n')
    .filter((line) => expected.includes(line))
    .sort();
}

/** Bytes on disk below a folder. */
const diskUse = (folder: string): number =>
  readdirSync(folder, { recursive: true })
    .map((name) => statSync(join(folder, name as string)))
    .filter((stat) => stat.isFile())
    .reduce((sum, { blocks }) => sum + blocks * 512, 0);

for (const together of [false, true]) {
  const who = together ? 'all read at once' : 'one reads, then all others at once';
  const skip = withoutClaims() || withoutNginx() || (devFuseRoot.missing ?? false);
  t.test(`${MOUNTS} mounts at once, ${who}`, { skip }, async (t) => {
    const nginx = await Nginx.start(t, scratch);
    publish(image, nginx.folder);
    const file = `${image.name}.erofs`;
    const cache = scratch.folder('self', 'cache');
    const what = remote(image, (path) => nginx.url(path), ['--hedge-after', '0', '--cache-dir', cache]);
    const mounts: Mounted[] = [];
    while (mounts.length < MOUNTS) {
      const length = Math.min(AT_A_TIME, MOUNTS - mounts.length);
      const batch = Array.from({ length }, () => mount(scratch, devFuseRoot, what));
      mounts.push(...(await Promise.all(batch)));
    }
    const opening = nginx.requests(file).length;

    const first = mounts.slice(0, together ? MOUNTS : 1);
    const rest = mounts.slice(first.length);
    const read = await Promise.all(first.map(({ mountpoint }) => readAll(mountpoint)));
    const reading = nginx.requests(file).slice(opening);
    read.push(...(await Promise.all(rest.map(({ mountpoint }) => readAll(mountpoint)))));
    t.ok(
      read.every((lines) => lines.join() === expected.join()),
      `${MOUNTS} times ${expected.length} files are right`,
    );
    if (!together)
      t.same(nginx.requests(file).slice(opening + reading.length), [], 'all others fetch nothing');
    const chunks = chunksIn(nginx.requests(file));
    t.same(chunksTwice(nginx.requests(file)), [], 'each chunk was fetched once by all of them together');
    const size = statSync(image.image).size;
    t.comment(
      `${chunks.length} chunks were fetched, ${new Set(chunks).size} different ones; ${opening} requests for ${MOUNTS} openings, ` +
        `${nginx.requests(file).filter(({ range }) => range === IDENTITY_RANGE).length} for one byte; ${diskUse(cache)} bytes kept of ${size}`,
    );
    t.ok(diskUse(cache) < size * 1.1 + 65536, 'one copy of the bytes is kept');
    for (const mounted of mounts) await mounted.unmountFromOutside();
    t.same((await Promise.all(mounts.map(({ mountpoint }) => remains(mountpoint)))).flat(), []);
  });
}
