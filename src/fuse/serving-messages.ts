/** What a supervisor and a process that serves tell each other. */
import type { Connection, MountErrorCode, MountRequest } from './transport.js';

/** The serving process's descriptors: the socket to the supervisor, and /dev/fuse. */
export const SUPERVISOR_SOCKET = 3;
export const DEVICE_DESCRIPTOR = 4;

/**
 * Raised whenever these messages, node ids or directory cookies come to mean something else: the kernel holds on to ids and
 * cookies that another version gave it, and the supervisor is of the version that made the mount.
 */
export const SERVING_FORM = 1;

export type ToServing =
  | { readonly kind: 'prepare'; readonly request: MountRequest }
  | { readonly kind: 'serve'; readonly connection: Omit<Connection, 'descriptor'> }
  /** read nothing more, and say 'retired' when all that was read is answered */
  | { readonly kind: 'retire' }
  | { readonly kind: 'unmount' };

export type FromServing =
  /** the image is open */
  | { readonly kind: 'prepared'; readonly form: number; readonly version: string }
  | { readonly kind: 'failed'; readonly code: MountErrorCode; readonly message: string }
  /** requests are answered; `resends` where it has answered INIT */
  | { readonly kind: 'serving'; readonly resends?: boolean }
  | { readonly kind: 'beat' }
  | { readonly kind: 'retired' }
  /** a signal told it to unmount, which it does */
  | { readonly kind: 'unmounting' }
  /** the mount has ended */
  | { readonly kind: 'over' };
