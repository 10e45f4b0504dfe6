/** Opens a URL in the user's browser, where the system knows one: xdg-open, of xdg-utils. */
import { spawn } from 'node:child_process';
import { findProgram } from '../system/program.js';

/**
 * Does not wait for the browser, which may run as long as it likes. Calls `fail` with a reason where there is none, or it refused:
 * the URL has to be opened by hand then.
 */
export function openBrowser(url: string, fail: (reason: string) => void): void {
  let program: string;
  try {
    program = findProgram('xdg-open');
  } catch (error) {
    fail((error as Error).message);
    return;
  }
  const child = spawn(program, [url], { stdio: 'ignore', detached: true });
  child.once('error', (error) => fail(error.message));
  child.once('exit', (status) => {
    if (status !== null && status !== 0) fail(`xdg-open ended with status ${status}`);
  });
  child.unref();
}
