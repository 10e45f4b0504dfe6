/** What the service manager hears of a mount: that it answers, that its process goes on, and that it ends. */
import type { Logger } from 'pino';
import { managerPatience, notifyManager } from '../system/service-manager.js';

export function tellReady(status: string, log: Logger): void {
  const complain = complaint(log);
  notifyManager(['READY=1', `MAINPID=${process.pid}`, `STATUS=${status}`], complain);
  const patience = managerPatience();
  // twice in time, as sd_watchdog_enabled(3) recommends
  if (patience !== undefined) setInterval(notifyManager, patience / 2, ['WATCHDOG=1'], complain).unref();
}

export function tellStopping(log: Logger): void {
  notifyManager(['STOPPING=1'], complaint(log));
}

const complaint = (log: Logger) => (problem: Error) =>
  log.warn({ reason: problem.message }, 'the service manager could not be told');
