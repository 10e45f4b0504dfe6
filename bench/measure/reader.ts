/** Reading as other programs do: in a child, so that a mount that hangs hangs no more than that. */
import { fileURLToPath } from 'node:url';
import { BenchError } from '../errors.js';
import { run } from './program.js';

export interface ReadOut {
  readonly seconds: number;
  readonly bytes: number;
}

const PROGRAM = fileURLToPath(new URL('./reader-program.js', import.meta.url));

/** `parameters` as reader-program.ts has them. Throws BenchError 'wrong-answer' where it did not read `expected` bytes. */
export async function read(parameters: readonly string[], expected: number): Promise<ReadOut> {
  const { stdout } = await run(process.execPath, [PROGRAM, ...parameters]);
  const out = JSON.parse(stdout) as ReadOut;
  if (out.bytes !== expected) {
    throw new BenchError('wrong-answer', `${parameters.join(' ')}: ${out.bytes} bytes, expected ${expected}`);
  }
  return out;
}
