/**
 * Telling the service manager (systemd) how a service is: sd_notify(3), by its protocol.
 *
 * LAW: where no manager asked (NOTIFY_SOCKET is not set), nothing is sent; where it cannot be told, the service goes on.
 */
import { sendDatagram } from './libc.js';
import { runProgram } from './program.js';

/** Sends assignments such as "READY=1". Never throws: `complain` is told what failed. */
export function notifyManager(
  assignments: readonly string[],
  complain: (problem: Error) => void,
  socket = process.env.NOTIFY_SOCKET,
): void {
  if (socket === undefined || socket === '') return;
  try {
    // "@" stands for the NUL byte that begins an abstract name
    const address = socket.startsWith('@') ? `\0${socket.slice(1)}` : socket;
    sendDatagram(Buffer.from(address), Buffer.from(assignments.join('\n')));
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'no-native-package') complain(error as Error);
    else notifyByProgram(assignments, complain);
  }
}

function notifyByProgram(assignments: readonly string[], complain: (problem: Error) => void): void {
  runProgram('systemd-notify', [`--pid=${process.pid}`, ...assignments]).then(({ success, complaint }) => {
    if (!success) complain(new Error(`systemd-notify: ${complaint}`));
  }, complain);
}

/** Milliseconds within which the manager wants to hear from this process again and again; undefined where it does not. */
export function managerPatience(environment: NodeJS.ProcessEnv = process.env): number | undefined {
  const { WATCHDOG_USEC: microseconds, WATCHDOG_PID: pid } = environment;
  if (pid !== undefined && Number(pid) !== process.pid) return undefined;
  const milliseconds = Number(microseconds) / 1000;
  return milliseconds > 0 ? milliseconds : undefined;
}
