/** What was compiled when the package was built is what runs: by the command, by a daemon, under a supervisor, in threads. */
import { copyFileSync, cpSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fixture } from '../support/fixture.js';
import { devFuseRoot } from '../support/front-end.js';
import { command, dist, packageRoot } from '../support/paths.js';
import { run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const image = fixture('lz4').image;
const environment = { NODE_DEBUG: 'erofs' };

const said = (text: string): string[] =>
  [...text.matchAll(/^EROFS \d+: (.*): what was compiled before is (.*)$/gm)]
    .map((m) => `${m[1]} ${m[2]}`)
    .sort();

t.test('the command', async (t) => {
  const { status, stderr } = await run(process.execPath, [command, 'ls', image], { environment });
  t.equal(status, 0);
  t.same(said(stderr), ['command used']);
});

for (const supervise of [[], ['--supervise']]) {
  t.test(`a mount ${supervise.join()}`, { skip: devFuseRoot.missing ?? false }, async (t) => {
    const mountpoint = scratch.folder();
    const log = join(scratch.path, `mount${supervise.length}.log`);
    const words = ['mount', ...devFuseRoot.words, ...supervise, '--log-file', log, image, mountpoint];
    const mounted = await run(process.execPath, [command, ...words], { environment });
    t.match(mounted, { status: 0 });
    t.match(await run(process.execPath, [command, 'umount', mountpoint]), { status: 0 });
    const programs = new Set(said(readFileSync(log, 'utf8')));
    const serving = supervise.length > 0 ? ['serving-program used'] : [];
    t.same([...programs], ['daemon used', 'dev-fuse-pump-thread used', ...serving]);
  });
}

t.test('where it does not fit, the program is compiled', async (t) => {
  const folder = join(scratch.folder(), 'package');
  const bin = join(folder, 'dist', 'bin');
  cpSync(join(dist, 'bin'), bin, { recursive: true, preserveTimestamps: true });
  copyFileSync(join(packageRoot, 'package.json'), join(folder, 'package.json'));
  const ls = async (flags: readonly string[] = []) => {
    const ended = await run(process.execPath, [...flags, join(bin, 'cli.js'), 'completion', 'bash'], {
      environment,
    });
    t.match(ended, { status: 0, stdout: /complete/ });
    return said(ended.stderr);
  };
  t.same(await ls(), ['command used']);
  t.same(await ls(['--max-semi-space-size=2']), ['command refused'], 'other flags');
  const cache = join(bin, 'command.bundle.js.cache');
  const bytes = readFileSync(cache);
  writeFileSync(cache, bytes.subarray(0, bytes.length / 2));
  t.same(await ls(), ['command refused'], 'half of it');
  writeFileSync(cache, bytes);
  const { atimeMs, mtimeMs } = statSync(join(bin, 'command.bundle.js'));
  utimesSync(cache, atimeMs / 1000, mtimeMs / 1000 - 10);
  t.same(await ls(), ['command absent'], 'older than the program');
});
