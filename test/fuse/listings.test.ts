/** Which files are given ahead: those that follow in a directory that is read in order. */
import t from 'tap';
import { Listings, listingMemory, NOT_LISTED } from '../../src/fuse/listings.js';

const files = (count: number, from = 100): number[] => Array.from({ length: count }, (_, i) => from + i);

function listed(listings: Listings, directory: number, nodes: readonly number[]): void {
  listings.begin(directory, true);
  for (const node of nodes) listings.add(node);
}

function taken(listings: Listings, place: number): number[] {
  const nodes: number[] = [];
  for (let node = listings.take(place); node !== undefined; node = listings.take(place)) nodes.push(node);
  return nodes;
}

t.test('the window doubles while files are read in order, and nothing is given twice', async (t) => {
  const listings = new Listings(listingMemory());
  listed(listings, 1, files(40));
  const first = listings.follow(100);
  t.not(first, NOT_LISTED);
  t.same(taken(listings, first), [101, 102]);
  t.same(taken(listings, listings.follow(101)), [103, 104, 105]);
  t.same(taken(listings, listings.follow(102)), [106, 107, 108, 109, 110]);
  t.same(
    taken(listings, listings.follow(110)),
    files(16, 111),
    'those in between were given, and not asked for',
  );
});

t.test('a file out of order is not followed', async (t) => {
  const listings = new Listings(listingMemory());
  listed(listings, 1, files(40));
  t.equal(listings.follow(105), NOT_LISTED, 'not the first');
  t.equal(listings.follow(999), NOT_LISTED, 'not listed');
  t.not(listings.follow(100), NOT_LISTED);
  t.equal(listings.follow(100), NOT_LISTED, 'again');
  t.equal(listings.follow(120), NOT_LISTED, 'far beyond what was given');
});

t.test('a directory that is listed in several requests is one listing', async (t) => {
  const listings = new Listings(listingMemory());
  listed(listings, 1, files(2));
  listed(listings, 2, files(2, 500));
  listings.begin(1, false);
  for (const node of files(2, 102)) listings.add(node);
  t.same(taken(listings, listings.follow(100)), [101, 102]);
  t.same(taken(listings, listings.follow(101)), [103]);
  listed(listings, 1, files(3, 200));
  t.equal(listings.follow(102), NOT_LISTED, 'listed anew from its start');
  t.same(taken(listings, listings.follow(200)), [201, 202]);
});

t.test('threads share them, and the oldest makes room', async (t) => {
  const memory = listingMemory();
  const one = new Listings(memory);
  const other = new Listings(memory);
  listed(one, 1, files(5));
  t.same(taken(other, other.follow(100)), [101, 102]);
  for (let directory = 2; directory < 66; directory++)
    listed(other, directory, [directory * 1000, directory * 1000 + 1]);
  t.equal(one.follow(101), NOT_LISTED);
  t.same(taken(one, one.follow(65_000)), [65_001]);
});
