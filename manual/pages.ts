/** The manual: all pages, as text in man(7). */
import { join } from 'node:path';
import { allCommands } from '../src/commands/all.js';
import { CommandTables } from '../src/config/command-table.js';
import { commandPage } from './command-page.js';
import { declarationOf } from './declaration.js';
import { helperPage } from './helper-page.js';
import { overviewPage } from './overview-page.js';
import { readProse, sectionOf } from './prose.js';

/** By file name, as "erofs-mount.1". `root` is the package's. Throws where prose and commands do not agree. */
export function manualPages(root: string): Map<string, string> {
  const prose = (name: string) => readProse(join(root, 'manual', 'prose'), name);
  const tables: CommandTables = new CommandTables(allCommands(() => tables));
  const commands = tables.commands
    .filter(({ describe }) => describe !== false)
    .map((command) => declarationOf(command));
  const overview = prose('erofs');
  const { text: exitStatus } = sectionOf(overview, 'EXIT STATUS');
  return new Map([
    ['erofs.1', overviewPage(commands, overview)],
    ...commands.map(
      (command) =>
        [`erofs-${command.name}.1`, commandPage(command, prose(command.name), exitStatus)] as const,
    ),
    ['mount.fuse.erofs.8', helperPage(prose('mount.fuse.erofs'))],
  ]);
}
