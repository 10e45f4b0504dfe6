/** What the command and the daemon of a mount tell each other: see daemon-launch.ts. */
import type { MountErrorCode } from './transport.js';

export type DaemonReply =
  | { readonly ready: true }
  | { readonly error: { readonly code: MountErrorCode; readonly message: string } };

/** The daemon's end of the socket. */
export const DAEMON_SOCKET = 3;
export const KEEP = 'keep';
