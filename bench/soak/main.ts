/** `npm run soak`: one mount that is listed, read and forgotten for as long as it is told, and must not grow. For root. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Absences } from '../absences.js';
import { unmount } from '../baselines/mounting.js';
import { mountWords } from '../baselines/own.js';
import { BenchError } from '../errors.js';
import { Images } from '../images/images.js';
import { Kept } from '../images/kept.js';
import { SIZES } from '../images/sizes.js';
import { run } from '../measure/program.js';
import { Workspace } from '../measure/workspace.js';
import { thisMachine } from '../report/machine.js';
import { growth, markdown, trendsOf, writeSoak } from './report.js';
import { forget, soakRound } from './rounds.js';
import { Sampler, serverOf } from './samples.js';

const USAGE = `npm run soak -- [OPTIONS]

  --seconds N     for so long, 3600 unless given
  --files N       small files of the image, 50000 unless given; it is made once, and kept
  --pause N       seconds between two rounds, 5 unless given
  --warm-up N     seconds that do not count, 600 unless given
  --slope MIB     what resident memory may grow by in an hour, 10 unless given
  --memory SIZE   of erofs mount
  --transport T   of erofs mount; dev-fuse unless given
  --images DIR    where the image is kept; ~/.cache/erofsjs-bench unless given
  --output DIR    where soak.json, soak.md and soak.html go; the working directory unless given
  --help`;

const OPTIONS = {
  seconds: { type: 'string', default: '3600' },
  files: { type: 'string', default: '50000' },
  pause: { type: 'string', default: '5' },
  'warm-up': { type: 'string', default: '600' },
  slope: { type: 'string', default: '10' },
  memory: { type: 'string', default: '128M' },
  transport: { type: 'string', default: 'dev-fuse' },
  images: { type: 'string', default: join(homedir(), '.cache', 'erofsjs-bench') },
  output: { type: 'string', default: '.' },
  help: { type: 'boolean' },
} as const;

const say = (line: string): void => console.error(`${Math.round(performance.now() / 1000)} s: ${line}`);

/** Throws BenchError 'usage'. */
function numberOf(option: string, word: string): number {
  const value = Number(word);
  if (word.trim() !== '' && value >= 0 && Number.isFinite(value)) return value;
  throw new BenchError('usage', `--${option} ${word}: expected a number of 0 or more`);
}

/** What sha256sum takes, of every file of a folder. */
function checksumsOf(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
      return `${digest}  ./${relative(folder, path)}\n`;
    })
    .join('');
}

async function main(): Promise<number> {
  const { values } = parsed();
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  const seconds = numberOf('seconds', values.seconds);
  const files = numberOf('files', values.files);
  const pause = numberOf('pause', values.pause);
  const bounds = { warmUp: numberOf('warm-up', values['warm-up']), slope: numberOf('slope', values.slope) };
  const folder = resolve(values.output);
  mkdirSync(folder, { recursive: true });
  const workspace = new Workspace();
  const size = {
    ...SIZES.full,
    tree: {
      files,
      large: Math.max(2 << 20, SIZES.full.tree.large * Math.min(1, files / 50_000)) & -(1 << 20),
    },
  };
  const images = new Images(size, new Kept(resolve(values.images), say), workspace, new Absences());
  const image = await images.erofs('lz4hc-64k');
  if (image === undefined)
    throw new BenchError('usage', 'the image cannot be made here: is mkfs.erofs installed?');
  const checksums = workspace.file('checksums');
  writeFileSync(checksums, checksumsOf((await images.tree()).folder));

  const mountpoint = workspace.folder('mountpoint');
  const told = workspace.file('heap');
  const given = ['--transport', values.transport, '--memory', values.memory];
  const [program, ...words] = mountWords([image], join(folder, 'soak.log'), given);
  const probe = new URL('./heap-probe.js', import.meta.url);
  const environment = { NODE_OPTIONS: `--import=${probe}`, EROFSJS_HEAP_PROBE: told };
  await run(program, [...words, mountpoint], { environment });
  const sampler = new Sampler(serverOf(mountpoint), told);
  let [rounds, names] = [0, 0];
  const failures: string[] = [];
  const report = () => ({
    when: new Date().toISOString(),
    system: thisMachine().system,
    image: `${files} files, LZ4HC 64 KiB`,
    words: ['erofs', 'mount', ...given],
    seconds: sampler.samples.at(-1)?.seconds ?? 0,
    ...{ rounds, names, bounds },
    trends: trendsOf(sampler.samples, bounds),
    failures,
    samples: sampler.samples,
  });
  try {
    const deadline = performance.now() + seconds * 1000;
    do {
      const round = await soakRound(mountpoint, checksums);
      await forget(mountpoint);
      rounds += 1;
      names += round.names;
      // what there is so far, whatever becomes of the rest
      writeSoak(report(), folder);
      await sleep(Math.min(pause * 1000, Math.max(0, deadline - performance.now())));
    } while (performance.now() < deadline);
    sampler.stop();
    failures.push(...growth(sampler.samples, bounds));
  } catch (error) {
    sampler.stop();
    failures.push((error as Error).message);
  }
  await unmount(mountpoint);
  for (const path of writeSoak(report(), folder)) say(`wrote ${path}`);
  console.log(markdown(report()));
  workspace.clean();
  return failures.length === 0 ? 0 : 1;
}

function parsed() {
  try {
    return parseArgs({ options: OPTIONS });
  } catch (error) {
    throw new BenchError('usage', `${(error as Error).message}; npm run soak -- --help lists the options`);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`soak: ${(error as Error).message}`);
  process.exitCode = error instanceof BenchError && error.code === 'usage' ? 2 : 1;
}
