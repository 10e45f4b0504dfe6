/**
 * The process of a site: `fork(site-program.js, [FOLDER, ROUND_TRIP, BANDWIDTH])`. Sends its port, then the bytes since the last
 * time whenever it gets a message; ends with its parent.
 */
import { FileServer } from './file-server.js';
import { ShapingProxy } from './shaping-proxy.js';

const [folder = '', roundTrip, bandwidth] = process.argv.slice(2);
const server = await FileServer.start(folder);
const proxy = await ShapingProxy.start(server.port, {
  roundTrip: Number(roundTrip),
  bandwidth: Number(bandwidth),
});
process.on('message', () => process.send!(proxy.takeBytes()));
process.on('disconnect', () => process.exit());
process.send!(proxy.port);
