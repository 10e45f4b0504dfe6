/** The log of real mounts in both formats: an event a line, from every process, and signals that reach who serves. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { fixture } from '../support/fixture.js';
import { devFuseRoot } from '../support/front-end.js';
import { processesWith } from '../support/mount-table.js';
import { type Mounted, mount, remains } from '../support/mounted.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = new Scratch(t);
const { image } = fixture('plain');
const skip = devFuseRoot.missing ?? false;

/** The supervisor where there is one. */
function firstProcess({ mountpoint }: Mounted): number {
  const all = processesWith(mountpoint);
  return (all.find(({ words }) => words[0]!.startsWith('erofs supervisor')) ?? all[0]!).pid;
}

const TEXT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?:DEBUG|INFO |WARN |ERROR) ([a-z-]+): /;

const eventIn: Record<string, (line: string) => string | undefined> = {
  json: (line) => JSON.parse(line).event,
  text: (line) => TEXT.exec(line)?.[1],
};

const cases = [
  { words: [], format: 'json' },
  { words: ['--log-format=text', '--supervise'], format: 'text' },
];

for (const { words, format } of cases) {
  t.test(words.join(' ') || 'as it is by default', { skip }, async (t) => {
    const mounted = await mount(scratch, devFuseRoot, { image, words });
    const lines = () => readFileSync(mounted.log, 'utf8').trimEnd().split('\n');
    const events = () => lines().map(eventIn[format]!);
    const pid = firstProcess(mounted);
    const signals = [
      ['SIGUSR1', 'statistics'],
      ['SIGUSR2', 'log-level'],
      ['SIGUSR2', 'log-level'],
    ] as const;
    for (const [signal, event] of signals) {
      const before = events().length;
      process.kill(pid, signal);
      t.ok(await until(() => events().length > before), signal);
      t.equal(events().at(-1), event, lines().at(-1)!);
    }
    await mounted.unmountFromOutside();
    t.same(await remains(mounted.mountpoint), []);
    const all = events();
    t.equal(all.at(0), 'mounted');
    t.equal(all.at(-1), 'ended');
    t.notOk(all.includes(undefined), `a line without an event: ${lines()[all.indexOf(undefined)]}`);
    t.match(
      lines().find((line) => line.includes('statistics')),
      /"mountpoint":"[^"]+","pid":\d+,/,
    );
  });
}
