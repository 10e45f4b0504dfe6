/** Node, packages and libraries. */
import { describe } from '../commands/failure.js';
import { bad, type Finding, good, warning } from './finding.js';
import type { Machine, Part } from './machine.js';

/** As package.json has it. */
const OLDEST_NODE = [20, 19] as const;
const REINSTALL = 'npm ci --include=optional, in the folder of erofsjs';

export function node({ node: version }: Machine): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNew = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  const oldest = OLDEST_NODE.join('.');
  return isNew
    ? good('Node.js', version)
    : bad(
        'Node.js',
        `${version} is too old: ${oldest} or newer was expected`,
        `nvm install ${OLDEST_NODE[0]}`,
      );
}

/** Calls the C library: a plain user's descriptor of /dev/fuse comes through it, and the kernel's erofs is mounted with it. */
export async function koffi(machine: Machine): Promise<Finding> {
  const missing = await whyNot(machine, 'koffi');
  if (missing === undefined) return good('koffi', 'loads');
  return machine.user === 0
    ? warning('koffi', `does not load, without which only FUSE is left: ${missing}`, REINSTALL)
    : bad('koffi', `does not load, without which a plain user cannot mount: ${missing}`, REINSTALL);
}

export async function lz4(machine: Machine): Promise<Finding> {
  const [library, addon] = [await whyNot(machine, 'liblz4'), await whyNot(machine, 'lz4-napi')];
  if (library === undefined) return good('LZ4', "the system's liblz4 decodes");
  const remedy = 'sudo apt install liblz4-1';
  return addon === undefined
    ? warning('LZ4', `lz4-napi decodes, for twice the processor time of liblz4: ${library}`, remedy)
    : warning('LZ4', `decoded in JavaScript, 4 times slower than need be: ${library}; ${addon}`, remedy);
}

export async function zstd(machine: Machine): Promise<Finding> {
  const missing = await whyNot(machine, 'zstddec');
  return missing === undefined
    ? good('ZSTD', 'is decoded')
    : bad('ZSTD', `images compressed with it cannot be read: ${missing}`, REINSTALL);
}

/** Wanted by one transport, which is not the default on Linux. */
export async function libfuse2(machine: Machine): Promise<Finding> {
  const missing = await whyNot(machine, 'libfuse 2');
  return missing === undefined
    ? good('libfuse 2', 'loads')
    : good('libfuse 2', 'is not here; --transport fuse-native alone needs it', 'sudo apt install libfuse2');
}

async function whyNot(machine: Machine, part: Part): Promise<string | undefined> {
  try {
    await machine.load(part);
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code === undefined ? (error as Error).message : describe(error);
  }
}
