/** The kernel's own EROFS, mounted by mount(8) over loop devices: the oracle, independent of what is tested. */
import { readFileSync } from 'node:fs';
import type { Test } from 'tap';
import { type Fixture, optionValues } from './fixture.js';
import { describeRun, run } from './run.js';
import type { Scratch } from './scratch.js';
import { isRoot } from './user.js';

/** EROFS in the kernel knows no block larger than its page; 4096 bytes wherever the tests run. */
const pageSize = 4096;

/** Why the kernel's EROFS cannot be asked here at all. */
export const noKernel: string | undefined = !isRoot
  ? 'needs root to mount through the kernel'
  : /\berofs$/m.test(readFileSync('/proc/filesystems', 'utf8'))
    ? undefined
    : 'this kernel has no erofs';

export const noKernelFor = (fixture: Pick<Fixture, 'blockSize'>): string | undefined =>
  noKernel ??
  (fixture.blockSize > pageSize
    ? `the kernel refuses blocks of ${fixture.blockSize} bytes, more than its page`
    : undefined);

export interface KernelMount {
  readonly mountpoint: string;
  unmount(): Promise<void>;
}

/** Throws with mount's own words where the kernel refuses. Loop devices are freed whatever happens. */
export async function mountByKernel(
  t: Test,
  scratch: Scratch,
  { image, options }: Pick<Fixture, 'image' | 'options'>,
): Promise<KernelMount> {
  const mountpoint = scratch.folder('root', 'kernel');
  const loops: string[] = [];
  const free = async (): Promise<void> => {
    for (let loop = loops.pop(); loop; loop = loops.pop()) await must('losetup', ['-d', loop]);
  };
  t.teardown(free);
  for (const device of optionValues(options, 'device')) loops.push(await loopFor(device));
  const words = ['ro', ...loops.map((loop) => `device=${loop}`)];
  const source = await loopFor(image, optionValues(options, 'offset')[0]);
  loops.push(source);
  await must('mount', ['-i', '-t', 'erofs', '-o', words.join(','), source, mountpoint]);
  return {
    mountpoint,
    unmount: async () => {
      await must('umount', [mountpoint]);
      await free();
    },
  };
}

const loopFor = async (file: string, offset = '0'): Promise<string> =>
  (await must('losetup', ['--find', '--show', '--read-only', '--offset', offset, file])).trim();

async function must(program: string, parameters: readonly string[]): Promise<string> {
  const ended = await run(program, parameters, { user: 'self' });
  if (ended.status !== 0) throw new Error(`${program} ${parameters.join(' ')}: ${describeRun(ended)}`);
  return ended.stdout;
}
