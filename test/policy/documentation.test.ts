/** What the command offers is in its manual page, and what the documents tell people to type exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../support/paths.js';
import { describeRun, erofs } from '../support/run.js';

const read = (...path: string[]): string => readFileSync(join(packageRoot, ...path), 'utf8');

/** roff writes a hyphen that is meant as one with a backslash before it. */
const manual = (command: string): string =>
  read('man', `erofs-${command}.1`).replaceAll('\\-', '-').replaceAll('\\&', '');

const help = async (...words: string[]): Promise<string> => {
  const said = await erofs([...words, '--help']);
  if (said.status !== 0) throw new Error(`erofs ${words.join(' ')} --help: ${describeRun(said)}`);
  return said.stdout;
};

/** "  erofs mount <image> <dir>  Mount an image" */
const commands = [...(await help()).matchAll(/^\s+erofs (\w+)/gm)].map((found) => found[1]!);

t.ok(commands.length >= 7, `the commands were found: ${commands.join(' ')}`);

for (const command of commands) {
  t.test(`erofs ${command} in the manual`, async (t) => {
    const page = manual(command);
    const options = new Set(
      [...(await help(command)).matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)].map((found) => found[1]!),
    );
    for (const option of options) t.ok(page.includes(`--${option}`), `--${option}`);
  });
}

t.test('every -o word of mount is in the manual', async (t) => {
  const text = await help('mount');
  const words = /mount options[^:]*:([\s\S]*?)(?=\[string|\n\s+--)/.exec(text)?.[1] ?? '';
  const names = [...words.matchAll(/\b([a-z]+(?:_[a-z]+)*)(?==[A-Z]+|,|\s*$)/gm)].map((found) => found[1]!);
  t.ok(names.length >= 10, `the words were found: ${names.join(' ')}`);
  const [, page = ''] = /^\.SH "MOUNT OPTIONS"$([\s\S]*?)^\.SH /m.exec(manual('mount')) ?? [];
  for (const name of names) t.ok(page.includes(name), name);
});

t.test('commands and scripts that the documents name exist', async (t) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const beside = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'];
  const documents = [
    ...beside.map((name) => [name]),
    ...readdirSync(join(packageRoot, 'docs')).map((name) => ['docs', name]),
  ];
  for (const path of documents.filter((path) => path.at(-1)!.endsWith('.md'))) {
    const text = read(...path);
    // in code alone: prose may say "erofs is"
    const code = [...text.matchAll(/^```[^\n]*\n([\s\S]*?)^```|`([^`\n]+)`/gm)].map(
      (found) => found[1] ?? found[2]!,
    );
    for (const piece of code) {
      for (const [, command] of piece.matchAll(/(?:^|\$ |sudo |; )erofs ([a-z]+)\b/gm)) {
        t.ok(commands.includes(command!), `${path.join('/')}: erofs ${command}`);
      }
      for (const [, script] of piece.matchAll(/\bnpm run ([\w:-]+)/g)) {
        t.ok(script! in scripts, `${path.join('/')}: npm run ${script}`);
      }
    }
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      t.ok(
        existsSync(join(packageRoot, ...path.slice(0, -1), target!)),
        `${path.join('/')} links to ${target}`,
      );
    }
  }
});
