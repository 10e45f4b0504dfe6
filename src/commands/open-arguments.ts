/** The options of open-options.ts on a command line, each group under its heading. */
import type { Argv } from 'yargs';
import { OPEN_OPTION_GROUPS, OPEN_OPTIONS } from '../open-options.js';
import type { GivenOptions } from '../options/long-option.js';

/** What every command says of its image, and of those above it. */
export const IMAGE =
  "an EROFS image: a file, a block device, an http or https URL, a container image (oci://REGISTRY/NAME:TAG, oci-layout:DIR, oci-archive:FILE, docker-archive:FILE), or a snapshot of containerd's EROFS snapshotter";
export const UPPER =
  'UPPER: an image that is merged above IMAGE, as overlayfs merges layers; repeatable, the last one wins';

export function openArguments<T>(parser: Argv<T>): Argv<T> {
  for (const { heading, options } of OPEN_OPTION_GROUPS) {
    for (const [name, { value, describe }] of Object.entries(options)) {
      parser.option(name, {
        type: value === undefined ? 'boolean' : 'string',
        ...(value !== undefined && { requiresArg: true }),
        describe: value === undefined ? describe : `${value}: ${describe}`,
        group: heading,
      });
    }
  }
  return parser;
}

/** What the user gave of them, in order. `given` is what yargs parsed. */
export function givenOptions(given: object): GivenOptions {
  const found = new Map<string, readonly string[]>();
  for (const name of OPEN_OPTIONS.keys()) {
    const value = (given as Record<string, unknown>)[name];
    if (value === true) found.set(name, []);
    else if (typeof value === 'string') found.set(name, [value]);
    else if (Array.isArray(value)) found.set(name, value.map(String));
  }
  return found;
}
