/** Starts a program and waits for the line in which it says that it is ready. */
import { spawn } from 'node:child_process';
import { BenchError } from '../errors.js';
import { READY } from '../images/inner-program.js';
import { environment, killGroup } from './program.js';

/** Seconds. */
const LIMIT = 300;

/** Resolves once the line is there and the program has ended. Returns seconds to the line. Throws BenchError. */
export async function untilReady(command: readonly string[]): Promise<number> {
  const started = performance.now();
  // env(1) starts it: exec of a file on a mount that hangs would keep this process waiting, not the child
  const child = spawn('env', command, {
    detached: true,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  let seconds: number | undefined;
  const timer = setTimeout(() => killGroup(child), LIMIT * 1000);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (stdout.includes(`${READY}\n`)) seconds ??= (performance.now() - started) / 1000;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const how = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (status, signal) => resolve(signal ?? `exit ${status}`));
  });
  clearTimeout(timer);
  if (seconds === undefined || how !== 'exit 0') {
    const said = `${stdout}${stderr}`.trim().slice(-500);
    throw new BenchError(
      'program-failed',
      `${command.join(' ')}: ${how}, expected the line "${READY}" and exit 0 within ${LIMIT} s: ${said}`,
    );
  }
  return seconds;
}
