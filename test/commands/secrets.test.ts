/** Everything secret that a mount can be told, and every place where others could see it: none of one is in any of the other. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { FaultServer } from '../remote/fault-server.js';
import * as faults from '../remote/faults.js';
import { fixture } from '../support/fixture.js';
import { devFuseRoot } from '../support/front-end.js';
import { processesWith } from '../support/mount-table.js';
import { mount, remains } from '../support/mounted.js';
import { describeRun, erofs, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);

const SECRETS: Readonly<Record<string, string>> = {
  'password of the URL': 'url-sesame-1',
  'query of the URL': 'query-sesame-2',
  'header of a file': 'header-sesame-3',
  'password of the proxy': 'proxy-sesame-4',
  'query of where it leads': 'led-sesame-5',
};
const [password, query, header, proxyPassword, led] = Object.values(SECRETS);

/** As it is, and as Basic authorization writes it, at each of the three offsets of base64. */
function spellings(secret: string): string[] {
  const encoded = [0, 1, 2].map((shift) => {
    const text = Buffer.from(`${'x'.repeat(shift)}${secret}`).toString('base64');
    return text.slice(shift === 0 ? 0 : 4, -4);
  });
  return [secret, ...encoded];
}

/** What lies below a folder, names and bytes. */
function allBelow(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return path + (entry.isFile() ? readFileSync(path, 'latin1') : '');
    })
    .join('\n');
}

t.test('a mount through a proxy', { skip: devFuseRoot.missing ?? false }, async (t) => {
  const blob = readFileSync(fixture('plain').image);
  const server = await FaultServer.start(t, blob);
  server.faults.push(faults.redirect(`http://store.test/blob?signature=${led}`));
  const headerFile = scratch.file('headers', `X-Api-Key: ${header}\n`);
  const cache = scratch.folder('self', 'cache');
  const url = `http://me:${password}@origin.test/image.erofs?signature=${query}`;
  const environment = { http_proxy: server.url('').replace('//', `//me:${proxyPassword}@`) };
  const words = ['--header-file', headerFile, '--cache-dir', cache];

  const mounted = await mount(scratch, devFuseRoot, { image: url, words, environment });
  const daemons = processesWith(mounted.mountpoint);
  t.equal(daemons.length, 1);
  const { pid } = daemons[0]!;
  // what fails is logged
  server.always = faults.status(403);
  await run('cat', [join(mounted.mountpoint, 'data/text.bin')]);
  const failed = await erofs(['info', ...words, '--cache-dir', scratch.folder(), url], { environment });
  const places: Readonly<Record<string, string>> = {
    'what was said': mounted.said.stdout + mounted.said.stderr,
    'what was said of a failure': failed.stdout + failed.stderr,
    'the log': readFileSync(mounted.log, 'utf8'),
    'the mount table': readFileSync('/proc/self/mountinfo', 'utf8'),
    'the arguments of the daemon': readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
    'the cache': allBelow(cache),
  };
  await mounted.unmountFromOutside();
  t.same(await remains(mounted.mountpoint), []);

  t.not(failed.status, 0, describeRun(failed));
  const sent = JSON.stringify(server.seen);
  for (const [name, secret] of Object.entries(SECRETS)) {
    t.ok(
      spellings(secret).some((spelling) => sent.includes(spelling)),
      `the ${name} was used`,
    );
    for (const [place, text] of Object.entries(places)) {
      t.notOk(
        spellings(secret).some((spelling) => text.includes(spelling)),
        `the ${name} in ${place}`,
      );
    }
  }
  t.match(places['the mount table'], 'http://origin.test/image.erofs', 'the rest of the URL is shown');
});
