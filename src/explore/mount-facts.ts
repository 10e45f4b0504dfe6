/** What the mount of the image tells of itself at this moment: as `erofs status` and `erofs stats` say it. */
import { describe } from '../commands/failure.js';
import { liveMounts } from '../commands/live-mounts.js';
import { statisticsFacts } from '../commands/stats-text.js';
import { statusFacts } from '../commands/status-text.js';
import { askStatistics } from '../control/control-client.js';
import { ControlError } from '../control/control-error.js';
import { MountError } from '../fuse/transport.js';
import type { ShownMount } from './shapes.js';

/** Where it can be asked; null where it cannot, or has ended. */
export async function socketOf(mountpoint: string): Promise<string | null> {
  try {
    return (await liveMounts(mountpoint))[0]?.socket ?? null;
  } catch (error) {
    if (!(error instanceof MountError || error instanceof ControlError)) throw error;
    return null;
  }
}

/** A mount that has ended meanwhile, or does not answer, is a fact as well. */
export async function mountFacts(mountpoint: string): Promise<ShownMount> {
  try {
    const [mount] = await liveMounts(mountpoint);
    const facts = statusFacts(mount!);
    const { socket } = mount!;
    if (socket !== null) facts.push(...statisticsFacts(await askStatistics(socket)));
    return { mountpoint, facts };
  } catch (error) {
    if (!(error instanceof MountError || error instanceof ControlError)) throw error;
    return { mountpoint, facts: [['state', describe(error)]] };
  }
}
