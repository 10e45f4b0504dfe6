/** mount.fuse.erofs.8: the helper of mount(8). */
import { HELPER_OPTIONS } from '../src/mount-helper-options.js';
import type { DeclaredOption } from './declaration.js';
import type { Prose } from './prose.js';
import { checkNotes, optionList, section } from './sections.js';
import { titleLine } from './title.js';

const options: readonly DeclaredOption[] = Object.entries(HELPER_OPTIONS).map(
  ([name, { type, short, describe }]) => ({
    ...{ name, aliases: [short], type, describe },
    ...{ choices: [], default: undefined, group: undefined },
  }),
);

/** Throws where the prose names an option that is none. */
export function helperPage(prose: Prose): string {
  checkNotes(prose, new Map([['OPTIONS', options]]), 'mount.fuse.erofs');
  return [
    titleLine('mount.fuse.erofs', 8),
    ...[...prose].map(([title, { text, notes }]) =>
      section(title, text, title === 'OPTIONS' ? optionList(options, notes, []) : ''),
    ),
  ]
    .map((part) => `${part}\n`)
    .join('');
}
