/** What the page asks its worker, and what comes back. */

export type TrialPlace = { url: string } | { file: Blob } | { bytes: Uint8Array };

export type Question =
  | { ask: 'open'; place: TrialPlace; name: string }
  | { ask: 'frames' | 'covariance' | 'sightings'; begin: number; end: number }
  | { ask: 'series' | 'curves'; name: string };

export type Answer = { id: number; result: unknown } | { id: number; message: string; advice: string };
