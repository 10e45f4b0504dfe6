/** `erofs cache`: what was kept of images on the other side of a network. */
import { resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { defaultCacheDirectory } from '../cache/cache-directory.js';
import type { Command } from '../config/command-table.js';
import { OptionWords } from '../options/long-option.js';
import { type QuietArguments, quietOption } from './quiet.js';

export interface CacheArguments extends QuietArguments {
  readonly cacheDir: string;
  readonly json: boolean;
}

interface BlobArguments extends CacheArguments {
  readonly blob: string[];
}

const list: CommandModule<object, CacheArguments> = {
  command: 'ls',
  describe: 'List what is kept of which blob',
  handler: async (given) => (await import('./cache-ls.js')).listCache(given),
};

const verify: CommandModule<object, BlobArguments> = {
  command: 'verify [blob..]',
  describe: 'Read all that is kept; what is damaged is fetched again when it is wanted',
  builder: blobArguments as never,
  handler: async (given) => (await import('./cache-verify.js')).verifyCache(given.blob, given),
};

interface GcArguments extends CacheArguments {
  readonly cacheSize: number | undefined;
}

const gc: CommandModule<object, GcArguments> = {
  command: 'gc',
  describe: 'Give back room: what crashes left, and what was used least recently beyond the size',
  builder: (parser) =>
    parser.option('cache-size', {
      type: 'string',
      requiresArg: true,
      coerce: readSize,
      describe:
        'SIZE: bytes that may stay, or a number with K, M, G or T behind it (default: that of a mount)',
    }) as never,
  handler: async (given) => (await import('./cache-gc.js')).collectGarbage(given.cacheSize, given),
};

interface RmArguments extends BlobArguments {
  readonly all: boolean;
}

const rm: CommandModule<object, RmArguments> = {
  command: 'rm [blob..]',
  describe: 'Remove what is kept of blobs; a mount that uses one goes on, and fetches what it needs',
  builder: (parser) =>
    blobArguments(parser).option('all', {
      type: 'boolean',
      default: false,
      describe: 'remove all of them',
    }) as never,
  handler: async (given) => (await import('./cache-rm.js')).removeBlobs(given.blob, given.all, given),
};

const actions = [list, verify, gc, rm] as CommandModule[];

export const command: Command = {
  command: 'cache',
  actions,
  describe: 'Look after what is kept of remote images: ls, verify, gc, rm',
  builder: (parser) => {
    for (const action of actions) parser.command(action);
    return cacheOptions(parser).demandCommand(1, 'an action is missing: ls, verify, gc or rm');
  },
  handler: () => {},
};

/** Those of every action. */
function cacheOptions<T>(parser: Argv<T>): Argv<T> {
  return quietOption(parser)
    .option('cache-dir', {
      type: 'string',
      requiresArg: true,
      default: defaultCacheDirectory(),
      coerce: (given: string | string[]) => resolve(wordsOf('cache-dir', given).one('cache-dir')!),
      defaultDescription: '$XDG_CACHE_HOME/erofsjs',
      describe: 'DIR: where it is kept',
    })
    .option('json', { type: 'boolean', default: false, describe: 'JSON: of ls an object a line, else one' });
}

function blobArguments<T>(parser: Argv<T>): Argv<T> {
  return parser.positional('blob', {
    type: 'string',
    array: true,
    default: [],
    describe: 'a blob by its name, or by the first digits of its key, as ls says them',
  });
}

function readSize(given: string | string[]): number | undefined {
  return wordsOf('cache-size', given).oneSize('cache-size');
}

function wordsOf<Name extends string>(name: Name, given: string | string[]): OptionWords<Name> {
  return new OptionWords(new Map([[name, [given].flat()]]), () => `--${name}`);
}
