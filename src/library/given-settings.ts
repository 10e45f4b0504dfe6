/** The settings that users of the library give, as the options that commands are given. */
import { OPEN_OPTIONS } from '../open-options.js';
import type { GivenOptions } from '../options/long-option.js';
import { LibraryError } from './library-error.js';
import type { Setting } from './open-options.js';

/** Throws LibraryError 'usage' for one that does not exist, or has a value where it takes none. */
export function givenSettings(settings: Readonly<Record<string, Setting>> = {}): GivenOptions {
  return new Map(Object.entries(settings).map(([name, value]) => [name, valuesOf(name, value)]));
}

function valuesOf(name: string, value: Setting): readonly string[] {
  const option = OPEN_OPTIONS.get(name);
  if (option === undefined) {
    throw new LibraryError(
      'usage',
      `there is no setting ${name}; there are ${[...OPEN_OPTIONS.keys()].join(', ')}`,
    );
  }
  if ((option.value === undefined) !== (value === true)) {
    const expected = option.value === undefined ? 'true, or nothing at all' : `a value: ${option.value}`;
    throw new LibraryError('usage', `the setting ${name} is ${String(value)}; expected ${expected}`);
  }
  if (value === true) return [];
  return typeof value === 'object' ? value : [String(value)];
}
