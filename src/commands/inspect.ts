/** `erofs inspect`: what a container image is made of, and how far each of its layers is verified, before anything is mounted. */
import type { Argv, CommandModule } from 'yargs';
import { givenOptions, openArguments } from './open-arguments.js';
import { type QuietArguments, quietOption } from './quiet.js';

interface InspectArguments extends QuietArguments {
  readonly reference: string;
  readonly json: boolean;
}

export const command: CommandModule<object, InspectArguments> = {
  command: 'inspect <reference>',
  describe: 'Show the platforms, layers and guarantees of a container image',
  builder: (parser): Argv<InspectArguments> =>
    quietOption(openArguments(parser))
      .positional('reference', {
        type: 'string',
        demandOption: true,
        describe: 'oci://REGISTRY/NAME:TAG, oci-layout:DIR, oci-archive:FILE or docker-archive:FILE',
      })
      .option('json', { type: 'boolean', default: false, describe: 'one JSON object' })
      .example('$0 inspect oci://registry.example/app:1.0', '')
      .example('$0 inspect --platform linux/arm64 oci-layout:build', '') as unknown as Argv<InspectArguments>,
  handler: run,
};

async function run(given: InspectArguments): Promise<void> {
  const [
    { openSpec },
    { inspectContainer },
    { inspectionLines, inspectionObject },
    { byteString, Output },
    { Problems },
  ] = await Promise.all([
    import('../open-options.js'),
    import('../container-inspection.js'),
    import('./inspection-text.js'),
    import('./output.js'),
    import('./problems.js'),
  ]);
  const problems = new Problems('erofs inspect', given.quiet);
  const { choice, remote, proof } = openSpec(givenOptions(given), (name) => `--${name}`);
  const report = (problem: Error) => problems.report(problem);
  const inspection = await inspectContainer(given.reference, { choice, remote, proof, report });
  const output = new Output(process.stdout);
  const lines = given.json ? [JSON.stringify(inspectionObject(inspection))] : inspectionLines(inspection);
  for (const line of lines) await output.line(byteString(line));
  await output.flush();
}
