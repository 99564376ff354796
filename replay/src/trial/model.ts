/** What the page knows of a trial. Units and signs are those of the file: metres, seconds, radians. */

export type Side = 0 | 1;
export const LEFT: Side = 0;
export const RIGHT: Side = 1;

export interface Camera {
  name: string;
  width: number;
  height: number;
  /** fx fy cx cy and the distortion, pixels. */
  intrinsics: number[];
  /** Row-major 4 x 4; takes a lab point into the camera frame (x right, y down, z forward). */
  cameraFromLab: number[];
}

export interface GaitEvents {
  time: Float64Array;
  side: Int8Array;
  /** 0 foot strike, 1 toe off. */
  type: Int8Array;
}

/** An angle over the run, as the file describes it. */
export interface Quantity {
  name: string;
  unit: string;
  definition: string;
}
export interface Angle extends Quantity {
  hasCurves: boolean;
}

export interface Metric extends Quantity {
  values: Float64Array;
}

export interface StrideTable {
  side: Int8Array;
  start: Float64Array;
  toeOff: Float64Array;
  end: Float64Array;
  accepted: Uint8Array;
  reason: string[];
  metrics: Metric[];
}

export interface SummaryRow extends Quantity {
  side: Side;
  mean: number;
  sd: number;
  n: number;
  ciLow: number;
  ciHigh: number;
  trendPerMinute: number;
}

export interface Stage {
  stage: string;
  command: string;
  version: string;
  started: string;
  warnings: string[];
}

/** Everything of a trial but what is as long as the run. */
export interface TrialHead {
  file: string;
  trial: string;
  subject: string;
  session: string;
  activity: string;
  created: string;
  rateHz: number;
  time: Float64Array;
  labels: string[];
  hasTrajectories: boolean;
  /** Frames that lie together in the file: what is read at a time. */
  blockFrames: number;
  labFrame: string;
  cameras: Camera[];
  /** Cameras whose sightings are in the file. */
  sightingCameras: string[];
  events: GaitEvents;
  angles: Angle[];
  strides: StrideTable;
  summary: SummaryRow[];
  /** The marker set as it was given (TOML), of the last stage that kept it. */
  markerSet: string | null;
  /** Options of the analysis: what must be the same for two trials to be compared. */
  method: unknown;
  stages: Stage[];
  /** Marker positions (labels x 3) of a few frames spread over the run. */
  overview: Float32Array[];
}

/** Frames begin to end (not included) of the run. */
export interface FrameBlock {
  begin: number;
  end: number;
  /** (end - begin) x labels x 3, metres; NaN where missing. */
  position: Float32Array;
  /** (end - begin) x labels: 0 missing, 1 measured, 2 to 4 filled, 5 imported. */
  source: Uint8Array;
  /** Pelvis obliquity of each frame, radians; NaN where missing, empty where the trial has none. */
  obliquity: Float64Array;
}

/** Covariances of a block: (end - begin) x labels x 6, m^2, as xx xy xz yy yz zz. */
export interface CovarianceBlock {
  begin: number;
  end: number;
  covariance: Float32Array;
}

/** Which cameras saw which marker: (end - begin) x labels bit masks, bit c for camera c of the rig (c < 32). */
export interface SightingBlock {
  begin: number;
  end: number;
  seen: Uint32Array;
}

/** A trial that cannot be shown, in words for whoever opened it. */
export class TrialError extends Error {
  constructor(message: string, readonly advice: string) {
    super(message);
    this.name = 'TrialError';
  }
}

export const PELVIS_OBLIQUITY = 'pelvis_obliquity';
