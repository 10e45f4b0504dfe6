/** Many mounts on one host at the same time: each answers, each says what is its own, and all end. MOUNTS=200 tries more by hand. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { allFixtures } from '../support/fixture.js';
import { devFuseRoot } from '../support/front-end.js';
import { processesWith } from '../support/mount-table.js';
import { type Mounted, mount, remains } from '../support/mounted.js';
import { describeRun, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const count = Number(process.env.MOUNTS ?? 10);
const scratch = new Scratch(t);

/** MiB of memory; pages that several processes share count once. */
function proportional(mountpoint: string): number {
  const [server] = processesWith(mountpoint);
  if (server === undefined) throw new Error(`no process serves ${mountpoint}`);
  const rollup = readFileSync(`/proc/${server.pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]) / 1024;
}

t.test(`${count} mounts at once`, { skip: devFuseRoot.missing ?? false }, async (t) => {
  const mounted: { readonly image: string; readonly at: Mounted }[] = [];
  for (let n = 0; n < count; n++) {
    const image = allFixtures[n % allFixtures.length]!;
    mounted.push({ image: image.image, at: await mount(scratch, devFuseRoot, image) });
  }
  for (const { image, at } of mounted) {
    t.equal(at.line.source, image);
    const found = await run('find', [at.mountpoint, '-ls']);
    t.equal(found.status, 0, describeRun(found));
  }
  const memory = mounted.map(({ at }) => proportional(at.mountpoint)).sort((a, b) => a - b);
  t.comment(
    `MiB a mount: ${memory[0]!.toFixed(1)} to ${memory.at(-1)!.toFixed(1)}, median ${memory[count >> 1]!.toFixed(1)}`,
  );
  for (const { at } of mounted) await at.unmountFromOutside();
  for (const { at } of mounted) t.same(await remains(at.mountpoint), []);
});
