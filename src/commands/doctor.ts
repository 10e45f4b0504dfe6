/** `erofs doctor`: what this machine has for mounting, and the command that mends what it has not. */
import type { Argv, CommandModule } from 'yargs';
import { EXIT_FAILED, UsageError } from './failure.js';

interface DoctorArguments {
  readonly json: boolean;
  readonly url?: string;
  readonly memory?: string;
  readonly cacheDir?: string;
}

export const command: CommandModule<object, DoctorArguments> = {
  command: 'doctor',
  describe: 'Look at what this machine has for mounting, and name the command that mends what is in the way',
  builder: (yargs): Argv<DoctorArguments> =>
    yargs
      .option('url', {
        type: 'string',
        requiresArg: true,
        describe: 'URL: ask this server as well: can it be reached, and do the clocks agree',
      })
      .option('memory', {
        type: 'string',
        requiresArg: true,
        describe: 'SIZE: what a mount would be given with the same option (default: what it has without)',
      })
      .option('cache-dir', {
        type: 'string',
        requiresArg: true,
        describe: 'DIR: where a mount would keep what it fetches, as with the same option of it',
      })
      .option('json', {
        type: 'boolean',
        default: false,
        describe: 'JSON, an object a finding and line',
      }) as unknown as Argv<DoctorArguments>,
  handler: run,
};

async function run({ json, url, memory, cacheDir }: DoctorArguments): Promise<void> {
  const [{ examine }, { thisMachine }, { memoryOf }, { byteString, Output }, { findingJson, findingText }] =
    await Promise.all([
      import('../doctor/examine.js'),
      import('../doctor/this-machine.js'),
      import('../memory-budget.js'),
      import('./output.js'),
      import('./finding-text.js'),
    ]);
  const { mayColour } = await import('./colours.js');
  const wanted = { memory: memoryOf(memory, '--memory'), url: url === undefined ? undefined : serverOf(url) };
  const output = new Output(process.stdout);
  const isColoured = mayColour(output);
  for await (const finding of examine(thisMachine(cacheDir), wanted)) {
    if (finding.state === 'bad') process.exitCode = EXIT_FAILED;
    const lines = json ? [JSON.stringify(findingJson(finding))] : findingText(finding, isColoured);
    for (const line of lines) await output.line(byteString(line));
  }
  await output.flush();
}

function serverOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw new UsageError(`--url ${text}: expected a URL that begins with https:// or http://`);
}
