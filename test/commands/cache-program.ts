/** `erofs cache` and nothing else of the command line. */
import yargs from 'yargs';
import { command } from '../../src/commands/cache.js';
import { reportFailure, UsageError } from '../../src/commands/failure.js';

try {
  const parser = yargs(['cache', ...process.argv.slice(2)])
    .scriptName('erofs')
    .strict();
  parser.fail((message, error) => {
    throw error ?? new UsageError(message);
  });
  await parser.command(command).parseAsync();
} catch (error) {
  process.exitCode = reportFailure('erofs cache', error);
}
