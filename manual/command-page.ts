/** erofs-COMMAND.1: what the command declares, with what is written of it by hand. */
import { type Declaration, sectionsOf } from './declaration.js';
import { placeholders, sentence } from './option-entry.js';
import { type Prose, sectionOf } from './prose.js';
import { bold, entry, escaped, filled } from './roff.js';
import { argumentList, checkNotes, exampleList, optionList, section, synopsis, wordsOf } from './sections.js';
import { isShared, sharedSections } from './shared-options.js';
import { titleLine } from './title.js';

/** Sections with a place of their own; all others of the prose stand in the middle, in their order. */
const PLACED = new Set(['DESCRIPTION', 'OPTIONS', 'EXIT STATUS', 'EXAMPLES', 'SEE ALSO']);
/** What is said of them is said once, in erofs(1). */
const ELSEWHERE = '.PP\nWhat there is to know of them is told in\n.BR erofs (1).';

/** Every command has them, and declares neither. */
const EVERYWHERE = [
  entry(bold('--help'), 'Show what the command takes.'),
  entry(bold('--version'), 'Show the version of this program.'),
].join('\n');

/** `exitStatus` is what holds of commands whose prose does not tell it. Throws where the prose names an option that is none. */
export function commandPage(declared: Declaration, prose: Prose, exitStatus: string): string {
  const own = declared.options.filter((option) => !isShared(option));
  const sections = sectionsOf(own, 'OPTIONS');
  const actions = declared.actions.map((action) => actionText(action, declared, prose));
  checkNotes(
    prose,
    new Map([...sections, ['ACTIONS', declared.actions.flatMap(({ options }) => options)]]),
    declared.name,
  );
  const text = (title: string): string => sectionOf(prose, title).text;
  const free = [...prose].filter(
    ([title]) => !PLACED.has(title) && title !== 'ACTIONS' && !sections.has(title),
  );
  const groups = [...sections.keys()].filter((title) => title !== 'OPTIONS');
  const shared = sharedSections(declared);
  const page = `erofs-${declared.name}`;
  return [
    titleLine(page, 1),
    section('NAME', nameLine(page, declared.describe)),
    section(
      'SYNOPSIS',
      synopsis(declared, sections.get('OPTIONS')!, [
        ...groups.map((title) => title.toLowerCase()),
        ...(shared.length > 0 ? ['image options'] : []),
      ]),
    ),
    section(
      'DESCRIPTION',
      text('DESCRIPTION') || filled(escaped(sentence(declared.describe))),
      otherNames(declared),
    ),
    section('ARGUMENTS', argumentList(declared)),
    section('ACTIONS', text('ACTIONS'), ...actions),
    ...[...sections].map(([title, options]) =>
      section(
        title,
        text(title),
        optionList(options, sectionOf(prose, title).notes, wordsOf(declared)),
        title === 'OPTIONS' ? EVERYWHERE : '',
      ),
    ),
    ...free.map(([title, { text }]) => section(title, text)),
    ...(shared.length > 0 ? [section('IMAGE OPTIONS', ...shared, ELSEWHERE)] : []),
    section('EXIT STATUS', text('EXIT STATUS') || exitStatus),
    section('EXAMPLES', exampleList(declared), text('EXAMPLES')),
    section('SEE ALSO', `.BR erofs (1)${text('SEE ALSO') && ','}`, text('SEE ALSO')),
  ]
    .filter((part) => part !== '')
    .map((part) => `${part}\n`)
    .join('');
}

/** What makewhatis(8) puts into its list, without what the description says more. */
function nameLine(page: string, describe: string): string {
  const brief = describe.replace(/[;:].*$/, '');
  return filled(`${escaped(page)} \\- ${escaped(brief[0]!.toLowerCase() + brief.slice(1))}`);
}

const otherNames = ({ aliases }: Declaration): string =>
  aliases.map((name) => `.PP\n${bold(`erofs ${name}`)}\nis another name of the command.`).join('\n');

/** `.SS` of an action, with the options that it alone has. */
function actionText(action: Declaration, above: Declaration, prose: Prose): string {
  const common = new Set(above.options.map(({ name }) => name));
  const own = action.options.filter(({ name }) => !common.has(name));
  const usage = action.usage === '' ? '' : ` ${placeholders(action.usage)}`;
  return [
    `.SS ${bold(`erofs ${action.name}`).replaceAll(' ', '\\ ')}${usage.replaceAll(' ', '\\ ')}`,
    filled(escaped(sentence(action.describe))),
    ...[argumentList(action), optionList(own, sectionOf(prose, 'ACTIONS').notes, wordsOf(action))].filter(
      Boolean,
    ),
  ].join('\n');
}
