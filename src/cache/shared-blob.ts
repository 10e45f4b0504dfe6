import type { SharedPlacesMemory } from './shared-places.js';

/**
 * What the threads of one process share of a blob that they read: each to the others as it is. To another process it goes as nothing.
 */
export interface SharedBlob {
  /** see WrittenChunks */
  readonly written?: SharedArrayBuffer | undefined;
  /** see ReadNotes */
  readonly reads?: SharedArrayBuffer | undefined;
  /** see SharedPlaces */
  readonly places?: SharedPlacesMemory | undefined;
}
