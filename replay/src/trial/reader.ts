import type { ByteSource } from './byte_source';
import { Hdf5, openHdf5 } from './hdf5';
import {
  PELVIS_OBLIQUITY, TrialError,
  type Angle, type Camera, type CovarianceBlock, type FrameBlock, type GaitEvents, type SightingBlock, type Stage,
  type StrideTable, type SummaryRow, type TrialHead,
} from './model';

const SCHEMA_VERSION = 1;
const MOST_FRAMES = 50_000_000;
const MOST_MARKERS = 5_000;
const OVERVIEW_FRAMES = 15;
const STRIDE_COLUMNS = ['side', 'start', 'toe_off', 'end', 'accepted', 'rejection_reason', 'curves'];

/** A trial, read as it is looked at. */
export class TrialReader {
  private constructor(private readonly h5: Hdf5, readonly head: TrialHead) {}

  static async open(source: ByteSource, file: string): Promise<TrialReader> {
    const h5 = await openHdf5(source);
    requireTrial(h5);
    return new TrialReader(h5, readHead(h5, file));
  }

  frames(begin: number, end: number): FrameBlock {
    const rows: [number, number] = [begin, end];
    const hasAngle = this.h5.has(`kinematics/${PELVIS_OBLIQUITY}`);
    return {
      begin,
      end,
      position: Float32Array.from(this.h5.numbers('trajectories/position', rows) as Float32Array),
      source: Uint8Array.from(this.h5.numbers('trajectories/source', rows) as Uint8Array),
      obliquity: hasAngle ? this.h5.float64(`kinematics/${PELVIS_OBLIQUITY}`, rows) : new Float64Array(0),
    };
  }

  covariance(begin: number, end: number): CovarianceBlock {
    const values = this.h5.has('trajectories/covariance')
      ? Float32Array.from(this.h5.numbers('trajectories/covariance', [begin, end]) as Float32Array)
      : new Float32Array(0);
    return { begin, end, covariance: values };
  }

  /** All of an angle, one value a frame. */
  series(name: string): Float64Array {
    return this.h5.float64(`kinematics/${name}`);
  }

  /** The strides of an angle: strides x 101. */
  curves(name: string): Float32Array {
    return Float32Array.from(this.h5.numbers(`strides/curves/${name}`) as Float32Array);
  }

  sightings(begin: number, end: number): SightingBlock {
    const markers = this.head.labels.length;
    const seen = new Uint32Array((end - begin) * markers);
    this.head.cameras.slice(0, 32).forEach((camera, bit) => {
      const path = `observations/${camera.name}`;
      if (!this.h5.has(`${path}/label`)) return;
      const start = this.h5.float64(`${path}/frame_start`, [begin, end + 1]);
      const labels = this.h5.numbers(`${path}/label`, [start[0], start[start.length - 1]]);
      for (let frame = 0; frame < end - begin; ++frame) {
        for (let row = start[frame]; row < start[frame + 1]; ++row) {
          const label = Number(labels[row - start[0]]);
          if (label >= 0 && label < markers) seen[frame * markers + label] |= 1 << bit;
        }
      }
    });
    return { begin, end, seen };
  }
}

function requireTrial(h5: Hdf5): void {
  if (h5.text('/', 'format') !== 'medius-trial') {
    throw new TrialError('The file is HDF5, but no Medius trial.',
                         'Open a .trial.h5 file that medius import, simulate or reconstruct has written.');
  }
  const version = h5.number('/', 'schema_version');
  if (!(version <= SCHEMA_VERSION)) {
    throw new TrialError(`The trial is of version ${version}; this page reads version ${SCHEMA_VERSION}.`,
                         'Open it with the medius that wrote it, or a newer one.');
  }
  const [frames] = h5.shape('timebase/time');
  const [markers] = h5.shape('trajectories/labels');
  if (!(frames > 0)) throw new TrialError('The trial has no frames.', 'Look into it with medius info.');
  if (frames > MOST_FRAMES || (markers ?? 0) > MOST_MARKERS) {
    throw new TrialError(`The trial claims ${frames} frames and ${markers} markers, which cannot be.`,
                         'The file is damaged; copy it again, and see what medius info says.');
  }
}

function readHead(h5: Hdf5, file: string): TrialHead {
  const time = h5.float64('timebase/time');
  const labels = h5.texts('trajectories/labels');
  const hasTrajectories = hasPositions(h5, time.length, labels.length);
  const stages = h5.keys('provenance');
  const analysis = stages.includes('analyze') ? stageText(h5, 'analyze', 'options') : '';
  return {
    file,
    trial: h5.text('/', 'trial'),
    subject: h5.text('/', 'subject'),
    session: h5.text('/', 'session'),
    activity: h5.text('/', 'activity'),
    created: h5.text('/', 'created'),
    rateHz: h5.number('timebase/time', 'rate_hz'),
    time,
    labels,
    hasTrajectories,
    blockFrames: Math.min(1024, Math.max(1, h5.chunk('trajectories/position')[0] ?? 256)),
    labFrame: h5.text('rig', 'lab_frame'),
    cameras: h5.keys('rig').map((name) => readCamera(h5, name)),
    sightingCameras: h5.keys('observations').filter((name) => h5.has(`observations/${name}/label`)),
    events: readEvents(h5),
    angles: readAngles(h5),
    strides: readStrides(h5),
    summary: readSummary(h5),
    markerSet: stages.map((stage) => stageText(h5, stage, 'marker_set')).filter((text) => text).pop() ?? null,
    method: parseJson(analysis),
    stages: stages.map((stage) => readStage(h5, stage)).sort((a, b) => a.started.localeCompare(b.started)),
    overview: hasTrajectories ? readOverview(h5, time.length) : [],
  };
}

function hasPositions(h5: Hdf5, frames: number, markers: number): boolean {
  if (!h5.has('trajectories/position')) return false;
  const shape = h5.shape('trajectories/position');
  const source = h5.shape('trajectories/source');
  if (shape[0] === frames && shape[1] === markers && shape[2] === 3 && source[0] === frames && source[1] === markers) {
    return true;
  }
  throw new TrialError(`The positions are ${shape.join(' x ')}, not ${frames} x ${markers} x 3.`,
                       'The file is damaged or made by another program; see what medius info says.');
}

function readCamera(h5: Hdf5, name: string): Camera {
  return {
    name,
    width: h5.number(`rig/${name}`, 'width'),
    height: h5.number(`rig/${name}`, 'height'),
    intrinsics: [...h5.float64(`rig/${name}/intrinsics`)],
    cameraFromLab: [...h5.float64(`rig/${name}/camera_from_lab`)],
  };
}

function readEvents(h5: Hdf5): GaitEvents {
  return {
    time: h5.float64('events/time'),
    side: Int8Array.from(h5.numbers('events/side') as Int8Array),
    type: Int8Array.from(h5.numbers('events/type') as Int8Array),
  };
}

function quantity(h5: Hdf5, path: string, name: string) {
  return { name, unit: h5.text(path, 'unit'), definition: h5.text(path, 'definition') };
}

function readAngles(h5: Hdf5): Angle[] {
  const [frames] = h5.shape('timebase/time');
  const curves = h5.keys('strides/curves');
  return h5.keys('kinematics')
    .filter((name) => !name.endsWith('_sigma') && isColumn(h5.shape(`kinematics/${name}`), frames))
    .map((name) => ({ ...quantity(h5, `kinematics/${name}`, name), hasCurves: curves.includes(name) }));
}

function isColumn(shape: number[], length: number): boolean {
  return shape.length === 1 && shape[0] === length;
}

function readStrides(h5: Hdf5): StrideTable {
  const start = h5.float64('strides/start');
  const metrics = h5.keys('strides').filter(
    (name) => !STRIDE_COLUMNS.includes(name) && isColumn(h5.shape(`strides/${name}`), start.length));
  return {
    side: Int8Array.from(h5.numbers('strides/side') as Int8Array),
    start,
    toeOff: h5.float64('strides/toe_off'),
    end: h5.float64('strides/end'),
    accepted: Uint8Array.from(h5.numbers('strides/accepted') as Uint8Array),
    reason: h5.texts('strides/rejection_reason'),
    metrics: metrics.map((name) => ({ ...quantity(h5, `strides/${name}`, name), values: h5.float64(`strides/${name}`) })),
  };
}

function readSummary(h5: Hdf5): SummaryRow[] {
  const names = h5.texts('summary/metric');
  const units = h5.texts('summary/unit');
  const definitions = h5.texts('summary/definition');
  const column = (name: string) => h5.float64(`summary/${name}`);
  const [side, mean, sd, n] = ['side', 'mean', 'sd', 'n'].map(column);
  const [low, high, trend] = ['ci_low', 'ci_high', 'trend_per_minute'].map(column);
  return names.map((name, i) => ({
    name,
    unit: units[i],
    definition: definitions[i],
    side: side[i] === 1 ? 1 : 0,
    mean: mean[i],
    sd: sd[i],
    n: n[i],
    ciLow: low[i],
    ciHigh: high[i],
    trendPerMinute: trend[i],
  }));
}

// A long text is a dataset of the same name instead of an attribute.
function stageText(h5: Hdf5, stage: string, name: string): string {
  const path = `provenance/${stage}`;
  return h5.text(path, name) || (h5.has(`${path}/${name}`) ? h5.texts(`${path}/${name}`).join('') : '');
}

function readStage(h5: Hdf5, stage: string): Stage {
  const path = `provenance/${stage}`;
  return {
    stage,
    command: stageText(h5, stage, 'command'),
    version: h5.text(path, 'version'),
    started: h5.text(path, 'started'),
    warnings: h5.attributeTexts(path, 'warnings').filter((text) => text),
  };
}

function parseJson(text: string): unknown {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

function readOverview(h5: Hdf5, frames: number): Float32Array[] {
  const count = Math.min(OVERVIEW_FRAMES, frames);
  return Array.from({ length: count }, (_, i) => {
    const frame = Math.floor(((i + 0.5) * frames) / count);
    return Float32Array.from(h5.numbers('trajectories/position', [frame, frame + 1]) as Float32Array);
  });
}
