/**
 * Where a supervisor hears orders, and giving them: a socket beside those of mounts, called after its process.
 *
 * LAW: whoever may connect may have any program run as the supervisor's user; so nobody else may.
 */
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { findInControlDirectory, openControlDirectory } from '../control/control-directory.js';
import { hearAll, tell } from './json-lines.js';
import { isRunning } from './process-table.js';
import { MountError, type MountErrorCode } from './transport.js';

/** A program that serves: the node that runs it, and its file. */
export interface ServingProgram {
  readonly node: string;
  readonly file: string;
}

export interface Upgraded {
  readonly version: string;
  readonly pid: number | undefined;
}

type Reply =
  | { readonly upgraded: Upgraded }
  | { readonly error: { readonly code: MountErrorCode; readonly message: string } };

const SUFFIX = '.upgrade';

/** Those of supervisors that were killed. */
function removeDead(place: string): void {
  for (const name of readdirSync(place)) {
    if (!name.endsWith(SUFFIX)) continue;
    const pid = Number.parseInt(name, 10);
    if (pid === process.pid || !isRunning(pid)) rmSync(join(place, name), { force: true });
  }
}

/**
 * Calls `upgrade` for each order until the server that it resolves with is closed. Rejects with ControlError 'unsafe-directory' where
 * there is no place for the socket.
 */
export async function hearOrders(upgrade: (program: ServingProgram) => Promise<Upgraded>): Promise<Server> {
  const place = openControlDirectory();
  const path = join(place, `${process.pid}${SUFFIX}`);
  removeDead(place);
  const server = createServer((socket) => {
    const obey = async (program: ServingProgram): Promise<void> => {
      try {
        answer(socket, { upgraded: await upgrade(program) });
      } catch (error) {
        const { code = 'mount-failed', message } = error as NodeJS.ErrnoException;
        answer(socket, { error: { code: code as MountErrorCode, message } });
      }
    };
    hearAll<ServingProgram>(
      socket,
      (program) => void obey(program),
      () => socket.destroy(),
    );
  });
  server.listen(path);
  await once(server, 'listening');
  return server;
}

function answer(socket: Socket, reply: Reply): void {
  tell(socket, reply);
  socket.end();
}

/**
 * Settles when the mount is served by `program`; `servers` are the processes that have its connection open. Rejects with
 * MountError 'not-supervised', or with the supervisor's.
 */
export function orderUpgrade(
  mountpoint: string,
  servers: readonly number[],
  program: ServingProgram,
): Promise<Upgraded> {
  const path = servers
    .map((pid) => findInControlDirectory(`${pid}${SUFFIX}`))
    .find((found) => found !== undefined);
  const none = `no supervisor answers for the mount on ${mountpoint}`;
  const remedy = 'only one that was made with --supervise, by this user, can be upgraded while it is mounted';
  return new Promise((resolve, reject) => {
    const refuse = (cause?: unknown) =>
      reject(new MountError('not-supervised', `${none}; ${remedy}`, cause === undefined ? {} : { cause }));
    if (path === undefined) {
      refuse();
      return;
    }
    const socket = connect(path);
    socket.once('error', refuse);
    hearAll<Reply>(
      socket,
      (reply) => {
        if ('upgraded' in reply) resolve(reply.upgraded);
        else reject(new MountError(reply.error.code, reply.error.message));
      },
      refuse,
    );
    tell(socket, program);
  });
}
