/** `erofs find`: the files of an image that predicates hold of. */
import type { Argv, CommandModule } from 'yargs';
import type { FindOptions } from '../find/predicates.js';
import { UsageError } from './failure.js';
import {
  type ImageArguments,
  imageOptions,
  type PathArguments,
  pathOptions,
  withImage,
} from './image-options.js';

interface FindArguments extends ImageArguments, PathArguments, Omit<FindOptions, 'path'> {
  readonly start: string;
  readonly path: string | undefined;
  readonly mindepth: string | undefined;
  readonly maxdepth: string | undefined;
  readonly print0: boolean;
  readonly json: boolean;
}

/** What has a value, and what it says. */
const VALUES = {
  name: 'PATTERN: the name matches it: * ? [a-z]',
  iname: 'PATTERN: as --name, in upper or lower case',
  path: 'PATTERN: the whole path matches it',
  type: 'LETTERS: f file, d directory, l link, p fifo, s socket, c and b devices; several with commas',
  size: 'N: bytes in units of c (1), k, M or G, rounded up; +N more, -N less',
  mtime: 'N: days since it was modified; +N more, -N less',
  newermt: 'TIME: modified after it: 2024-05-01, 2024-05-01T12:00:00Z, @SECONDS',
  perm: 'MODE: exactly these permissions; -MODE all of them, /MODE any of them',
  user: "NAME: owned by it, as the image's /etc/passwd has it, or by a number",
  group: "NAME: of this group, as the image's /etc/group has it, or of a number",
  uid: 'N: the number of the owner; +N more, -N less',
  gid: 'N: the number of the group',
  links: 'N: hard links',
  xattr: 'PATTERN: an extended attribute has such a name',
  algorithm: 'NAME: bytes of it are compressed by LZ4, LZMA, DEFLATE or ZSTD',
  layout: 'NAME: flat-plain, flat-inline, compressed-full, compressed-compact or chunk-based',
  mindepth: 'N: not what is less than N levels below START',
  maxdepth: 'N: not what is more than N levels below START',
} as const;
const SWITCHES = ['empty', 'print0'];

/**
 * Predicates as find(1) spells them: with one hyphen, and with values that begin with one. All else stays as it is.
 */
export function findWords(words: readonly string[]): string[] {
  const spelled: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const name = word.replace(/^--?/, '');
    if (name === word) spelled.push(word);
    else if (SWITCHES.includes(name)) spelled.push(`--${name}`);
    else if (name in VALUES && i + 1 < words.length) spelled.push(`--${name}=${words[++i]}`);
    else spelled.push(name in VALUES ? `--${name}` : word);
  }
  return spelled;
}

export const command: CommandModule<object, FindArguments> = {
  command: 'find <image> [start]',
  describe: 'Find files of an image by name, size, time, owner, compression and more',
  builder: (parser) => {
    const options = pathOptions(imageOptions(parser)).positional('start', {
      type: 'string',
      default: '/',
      describe: 'directory or file in the image',
    });
    for (const [name, describe] of Object.entries(VALUES)) {
      options.option(name, {
        type: 'string',
        requiresArg: true,
        describe,
        group: 'Predicates, all of which must hold:',
      });
    }
    return options
      .option('empty', {
        type: 'boolean',
        describe: 'a file without bytes, or a directory without names',
        group: 'Predicates, all of which must hold:',
      })
      .option('print0', { type: 'boolean', default: false, describe: 'a NUL after each path, for xargs -0' })
      .option('json', { type: 'boolean', default: false, describe: 'one JSON object a line' })
      .example('$0 find root.erofs /usr --name "*.so*" --size +1M', '')
      .example('$0 find root.erofs -type f -perm -4000', 'as find(1) spells it')
      .check((given) => {
        for (const name of Object.keys(VALUES)) {
          if (Array.isArray(given[name])) throw new UsageError(`--${name} is given more than once`);
        }
        if (given.print0 && given.json) throw new UsageError('--print0 and --json exclude each other');
        return true;
      }) as unknown as Argv<FindArguments>;
  },
  handler: (given) =>
    withImage('erofs find', given, async (opened, problems) => {
      const { find } = await import('../find/find.js');
      const { predicatesOf } = await import('../find/predicates.js');
      const { ManifestReader } = await import('./manifest-entry.js');
      const { byteString, byteStringOf, Output } = await import('./output.js');
      const { lastComponent, pathArgument, resolvePath } = await import('./path.js');
      const { quoteName } = await import('./quote.js');
      const { startAt } = await import('./walk.js');
      const output = new Output(process.stdout);
      const shown = pathArgument(given.start, given.escaped);
      const range = {
        mindepth: depthOf(given, 'mindepth', 0),
        maxdepth: depthOf(given, 'maxdepth', Infinity),
      };
      const predicates = await predicatesOf(opened, given, Date.now() / 1000);
      const top = await startAt(opened, await resolvePath(opened, shown, false));
      const start = { ...top, name: lastComponent(shown) };
      const manifest = new ManifestReader(opened, { digest: false }, (path, error) =>
        problems.at(path, error),
      );
      await find(opened, start, shown, range, predicates, problems, async (entry, path) => {
        if (given.json) await output.line(JSON.stringify(await manifest.read({ ...entry, path })));
        else if (given.print0) await output.text(`${byteStringOf(path)}\0`);
        else await output.line(output.isTerminal ? byteString(quoteName(path)) : byteStringOf(path));
      });
      await output.flush();
    }),
};

function depthOf(given: FindArguments, name: 'mindepth' | 'maxdepth', otherwise: number): number {
  const text = given[name];
  if (text === undefined) return otherwise;
  if (/^[0-9]+$/.test(text)) return Number(text);
  throw new UsageError(`--${name} ${text}: expected a number of levels`);
}
