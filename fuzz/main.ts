/** `npm run fuzz`: damaged input for everything here that reads what others wrote. */
import { parseArguments, type Settings, USAGE } from './arguments.js';
import { Campaign } from './campaign.js';
import { FuzzError } from './errors.js';
import type { ReportedFinding } from './fuzzer.js';
import { jobsOf } from './jobs.js';
import { reproduce } from './reproduce.js';
import { summary } from './summary.js';

/** Exit codes: there are findings; the command line was wrong. */
const FOUND = 1;
const WRONG_USAGE = 2;
/** Seconds between two lines of how far it is. */
const INTERVAL = 30;

/** With the seconds since the start. */
const say = (line: string): void => console.error(`${Math.round(performance.now() / 1000)} s: ${line}`);

async function fuzz(settings: Settings): Promise<number> {
  const again = `--seed ${settings.seed} --workers ${settings.workers}`;
  console.log(`fuzz: ${again}, targets ${settings.targets.join(' ')}`);
  const campaign = new Campaign(jobsOf(settings), {
    found: (finding) => console.log(described(finding, again)),
    ended: ({ target, seed }, { executions }) =>
      say(`${target} from seed ${seed} ended, ${executions} executions`),
  });
  const progress = setInterval(() => {
    const rate = Math.round((campaign.executions * 1000) / performance.now());
    say(`${campaign.executions} executions, ${rate} a second`);
  }, INTERVAL * 1000);
  // what was found until then is told all the same
  const stop = (): void => campaign.stop();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    await campaign.run(settings.workers);
  } finally {
    clearInterval(progress);
  }
  console.log(summary(campaign));
  console.log(`${campaign.findings.length} findings in ${campaign.executions} executions`);
  return campaign.findings.length === 0 ? 0 : FOUND;
}

function described({ breach, message, stack, input }: ReportedFinding, again: string): string {
  return [
    `finding: ${breach}: ${message}`,
    ...(stack === '' ? [] : stack.split('\n').slice(1, 6)),
    `  found with ${again}; again with: npm run fuzz -- --reproduce '${input}'`,
  ].join('\n');
}

async function reproduceAll(inputs: readonly string[]): Promise<number> {
  let found = 0;
  for (const input of inputs) {
    const finding = await reproduce(input);
    console.log(finding === undefined ? `no finding: ${input}` : `${finding.message}\n${finding.stack}`);
    if (finding !== undefined) found++;
  }
  return found === 0 ? 0 : FOUND;
}

async function main(): Promise<number> {
  const settings = parseArguments(process.argv.slice(2));
  if (settings === 'help') {
    console.log(USAGE);
    return 0;
  }
  return 'inputs' in settings ? reproduceAll(settings.inputs) : fuzz(settings);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`fuzz: ${(error as Error).message}`);
  process.exitCode = error instanceof FuzzError && error.code === 'usage' ? WRONG_USAGE : FOUND;
}
