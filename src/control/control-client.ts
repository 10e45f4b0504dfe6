/** Asking a mount over its socket. */
import { request } from 'node:http';
import type { ReadCells } from '../statistics/read-heat.js';
import { ControlError } from './control-error.js';
import type { MountStatistics, MountStatus } from './controlled-mount.js';

/** Milliseconds: one that lives answers in a few, and one that is stopped or hangs keeps nobody longer. */
const PATIENCE = 2_000;
const LONGEST_ANSWER = 4 << 20;

/** Rejects with ControlError 'gone', 'no-answer' or 'refused'. */
export const askStatus = async (socket: string): Promise<MountStatus> =>
  (await ask(socket, '/status')) as MountStatus;

/** Rejects as askStatus does. */
export const askStatistics = async (socket: string): Promise<MountStatistics> =>
  (await ask(socket, '/stats')) as MountStatistics;

/** Rejects as askStatus does. */
export const askReads = async (socket: string): Promise<ReadCells[]> =>
  (await ask(socket, '/reads')) as ReadCells[];

function ask(socketPath: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(PATIENCE);
    const fail = (cause: NodeJS.ErrnoException) => reject(explain(cause, socketPath, signal.aborted));
    const asked = request({ socketPath, path, signal, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        body += piece;
        if (body.length > LONGEST_ANSWER) asked.destroy(new Error('the answer has no end'));
      });
      response.on('error', fail);
      response.on('end', () => {
        if (response.statusCode !== 200) return fail(new Error(`status ${response.statusCode}`));
        try {
          resolve(JSON.parse(body));
        } catch {
          fail(new Error('the answer is no JSON'));
        }
      });
    });
    asked.on('error', fail);
    asked.end();
  });
}

const GONE = new Set(['ECONNREFUSED', 'ENOENT', 'ECONNRESET']);

function explain(cause: NodeJS.ErrnoException, socket: string, isLate: boolean): ControlError {
  if (isLate) {
    return new ControlError(
      'no-answer',
      `${socket}: no answer within ${PATIENCE / 1000} s; its server hangs, or is stopped`,
      {
        cause,
      },
    );
  }
  if (GONE.has(cause.code ?? ''))
    return new ControlError('gone', `${socket}: nobody listens any more`, { cause });
  return new ControlError('refused', `${socket}: ${cause.message}; is it of the same version?`, { cause });
}
