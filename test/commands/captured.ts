/** Output and problems of a command, kept for a test. */
import { Writable } from 'node:stream';
import { Output } from '../../src/commands/output.js';
import { Problems } from '../../src/commands/problems.js';

export class Captured {
  readonly chunks: Buffer[] = [];
  readonly said: string[] = [];
  readonly output: Output;
  readonly problems = new Problems('erofs test', false, (line) => this.said.push(line));

  constructor({ isTTY = false } = {}) {
    const stream = new Writable({
      write: (chunk: Buffer, _, done) => {
        this.chunks.push(Buffer.from(chunk));
        done();
      },
    });
    this.output = new Output(Object.assign(stream, { isTTY }));
  }

  async bytes(): Promise<Buffer> {
    await this.output.flush();
    return Buffer.concat(this.chunks);
  }

  async lines(): Promise<string[]> {
    return (await this.bytes()).toString('utf8').split('\n').slice(0, -1);
  }
}
