/** The machine that this process runs on. */
import { accessSync, closeSync, constants, openSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { homedir, release } from 'node:os';
import { resolve } from 'node:path';
import { defaultCacheDirectory } from '../cache/cache-directory.js';
import { controlDirectory } from '../control/control-directory.js';
import { findServers } from '../fuse/holders.js';
import { logDirectory } from '../fuse/log-file.js';
import { credentialFiles } from '../registry/credentials.js';
import { loadLibc } from '../system/libc.js';
import { findProgram, runProgram } from '../system/program.js';
import type { Machine, Part, Places } from './machine.js';

/** `cache`: the directory that is meant, unless it is the default one. */
export function thisMachine(cache?: string): Machine {
  return {
    platform: process.platform,
    node: process.versions.node,
    kernel: release(),
    user: process.geteuid?.() ?? 0,
    environment: process.env,
    places: placesOf(cache),
    now: () => Date.now(),
    read: (path) => unlessMissing(() => readFileSync(path, 'utf8')),
    stat(path) {
      const stat = unlessMissing(() => statSync(path));
      return stat && { mode: stat.mode, owner: stat.uid };
    },
    openingFails: (path) =>
      failureOf(() => closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK))),
    writingFails: (directory) => failureOf(() => accessSync(directory, constants.W_OK | constants.X_OK)),
    freeBytes(path) {
      const { bavail, bsize } = statfsSync(path);
      return bavail * bsize;
    },
    findProgram: (name) => unlessMissing(() => findProgram(name)),
    run: async (program, args) => (await runProgram(program, args, { withOutput: true })).output,
    load,
    serversOf: findServers,
    async serverTime(url) {
      const { serverTime } = await import('../remote/server-time.js');
      return serverTime(url);
    },
  };
}

/** Found when they are asked for: a user without a home need not keep the other checks from being made. */
const placesOf = (cache: string | undefined): Places => ({
  get cache() {
    return resolve(cache ?? defaultCacheDirectory());
  },
  get log() {
    return logDirectory();
  },
  get control() {
    return controlDirectory();
  },
  get credentials() {
    return credentialFiles(process.env, homedir());
  },
});

/** The kernel answers EINVAL in /proc for a part of it that is not there. */
const MISSING = new Set(['ENOENT', 'ENOTDIR', 'EINVAL']);

function unlessMissing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (MISSING.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

function failureOf(attempt: () => void): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return code;
  }
}

async function load(part: Part): Promise<void> {
  switch (part) {
    case 'koffi':
      return loadLibc();
    case 'liblz4': {
      const { systemLz4 } = await import('../system/lz4-library.js');
      if (systemLz4() === undefined) throw new Error('liblz4.so.1 cannot be loaded');
      return;
    }
    case 'lz4-napi':
      return void (await import('../erofs-reader/codec-lz4.js')).loadLz4Napi();
    case 'zstddec':
      return void (await (await import('../erofs-reader/zstd.js')).frameDecoder());
    case 'libfuse 2': {
      const { loadNativeLibrary } = await import('../system/native-library.js');
      loadNativeLibrary('libfuse.so.2');
    }
  }
}
