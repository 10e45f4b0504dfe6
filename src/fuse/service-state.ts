/** What the service manager hears of a mount: that it answers, that its process goes on, and that it ends. */
import type { Log } from '../log/log-events.js';
import { managerPatience, notifyManager } from '../system/service-manager.js';

export function tellReady(status: string, log: Log): void {
  const complain = complaint(log);
  notifyManager(['READY=1', `MAINPID=${process.pid}`, `STATUS=${status}`], complain);
  const patience = managerPatience();
  // twice in time, as sd_watchdog_enabled(3) recommends
  if (patience !== undefined) setInterval(notifyManager, patience / 2, ['WATCHDOG=1'], complain).unref();
}

export function tellStopping(log: Log): void {
  notifyManager(['STOPPING=1'], complaint(log));
}

const complaint = (log: Log) => (problem: Error) =>
  log.warn({ event: 'manager-not-told', reason: problem.message }, 'the service manager could not be told');
