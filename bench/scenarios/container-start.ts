import { OWN } from '../baselines/baseline.js';
import { erofsLayers } from '../baselines/erofs-layers.js';
import { ownRemote } from '../baselines/own-remote.js';
import { unpackedLayers } from '../baselines/unpacked-layers.js';
import type { Scenario } from '../bench.js';
import { startingContests } from './starting.js';

/** The layers as they are in the registry, merged by this program. */
const ownLayers = ownRemote(`${OWN} of the layers`, [], ({ layers }) => layers);

export const containerStart: Scenario = {
  name: 'container-start',
  title: 'a container image in a registry: from nothing to the ready line of a program inside',
  contests: (bench) => startingContests(bench, 'container-start', [ownLayers, unpackedLayers, erofsLayers]),
};
