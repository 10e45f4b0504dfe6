/**
 * Starting the daemon of a mount, from the side of the command.
 *
 * One socket joins the two. The command writes a MountRequest; the daemon answers with one DaemonReply; the
 * command writes KEEP once it has seen the mount for itself. Where the socket ends before KEEP, for whatever
 * reason, the daemon unmounts: a mount that nobody confirmed does not stay. Each message is one line of JSON.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { shownName } from '../open.js';
import { programPath } from '../programs.js';
import { DAEMON_SOCKET, type DaemonReply, KEEP } from './daemon-messages.js';
import { PROCESS_FLAGS } from './heap-limits.js';
import type { LogFile } from './log-file.js';
import { MountError, type MountErrorCode, type MountRequest } from './transport.js';

const GRACE_MS = 5_000;

/** A daemon whose mount answers, and which waits to be told whether to stay. */
export interface LaunchedDaemon {
  /** It stays, and this process may end. */
  keep(): Promise<void>;
  /** It unmounts and ends; within five seconds, or it is killed. */
  abandon(): Promise<void>;
}

/**
 * Settles when the daemon says that it serves. Rejects with its MountError, with 'daemon-died' or with 'timeout';
 * then the daemon is gone. `milliseconds` is the time limit. Takes over the log file's descriptor.
 */
export async function launchDaemon(
  request: MountRequest,
  logFile: LogFile,
  milliseconds: number,
): Promise<LaunchedDaemon> {
  const program = programPath('daemon');
  // The arguments are for `ps` alone, and make room for the process title that says the same.
  const words = [...PROCESS_FLAGS, program, shownName(request.spec), request.mountpoint];
  const child = spawn(process.execPath, words, {
    argv0: 'erofs',
    cwd: '/',
    detached: true,
    stdio: ['ignore', logFile.descriptor, logFile.descriptor, 'pipe'],
  });
  closeSync(logFile.descriptor);
  const socket = child.stdio[DAEMON_SOCKET] as Socket;
  socket.on('error', ignoreBrokenSocket);
  socket.write(`${JSON.stringify(request)}\n`);

  const daemon: LaunchedDaemon = {
    async keep() {
      child.unref();
      await new Promise<void>((resolve) => socket.end(`${KEEP}\n`, resolve));
      socket.destroy();
    },
    async abandon() {
      socket.destroy();
      const ended = child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
      if (ended) return;
      const kill = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      await new Promise((resolve) => child.once('exit', resolve));
      clearTimeout(kill);
    },
  };
  try {
    const reply = await firstReply(child, socket, logFile, milliseconds);
    if ('error' in reply) throw fromReply(reply.error, logFile);
    return daemon;
  } catch (error) {
    await daemon.abandon();
    throw error;
  }
}

/** A daemon that dies breaks the socket; the child's own end says more. */
function ignoreBrokenSocket(): void {}

/** Where nothing more precise is known, the log may have it: libraries write there what they do not return. */
function fromReply(
  { code, message }: { readonly code: MountErrorCode; readonly message: string },
  { path }: LogFile,
): MountError {
  const isVague = code === 'mount-failed' && path !== undefined;
  return new MountError(code, isVague ? `${message} (log: ${path})` : message);
}

function firstReply(
  child: ChildProcess,
  socket: Socket,
  logFile: LogFile,
  milliseconds: number,
): Promise<DaemonReply> {
  const see = logFile.path === undefined ? '' : `; see ${logFile.path}`;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const seconds = milliseconds / 1000;
      const message = `the mount did not answer within ${seconds} s${see}, or allow more with --ready-timeout`;
      reject(new MountError('timeout', message));
    }, milliseconds);
    const lines = createInterface(socket).once('line', (line) => {
      clearTimeout(timer);
      resolve(JSON.parse(line) as DaemonReply);
    });
    lines.on('error', ignoreBrokenSocket);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (status, signal) => {
      clearTimeout(timer);
      const how = signal === null ? `exit status ${status}` : signal;
      reject(new MountError('daemon-died', `the daemon ended (${how}) before the mount answered${see}`));
    });
  });
}
