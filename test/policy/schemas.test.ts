/** What commands print with --json is what docs/schema says, and nothing beside it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import t from 'tap';
import type { KeptBlob } from '../../src/cache/cache-contents.js';
import { blobJson } from '../../src/commands/cache-ls.js';
import { explore } from '../support/explored.js';
import { fixture } from '../support/fixture.js';
import { packageRoot } from '../support/paths.js';
import { describeRun, erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { inPairs } from './in-pairs.js';

const folder = join(packageRoot, 'docs', 'schema');
const scratch = new Scratch(t);
const lz4 = fixture('lz4').image;
const damaged = readFileSync(lz4);
damaged.fill(0xff, damaged.length / 2);
const broken = scratch.file('broken.erofs', damaged);

/** By schema, what is run, and the exit code. */
const RUNS: readonly (readonly [schema: string, words: readonly string[], status: number])[] = [
  ['entry', ['ls', '-R', '--json', '--digest', lz4], 0],
  ['entry', ['find', '--json', lz4], 0],
  ['tree', ['tree', '--json', lz4], 0],
  ['du', ['du', '-a', '--total', '--json', lz4], 0],
  ['diff', ['diff', '--json', lz4, fixture('layer1').image], 1],
  ['verify', ['verify', '--json', lz4], 0],
  ['verify', ['verify', '--json', broken], 4],
];
const KEPT: KeptBlob = {
  key: '4d32b89272b72de2d9686a4a78560a35295d6366',
  folder: '/not/printed',
  name: 'https://images.example.org/root.erofs',
  size: 839_680,
  chunkSize: 65_536,
  chunks: 13,
  chunksKept: 12,
  room: 782_336,
  lastUse: 0,
};
/** Nothing is kept without a network, so these lines are made without the command. */
const KEPT_LINES = [
  { chunksKept: 13, lastUse: 1_795_258_284 },
  { chunksKept: 0, lastUse: 0 },
].map((fields) => blobJson({ ...KEPT, ...fields }));

const validators = new Map(
  readdirSync(folder).map((name) => {
    const schema = JSON.parse(readFileSync(join(folder, name), 'utf8')) as object;
    return [
      name.replace('.json', ''),
      new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema),
    ];
  }),
);

t.test('every schema is held against a command', async (t) => {
  const used = new Set([...RUNS.map(([schema]) => schema), 'cache-ls', 'explore']);
  t.same([...used].sort(), [...validators.keys()].sort());
});

t.test('output', async (t) => {
  await inPairs(RUNS, async ([schema, words, status]) => {
    const said = await erofs(words);
    t.equal(said.status, status, `${words[0]}: ${describeRun(said)}`);
    const lines = said.stdout.trimEnd().split('\n');
    const validate = validators.get(schema)!;
    const wrong = lines.filter((line) => !validate(JSON.parse(line)));
    t.same(wrong, [], `${words[0]}: all of ${lines.length} lines: ${JSON.stringify(validate.errors)}`);
    const foreign = { ...(JSON.parse(lines[0]!) as object), foreign: true };
    t.notOk(validate(foreign), `${words[0]}: a field that is not described is refused`);
  });
});

t.test('the line of erofs explore', async (t) => {
  const validate = validators.get('explore')!;
  const { line, end } = await explore(t, [lz4]);
  t.ok(validate(JSON.parse(line)), JSON.stringify(validate.errors));
  t.notOk(validate({ ...JSON.parse(line), foreign: true }), 'a field that is not described is refused');
  t.match(await end('SIGTERM'), { status: 0 });
});

t.test('a line of erofs cache ls', async (t) => {
  const validate = validators.get('cache-ls')!;
  for (const line of KEPT_LINES) t.ok(validate(line), JSON.stringify(validate.errors));
  t.notOk(validate({ ...KEPT_LINES[0], foreign: true }), 'a field that is not described is refused');
});
