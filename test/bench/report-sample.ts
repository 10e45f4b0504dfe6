/** A small report, for tests of what is made of one. */
import { FORMAT, FORMAT_VERSION, type Report } from '../../bench/report/report.js';

export const sampleReport = (more: Partial<Report> = {}): Report => ({
  format: FORMAT,
  version: FORMAT_VERSION,
  when: '2026-01-02T03:04:05.678Z',
  size: 'full',
  rounds: 3,
  link: { roundTrip: 20, bandwidth: 125 },
  machine: { system: 'Linux 6.18', processor: 'a <fast> one', cores: 2, memory: 2048, root: true, load: 0.1 },
  versions: { node: 'v20', erofsfuse: '1.9' },
  titles: { ls: '`ls -lR` of all files' },
  contests: [{ scenario: 'ls', on: 'LZ4HC 64 KiB', subjects: ['erofs mount', 'erofsfuse', 'kernel erofs'] }],
  series: [
    series('cold', 'erofs mount', [1, 2, 3]),
    series('cold', 'erofsfuse', [4, 4, 9]),
    series('cold', 'kernel erofs', [0.5, null, null]),
    series('warm', 'erofs mount', [0.1, 0.1, 0.1]),
    series('warm', 'erofsfuse', [0.05, 0.2, 0.1]),
  ],
  failures: [
    { scenario: 'ls', on: 'LZ4HC 64 KiB', subject: 'kernel erofs', round: 2, message: 'it said no' },
  ],
  absences: [{ what: 'rclone', why: 'not installed' }],
  ...more,
});

export function series(measure: string, subject: string, values: readonly (number | null)[]) {
  return { scenario: 'ls', on: 'LZ4HC 64 KiB', measure, subject, unit: 's' as const, values };
}
