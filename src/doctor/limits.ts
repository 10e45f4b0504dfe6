/** Limits of the process and of the group that it is in. */
import { dirname, join } from 'node:path';
import { sizeText } from '../commands/size-text.js';
import { LEAST_MEMORY } from '../memory-budget.js';
import { bad, type Finding, good, warning } from './finding.js';
import type { Machine } from './machine.js';

const MIB = 2 ** 20;
/** Node.js with the threads of a mount takes so much beside its budget, and without the image: see memory-budget.ts. */
const BESIDE_BUDGET = 90 * MIB;
/** What version 1 has for "no limit" is a little less than 2^63. */
const NO_LIMIT = 2 ** 60;

/** `memory`: the budget of a mount, in bytes. */
export function memoryLimit(machine: Machine, memory: number): Finding {
  const check = 'memory';
  const limit = groupLimit(machine);
  const wanted = memory + BESIDE_BUDGET;
  const need = `a mount takes up to ${sizeText(wanted)} (--memory ${memory / MIB}M, and Node.js)`;
  if (limit === undefined) return good(check, `no control group limits it; ${need}`);
  const found = `the control group may have ${sizeText(limit)}; ${need}`;
  if (limit >= wanted) return good(check, found);
  if (limit >= LEAST_MEMORY + BESIDE_BUDGET) {
    return warning(check, found, `erofs mount --memory ${Math.floor((limit - BESIDE_BUDGET) / MIB)}M`);
  }
  const least = `${Math.ceil(wanted / MIB)}`;
  return bad(check, found, `docker run --memory ${least}m, or MemoryMax=${least}M in the unit`);
}

/** Bytes: the least of all groups from this process's own upwards; undefined where there is none. */
function groupLimit({ read }: Machine): number | undefined {
  const limits: number[] = [];
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    // cgroups(7): HIERARCHY:CONTROLLERS:PATH, with nothing between for version 2
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    if (controllers === '') limits.push(...limitsUpwards(read, '/sys/fs/cgroup', path, 'memory.max'));
    if (controllers?.split(',').includes('memory')) {
      limits.push(...limitsUpwards(read, '/sys/fs/cgroup/memory', path, 'memory.limit_in_bytes'));
    }
  }
  const least = Math.min(...limits);
  return least < NO_LIMIT ? least : undefined;
}

function limitsUpwards(read: Machine['read'], root: string, path: string, file: string): number[] {
  const limits: number[] = [];
  for (let group = path; ; group = dirname(group)) {
    const text = read(join(root, group, file))?.trim() ?? 'max';
    if (/^\d+$/.test(text)) limits.push(Number(text));
    if (group === '/') return limits;
  }
}

/** Sockets, the cache's files, and each object of a store that is being read. */
const ENOUGH_DESCRIPTORS = 1024;

/** Node raises the soft limit to the hard one when it starts. */
export function descriptorLimit({ read }: Machine): Finding {
  const check = 'open files';
  const text = /^Max open files\s+\S+\s+(\S+)/m.exec(read('/proc/self/limits') ?? '')?.[1];
  const limit = text === undefined || text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
  if (limit >= ENOUGH_DESCRIPTORS) return good(check, `${text ?? 'no limit'}`);
  const found = `a process may have ${limit}; stores with many objects and images over a network want ${ENOUGH_DESCRIPTORS}`;
  return warning(check, found, `sudo prlimit --nofile=${ENOUGH_DESCRIPTORS}: --pid $$`);
}
