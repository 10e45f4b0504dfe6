/**
 * Each row of the catalogue through a real mount: what a program sees, one line of the log with nid and offset, good files
 * beside it that are as they were, and a daemon that goes on and ends as every other.
 */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { devFuseRoot } from '../support/front-end.js';
import { processesWith } from '../support/mount-table.js';
import { mount, remains } from '../support/mounted.js';
import { program } from '../support/paths.js';
import { noPython, observe } from '../support/python.js';
import { Scratch } from '../support/scratch.js';
import { shown } from './answers.js';
import type { Answer, Row } from './row.js';
import { rowsOf } from './rows.js';
import { neighbours, type WorldName, worldNames, worldOf } from './worlds.js';

const scratch = new Scratch(t);

/** Bytes that serving a world may add to a daemon's peak: its caches, and decoded extents of 12 MiB a thread. */
const MEMORY_LIMIT = 256 << 20;

interface LogLine {
  readonly nid?: number;
  readonly offset?: number;
  readonly code?: string;
  readonly msg: string;
}

const expected = (row: Row): Record<string, Answer> => ({ ...row.shows, ...row.mounted });

/** Rows whose errors only the kernel sees have no line. */
const isTold = (row: Row): boolean => row.says !== undefined;

for (const world of worldNames) {
  t.test(world, { skip: devFuseRoot.missing ?? noPython ?? false }, async (t) => {
    const rows = rowsOf(world);
    const { image, devices } = save(world, rows);
    const mounted = await mount(scratch, devFuseRoot, {
      image,
      options: devices.map((path) => `device=${path}`),
    });
    const before = peakMemory(mounted.mountpoint);
    const paths = rows.flatMap((row) => Object.keys(expected(row)).map((path) => `${row.name}/${path}`));
    const answers = await askMount(mounted.mountpoint, paths);
    const good = await askMount(
      mounted.mountpoint,
      rows.flatMap((row) => Object.keys(neighbours(row)).map((name) => `${row.name}/${name}`)),
    );
    const log = readLog(mounted.log);
    for (const row of rows) {
      const own = Object.keys(expected(row)).map((path) => [path, answers[`${row.name}/${path}`]]);
      t.strictSame(Object.fromEntries(own), expected(row), row.name);
      for (const [name, text] of Object.entries(neighbours(row))) {
        const answer = { read: shown(text), xattrs: { 'user.good': name } };
        t.strictSame(good[`${row.name}/${name}`], answer, `${row.name}: ${name} is as it was`);
      }
      if (!isTold(row)) continue;
      const lines = log.filter(({ msg }) => row.says!.test(msg));
      t.ok(lines.length > 0, `${row.name}: the log tells ${row.says}`);
      t.ok(
        lines.every(
          ({ nid, offset, code }) => nid !== undefined && offset !== undefined && code !== undefined,
        ),
        'with nid, offset and code',
      );
    }
    const grown = peakMemory(mounted.mountpoint) - before;
    t.ok(grown < MEMORY_LIMIT, `the daemon's peak grew by ${grown} bytes`);
    await mounted.unmountFromOutside();
    t.strictSame(await remains(mounted.mountpoint), [], 'the mount ends as every other');
  });
}

function save(world: WorldName, rows: readonly Row[]): { image: string; devices: string[] } {
  const { image, devices } = worldOf(world, rows);
  const path = scratch.file('world.erofs');
  image.save(path);
  return {
    image: path,
    devices: devices.map((bytes) => {
      const device = scratch.file('device');
      bytes.save(device);
      return device;
    }),
  };
}

const askMount = (mountpoint: string, paths: readonly string[]): Promise<Record<string, Answer>> =>
  observe(program('ask.py'), [mountpoint], { input: JSON.stringify(paths) });

function readLog(path: string): LogLine[] {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as LogLine);
}

/** Bytes: the most memory that the daemon has had so far. */
function peakMemory(mountpoint: string): number {
  const [daemon] = processesWith(mountpoint);
  const status = readFileSync(`/proc/${daemon!.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}
