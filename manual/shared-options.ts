/** The options of every command that reads an image: told at length in erofs(1), and in short on each page. */
import { imageOptions, pathOptions } from '../src/commands/image-options.js';
import { type Declaration, type DeclaredOption, declarationOf, sectionsOf } from './declaration.js';
import { optionList, wordsOf } from './sections.js';

/** A command that has them alone. */
const reader = declarationOf({
  command: 'read <image>',
  describe: '',
  builder: (parser) => pathOptions(imageOptions(parser)),
  handler: () => {},
});

export const sharedOptions = reader.options;

const byName = new Map(sharedOptions.map((option) => [option.name, option]));

/** An option of the same name that says something else is the command's own. */
export const isShared = ({ name, describe }: DeclaredOption): boolean =>
  byName.get(name)?.describe === describe;

/** In roff: each group under its heading, those without one first. */
export const sharedSections = (declared: Declaration): string[] =>
  [...sectionsOf(declared.options.filter(isShared), '')]
    .filter(([, options]) => options.length > 0)
    .map(([title, options]) => {
      const list = optionList(options, new Map(), wordsOf(declared));
      return title === '' ? list : `.SS ${options[0]!.group}\n${list}`;
    });
