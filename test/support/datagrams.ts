/** A service manager's socket, as tests see it. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { program } from './paths.js';
import { pythonWords } from './python.js';
import { killGroup, start } from './run.js';
import type { Ending } from './scratch.js';

/** Receives on `name` until the test ends; the returned list grows. */
export async function receiveDatagrams(t: Ending, name: string): Promise<readonly string[]> {
  const received: string[] = [];
  const child = start(...pythonWords(program('datagrams.py'), name));
  t.teardown(() => killGroup(child));
  const lines = createInterface(child.stdout!);
  await once(lines, 'line');
  lines.on('line', (line) => received.push(JSON.parse(line) as string));
  return received;
}
