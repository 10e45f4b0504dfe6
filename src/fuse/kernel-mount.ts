/**
 * Driver `kernel`: the kernel's own erofs, with nobody in between.
 *
 * mount(2) takes the image file itself since Linux 6.12; before that, or where the file's own file system
 * cannot serve it, mount(8) puts a loop device under it. The kernel loads its module by itself.
 */

import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { type ImageSpec, layerSpecs } from '../open.js';
import type { Proof } from '../proof/proof-spec.js';
import { mount } from '../system/libc.js';
import { runProgram } from '../system/program.js';
import { MountError, type MountOptions } from './transport.js';

export interface KernelMount {
  readonly spec: ImageSpec;
  /** absolute, resolved */
  readonly mountpoint: string;
  readonly options: MountOptions;
  /** the image's, bytes; explains a refusal */
  readonly blockSize: number;
}

/** Options of -o that only a server of our own can do, and why. */
const BEYOND_THE_KERNEL: Readonly<Record<string, string>> = {
  uid: 'shows the owners that the image has',
  gid: 'shows the groups that the image has',
  allow_truncated: 'does not vouch for an image that is cut short',
  fsname: 'shows the image as the source',
  subtype: 'has the type erofs',
};

/** What the kernel's driver cannot do of what was asked, as the end of "the kernel's erofs ..."; else undefined. */
export function kernelObstacle(
  spec: ImageSpec,
  asked: ReadonlySet<string>,
  proofs: readonly Proof[],
): string | undefined {
  for (const [option, reason] of Object.entries(BEYOND_THE_KERNEL)) {
    if (asked.has(option)) return `${reason}, so it cannot do -o ${option}`;
  }
  if (layerSpecs(spec).length > 1) return 'merges no layers';
  const proven = proofs.find(({ kind }) => kind !== 'none');
  if (proven !== undefined) return `does not check ${proven.blob} against its ${proven.kind} hashes`;
  if (process.platform !== 'linux') return 'is part of Linux, and this is another system';
  if (process.geteuid?.() !== 0) return 'is for root';
  if (![spec.image, ...(spec.devices ?? [])].every((path) => isAbsolute(path)))
    return 'reads local files only';
  if (spec.objects !== undefined) return 'looks into no object store';
  const device = spec.devices?.find((path) => path.includes(','));
  return device === undefined ? undefined : `takes no device path with a comma (${device})`;
}

// mount(2)
const MS_RDONLY = 1;
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MS_NOEXEC = 8;

/** Rejects with MountError 'no-kernel-driver', 'no-permission' or 'kernel-refused'; then nothing is mounted. */
export async function mountByKernel(request: KernelMount): Promise<void> {
  const { spec, mountpoint, options } = request;
  const flags =
    MS_RDONLY |
    (options.nosuid ? MS_NOSUID : 0) |
    (options.nodev ? MS_NODEV : 0) |
    (options.noexec ? MS_NOEXEC : 0);
  const data = (spec.devices ?? []).map((device) => `device=${device}`);
  if (spec.offset) data.push(`fsoffset=${spec.offset}`);
  try {
    mount(spec.image, mountpoint, 'erofs', flags, data.join(','));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENODEV') {
      throw new MountError(
        'no-kernel-driver',
        'this kernel has no erofs (modprobe erofs found none either); use --driver fuse',
        { cause: error },
      );
    }
    if (code === 'EPERM') {
      throw new MountError(
        'no-permission',
        'the kernel lets this process mount nothing (it lacks CAP_SYS_ADMIN); use --driver fuse',
        { cause: error },
      );
    }
    if (spec.devices !== undefined) throw refused(request, error as Error);
    await mountOnLoop(request, error as Error);
  }
}

async function mountOnLoop(request: KernelMount, refusal: Error): Promise<void> {
  const { spec, mountpoint, options } = request;
  const list = ['ro', 'loop'];
  if (spec.offset) list.push(`offset=${spec.offset}`);
  if (options.nosuid) list.push('nosuid');
  if (options.nodev) list.push('nodev');
  if (options.noexec) list.push('noexec');
  const { success } = await runProgram('mount', [
    '-i',
    '-t',
    'erofs',
    '-o',
    list.join(','),
    spec.image,
    mountpoint,
  ]);
  // mount(8) met the same refusal; the words of mount(2) say more
  if (!success) throw refused(request, refusal);
}

function refused({ spec, blockSize }: KernelMount, refusal: Error): MountError {
  const pageSize = readPageSize();
  const reason =
    blockSize > pageSize
      ? `its blocks of ${blockSize} bytes are larger than this machine's pages of ${pageSize}`
      : `${refusal.message}; dmesg tells more`;
  return new MountError(
    'kernel-refused',
    `the kernel's erofs refused ${spec.image}: ${reason}; use --driver fuse`,
    { cause: refusal },
  );
}

const AT_PAGESZ = 6n;

/** Bytes; from the auxiliary vector, getauxval(3): pairs of 64-bit words. */
function readPageSize(): number {
  const words = new BigUint64Array(new Uint8Array(readFileSync('/proc/self/auxv')).buffer);
  for (let at = 0; at + 1 < words.length; at += 2) {
    if (words[at] === AT_PAGESZ) return Number(words[at + 1]);
  }
  return 4096;
}
