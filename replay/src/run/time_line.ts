/** Index of the frame shown at a time: the last one that begins at or before it. */
export function frameAt(time: Float64Array, t: number): number {
  let low = 0;
  let high = time.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (time[middle] <= t) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Seconds as m:ss.mmm, from an hour on h:mm:ss.mmm. */
export function clockText(seconds: number): string {
  const milliseconds = Math.round(seconds * 1000);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const hours = Math.floor(milliseconds / 3_600_000);
  const minutes = (milliseconds / 60_000) % 60;
  const rest = `${two((milliseconds / 1000) % 60)}.${String(milliseconds % 1000).padStart(3, '0')}`;
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${Math.floor(minutes)}:${rest}`;
}

export const SPEEDS = [0.1, 0.25, 0.5, 1, 1.5, 2];

/** Where in the run the page is, and how it goes on. Times are those of the trial, seconds. */
export class Player {
  playing = false;
  speed = 1;
  /** Repeats this span while it is set. */
  loop: [number, number] | null = null;
  private now: number;

  constructor(private readonly time: Float64Array) {
    this.now = time[0];
  }

  get t(): number {
    return this.now;
  }
  get frame(): number {
    return frameAt(this.time, this.now);
  }
  get begin(): number {
    return this.time[0];
  }
  get end(): number {
    return this.time[this.time.length - 1];
  }

  seek(t: number): void {
    this.now = Math.min(Math.max(t, this.begin), this.end);
  }

  /** Moves by whole frames and stops there. */
  step(frames: number): void {
    this.playing = false;
    const frame = Math.min(Math.max(this.frame + frames, 0), this.time.length - 1);
    this.now = this.time[frame];
  }

  /** Goes on by some seconds of the clock on the wall; at the end of the run it stops. */
  advance(seconds: number): void {
    if (!this.playing) return;
    let t = this.now + seconds * this.speed;
    if (this.loop) {
      const [begin, end] = this.loop;
      if (t >= end || t < begin) t = begin + (end > begin ? (((t - begin) % (end - begin)) + (end - begin)) % (end - begin) : 0);
    } else if (t >= this.end) {
      this.playing = false;
    }
    this.seek(t);
  }

  changeSpeed(by: number): void {
    const at = SPEEDS.indexOf(this.speed);
    this.speed = SPEEDS[Math.min(Math.max((at < 0 ? 3 : at) + by, 0), SPEEDS.length - 1)];
  }
}
