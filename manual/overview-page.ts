/** erofs.1: the commands, what they share, and how they are told what to do. */
import { type Declaration, sectionsOf } from './declaration.js';
import { sentence } from './option-entry.js';
import { type Prose, ProseError } from './prose.js';
import { bold, entry, escaped, filled } from './roff.js';
import { checkNotes, optionList, section } from './sections.js';
import { sharedOptions } from './shared-options.js';
import { titleLine } from './title.js';

/** What stands for something on this page, wherever it is said. */
const WORDS = ['IMAGE'];
/** Above options without a heading of their own. */
const LOOSE = 'IMAGE OPTIONS';

/** Throws ProseError where the prose names an option that is none, or has no section for a group of them. */
export function overviewPage(commands: readonly Declaration[], prose: Prose): string {
  const groups = sectionsOf(sharedOptions, LOOSE);
  checkNotes(prose, groups, 'erofs');
  const missing = [...groups.keys()].filter((title) => !prose.has(title));
  if (missing.length > 0)
    throw new ProseError(`manual/prose/erofs.roff: no section ${missing.join(', ')}; write it`);
  return [
    titleLine('erofs', 1),
    ...[...prose].map(([title, written]) =>
      section(
        title,
        written.text,
        optionList(groups.get(title) ?? [], written.notes, WORDS),
        title === 'COMMANDS' ? commandList(commands) : '',
      ),
    ),
    section('SEE ALSO', [...commands.map(reference), ...OTHERS].join(',\n')),
  ]
    .map((part) => `${part}\n`)
    .join('');
}

const OTHERS = [
  '.BR mount.fuse.erofs (8)',
  '.BR fusermount3 (1)',
  '.BR mount (8)',
  '.BR mkfs.erofs (1)',
  '.BR fuse (4)',
];

const reference = ({ name }: Declaration): string => `.BR ${escaped(`erofs-${name}`)} (1)`;

const commandList = (commands: readonly Declaration[]): string =>
  commands
    .map(({ name, describe }) => entry(`${bold(`erofs-${name}`)}(1)`, filled(escaped(sentence(describe)))))
    .join('\n');
