/**
 * Transport `fuse-native`: the package of that name, which brings libfuse 2 and macFUSE.
 *
 * LAW: the only importer of fuse-native, and the only file that knows its traps: it has no `ro`, its unmount is
 * a shell command, numeric timeouts of 0 mean 15 seconds, it never tells that the mount has ended, and the
 * handle that it keeps would hold the process for ever. The package is loaded by the first mount.
 */
import { accessSync, constants, readdirSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log/log-events.js';
import { singleMemory } from '../memory-budget.js';
import { Errno } from './errno.js';
import { createHandlers, type NativeHandlers, type ServedTree } from './fuse-native-operations.js';
import { escapeOption } from './fusermount.js';
import { liveState, openAtOnce, openToWait, type WaitingImage } from './image-opening.js';
import { mountAt } from './mountinfo.js';
import { ProblemLog, remembered } from './problem-log.js';
import {
  type LiveMount,
  type LiveState,
  MountError,
  type MountOptions,
  type MountRequest,
  type Transport,
} from './transport.js';
import { abortConnection, detach } from './unmount.js';

type Signal = (result: number, buffer: ArrayBufferLike) => void;

/** What is used of the package's class. */
interface FuseNative {
  readonly ops: NativeHandlers;
  readonly _thread: Buffer | null;
  mount(done: (error: Error | null) => void): void;
}
type FuseNativeClass = new (mountpoint: string, handlers: NativeHandlers, options: object) => FuseNative;

/** The package's native half. */
interface Binding {
  /** Lets the event loop end although the mount's handle is still there. Unmounts nothing, whatever its name. */
  fuse_native_unmount(mountpoint: string, thread: Buffer): void;
}

export const fuseNative: Transport = {
  async mount(request: MountRequest, log: Log): Promise<LiveMount> {
    const { mountpoint, options } = request;
    const spec = { ...request.spec, memory: singleMemory(request.memory) };
    const { Fuse, binding } = loadPackage();
    const list = optionList(options);
    requireFit(mountpoint, list);
    const problems = new ProblemLog(
      remembered((record, message) => log.error({ event: 'problem', ...record }, message)),
    );
    const report = (problem: Error) => problems.report({ operation: 'left out' }, problem);
    const opened: WaitingImage = await (openToWait(spec, report) ?? openAtOnce(spec, report));
    const waiting = new AbortController();
    let count = 0;
    const served: ServedTree = {
      tree: opened.tree,
      run: (operation) => {
        const result = opened.run(operation, waiting.signal);
        if (!(result instanceof Promise)) return result;
        count++;
        return result.finally(() => count--);
      },
    };
    try {
      const fuse = new (withOptions(Fuse, list))(mountpoint, handlersFor(served, options, problems), {
        timeout: false,
      });
      await start(fuse, request);
      const state = () => liveState(opened, count);
      return new NativeMount(mountpoint, waiting, state, () => {
        opened.close();
        binding.fuse_native_unmount(mountpoint, fuse._thread!);
      });
    } catch (error) {
      opened.close();
      throw error;
    }
  },
};

function loadPackage(): { Fuse: FuseNativeClass; binding: Binding } {
  const require = createRequire(import.meta.url);
  try {
    const entry = require.resolve('fuse-native');
    const Fuse = require('fuse-native') as FuseNativeClass;
    // the loader that the package itself uses; it gives the same binding again
    const binding = createRequire(entry)('node-gyp-build')(dirname(entry)) as Binding;
    return { Fuse, binding };
  } catch (cause) {
    const found = String((cause as Error).message).split('\n')[0];
    const remedy =
      process.platform === 'linux'
        ? 'install libfuse 2 (Debian, Ubuntu: apt install libfuse2) and npm install fuse-native, or use --transport dev-fuse'
        : 'install macFUSE and npm install fuse-native';
    throw new MountError('no-native-package', `the package fuse-native does not load: ${found}; ${remedy}`, {
      cause,
    });
  }
}

/** The image never changes: what the kernel has learnt of it, it may keep (seconds). */
const LIFETIME = 1_000_000_000;

function optionList(options: MountOptions): string {
  const list = [
    'ro',
    'use_ino',
    'kernel_cache',
    `entry_timeout=${LIFETIME}`,
    `negative_timeout=${LIFETIME}`,
    `attr_timeout=${LIFETIME}`,
    `fsname=${escapeOption(options.fsname)}`,
    `subtype=${options.subtype}`,
  ];
  // libfuse 2 refuses a directory with something in it, which no other transport does
  if (process.platform === 'linux') list.push('nonempty');
  if (options.allowOther) list.push('allow_other');
  if (options.defaultPermissions) list.push('default_permissions');
  list.push(options.nosuid ? 'nosuid' : 'suid', options.nodev ? 'nodev' : 'dev');
  if (options.noexec) list.push('noexec');
  return `-o${list.join(',')}`;
}

/** The package copies both into buffers of this many bytes and cuts what is longer. */
const PACKAGE_BUFFER = 1024;

function requireFit(mountpoint: string, list: string): void {
  if (Buffer.byteLength(mountpoint) < PACKAGE_BUFFER && Buffer.byteLength(list) < PACKAGE_BUFFER) return;
  throw new MountError(
    'mount-failed',
    `fuse-native takes no paths of ${PACKAGE_BUFFER} bytes and more; use shorter ones, -o fsname=NAME, or --transport dev-fuse`,
  );
}

/** The package's class with our option list, and with the xattr calls that know how large the caller's buffer is. */
function withOptions(Fuse: FuseNativeClass, list: string): FuseNativeClass {
  return class extends Fuse {
    _fuseOptions(): string {
      return list;
    }

    _op_getxattr(signal: Signal, path: string, name: string, into: Buffer, position: number): void {
      this.ops.getxattr(path, name, position, (errno, value) => {
        if (value === undefined) signal(errno, into.buffer);
        else signal(fill(into, value), into.buffer);
      });
    }

    _op_listxattr(signal: Signal, path: string, into: Buffer): void {
      this.ops.listxattr(path, (errno, names) => {
        if (names === undefined) signal(errno, into.buffer);
        else signal(fill(into, Buffer.from(names.map((name) => `${name}\0`).join(''))), into.buffer);
      });
    }
  };
}

/** The result of getxattr(2): the size for an empty buffer, ERANGE for one that is too small. */
function fill(into: Buffer, value: Buffer): number {
  if (into.length === 0) return value.length;
  if (into.length < value.length) return -Errno.ERANGE;
  return value.copy(into);
}

function handlersFor(served: ServedTree, options: MountOptions, problems: ProblemLog): NativeHandlers {
  return createHandlers(served, {
    onlyRootCalls: process.geteuid?.() === 0 && !options.allowOther,
    report: (problem, call, path) => problems.report({ operation: `${call} ${path}` }, problem),
  });
}

function start(fuse: FuseNative, { mountpoint }: MountRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    fuse.mount((error) => {
      if (error === null || error === undefined) resolve();
      else reject(explain(error, mountpoint));
    });
  });
}

function explain(cause: Error, mountpoint: string): MountError {
  if (cause.message === 'Mountpoint in use') {
    const message = `${mountpoint} is itself a mountpoint, which fuse-native does not cover; use another directory or --transport dev-fuse`;
    return new MountError('already-mounted', message, { cause });
  }
  try {
    if (process.platform === 'linux') accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT'
      ? new MountError('no-fuse-device', '/dev/fuse does not exist; as root: modprobe fuse', { cause })
      : new MountError(
          'no-permission',
          `/dev/fuse may not be used (${code}); as root: chmod 0666 /dev/fuse`,
          {
            cause,
          },
        );
  }
  // libfuse says why on stderr alone, which is the log
  const message = `libfuse 2 refused the mount on ${mountpoint} (${cause.message}); read why in the log, or use --transport dev-fuse`;
  return new MountError('mount-failed', message, { cause });
}

const POLL_MS = 250;
const GRACE_MS = 2_000;

class NativeMount implements LiveMount {
  readonly ended: Promise<void>;
  readonly #mountpoint: string;
  readonly #minor: number | undefined;
  readonly #state: () => LiveState;
  readonly #waiting: AbortController;
  #over = false;

  /** `waiting` ends the calls that wait for bytes: libfuse does not end before each of them has its answer. */
  constructor(mountpoint: string, waiting: AbortController, state: () => LiveState, letGo: () => void) {
    this.#mountpoint = mountpoint;
    this.#state = state;
    this.#waiting = waiting;
    this.#minor = mountAt(mountpoint)?.minor;
    const descriptor = fuseDescriptor();
    this.ended = new Promise((resolve) => {
      const timer = setInterval(() => {
        if (isServing(mountpoint, descriptor)) return;
        clearInterval(timer);
        this.#over = true;
        this.#waiting.abort();
        letGo();
        resolve();
      }, POLL_MS);
    });
  }

  get state(): LiveState {
    return this.#state();
  }

  async unmount({ evenIfBusy }: { readonly evenIfBusy: boolean }): Promise<void> {
    if (this.#over) return;
    try {
      await detach(this.#mountpoint, { lazy: false });
      this.#waiting.abort();
    } catch (error) {
      const busy = error instanceof MountError && error.code === 'busy';
      if (!busy || !evenIfBusy) throw error;
      await detach(this.#mountpoint, { lazy: true });
      await Promise.race([this.ended, sleep(GRACE_MS, undefined, { ref: false })]);
      this.#waiting.abort();
      if (!this.#over && this.#minor !== undefined) abortConnection(this.#minor);
    }
  }
}

/** The descriptor that libfuse has opened for the mount; it closes it when the mount has ended. Linux only. */
function fuseDescriptor(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  return readdirSync('/proc/self/fd').map(Number).find(isFuseDevice);
}

function isFuseDevice(descriptor: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`) === '/dev/fuse';
  } catch {
    // closed in the meantime
    return false;
  }
}

/**
 * The package does not tell when a mount ends. libfuse's descriptor does: it outlives a lazy detach and not the
 * connection, which is more than the mount table knows. Without /proc there is only the table.
 */
function isServing(mountpoint: string, descriptor: number | undefined): boolean {
  return descriptor === undefined ? mountAt(mountpoint) !== undefined : isFuseDevice(descriptor);
}
