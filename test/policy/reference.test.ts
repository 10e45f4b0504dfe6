/** Everything that the package exports says what it is for: typedoc, which writes the reference, has nothing to say against it. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../support/paths.js';
import { describeRun, run } from '../support/run.js';

const folder = join(packageRoot, 'reference');
/** Its package has no entry for the program. */
const typedoc = join(
  dirname(createRequire(join(folder, 'package.json')).resolve('typedoc/package.json')),
  'bin',
  'typedoc',
);

t.test('no export without a description, no link that leads nowhere', async (t) => {
  const said = await run(process.execPath, [typedoc, '--emit', 'none'], { cwd: folder, limit: 240 });
  t.equal(said.status, 0, `${describeRun(said)}\n${said.stdout}`);
});
