/**
 * What a mount's log tells. LAW: each line has an `event`, whose name stays as it is from version to version; messages are for people
 * and may change. docs/monitoring.md lists the events, and test/policy/log-events.test.ts holds it to what is logged.
 */

export type LogEvent =
  | 'control-socket-missing'
  | 'defect'
  | 'ended'
  | 'ended-under-users'
  | 'lines-lost'
  | 'log-level'
  | 'log-not-reopened'
  | 'log-reopened'
  | 'manager-not-told'
  | 'metrics-listening'
  | 'metrics-lost'
  | 'mount-lost'
  | 'mounted'
  | 'not-mounted'
  | 'orders-not-heard'
  | 'problem'
  | 'process-died'
  | 'process-failed'
  | 'process-hangs'
  | 'readahead-unchanged'
  | 'requests-timed-out'
  | 'resend-failed'
  | 'serving-failed'
  | 'statistics'
  | 'supervisor-gone'
  | 'taken-over'
  | 'thread-replaced'
  | 'unmount-failed'
  | 'unmounting'
  | 'xattrs-unknown';

/** One line. An error stands in `err`, with its message, code and stack. */
export interface LogRecord {
  readonly event: LogEvent;
  readonly err?: unknown;
  readonly [field: string]: unknown;
}

type Write = (record: LogRecord, message: string) => void;

export interface Log {
  level: string;
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  readonly fatal: Write;
}
