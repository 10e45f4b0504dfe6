/** What checks may ask, so that a test can be a machine on which something is wrong. */
import type { MountEntry } from '../fuse/mountinfo.js';

/** What decodes or calls, and may be missing. */
export type Part = 'koffi' | 'liblz4' | 'lz4-napi' | 'zstddec' | 'libfuse 2';

export interface FileFacts {
  /** st_mode */
  readonly mode: number;
  /** st_uid */
  readonly owner: number;
}

/** Absolute paths of this user's directories; they need not exist. */
export interface Places {
  readonly cache: string;
  readonly log: string;
  readonly control: string;
  /** in the order in which they are looked into */
  readonly credentials: readonly string[];
}

export interface Machine {
  readonly platform: NodeJS.Platform;
  /** of Node, such as "20.20.2" */
  readonly node: string;
  /** as uname -r prints it */
  readonly kernel: string;
  /** effective; 0 where the system has none */
  readonly user: number;
  readonly environment: NodeJS.ProcessEnv;
  readonly places: Places;
  /** Milliseconds since 1970. */
  now(): number;
  /** The whole text; undefined where there is no such file. Throws the system's error. */
  read(path: string): string | undefined;
  /** Of what the path leads to; undefined where that is nothing. Throws the system's error. */
  stat(path: string): FileFacts | undefined;
  /** The code of the error with which opening for reading and writing fails; undefined where it does not. */
  openingFails(path: string): string | undefined;
  /** The same of making a file in a directory, which is not tried. */
  writingFails(directory: string): string | undefined;
  /** Bytes that this user may still write there. Throws the system's error. */
  freeBytes(path: string): number;
  /** The file of a program; undefined where there is none. Throws code EACCES where this user may not run it. */
  findProgram(name: string): string | undefined;
  /** What it writes to stdout. Rejects where it cannot be run. */
  run(program: string, args: readonly string[]): Promise<string>;
  /** Rejects with what is missing. */
  load(part: Part): Promise<void>;
  /** Processes that serve a mount of FUSE, found without touching it. */
  serversOf(entry: MountEntry): readonly number[];
  /** Milliseconds since 1970, as the server has it. Rejects with FetchFailure. */
  serverTime(url: URL): Promise<number>;
}
