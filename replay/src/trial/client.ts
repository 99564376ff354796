import TrialWorker from 'medius:trial-worker';
import { BlockCache } from './block_cache';
import { TrialError, type CovarianceBlock, type FrameBlock, type SightingBlock, type TrialHead } from './model';
import type { Answer, Question, TrialPlace } from './protocol';

/** A trial that is open in a worker of its own. */
export class TrialClient {
  readonly frames: BlockCache<FrameBlock>;
  readonly covariance: BlockCache<CovarianceBlock>;
  readonly sightings: BlockCache<SightingBlock>;
  private readonly series_ = new Map<string, Promise<Float64Array>>();
  private readonly curves_ = new Map<string, Promise<Float32Array>>();

  private constructor(private readonly link: WorkerLink, readonly head: TrialHead) {
    const cache = <B extends { begin: number; end: number }>(ask: 'frames' | 'covariance' | 'sightings') =>
      new BlockCache<B>(head.time.length, head.blockFrames,
                        (begin, end) => link.ask({ ask, begin, end }) as Promise<B>);
    this.frames = cache<FrameBlock>('frames');
    this.covariance = cache<CovarianceBlock>('covariance');
    this.sightings = cache<SightingBlock>('sightings');
  }

  /** @throws TrialError where the trial cannot be shown. */
  static async open(place: TrialPlace, name: string): Promise<TrialClient> {
    const link = new WorkerLink();
    try {
      return new TrialClient(link, (await link.ask({ ask: 'open', place, name })) as TrialHead);
    } catch (error) {
      link.close();
      throw error;
    }
  }

  /** All of an angle, radians, one value a frame. */
  series(name: string): Promise<Float64Array> {
    return remembered(this.series_, name, () => this.link.ask({ ask: 'series', name }) as Promise<Float64Array>);
  }

  /** The strides of an angle, radians: strides x 101. */
  curves(name: string): Promise<Float32Array> {
    return remembered(this.curves_, name, () => this.link.ask({ ask: 'curves', name }) as Promise<Float32Array>);
  }

  close(): void {
    this.link.close();
  }
}

function remembered<T>(known: Map<string, Promise<T>>, name: string, ask: () => Promise<T>): Promise<T> {
  let answer = known.get(name);
  if (!answer) known.set(name, (answer = ask()));
  return answer;
}

class WorkerLink {
  private readonly worker = new TrialWorker();
  private readonly waiting = new Map<number, { done: (result: unknown) => void; failed: (error: Error) => void }>();
  private next = 0;

  constructor() {
    this.worker.onmessage = (event: MessageEvent<Answer>) => {
      const reply = event.data;
      const asked = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      if ('message' in reply) asked?.failed(new TrialError(reply.message, reply.advice));
      else asked?.done(reply.result);
    };
    this.worker.onerror = (event: ErrorEvent) => {
      event.preventDefault();
      const error = new TrialError('The reader of the file stopped.', 'Reload the page; medius info says what is whole.');
      for (const asked of this.waiting.values()) asked.failed(error);
      this.waiting.clear();
    };
  }

  ask(question: Question): Promise<unknown> {
    const id = this.next++;
    return new Promise((done, failed) => {
      this.waiting.set(id, { done, failed });
      this.worker.postMessage({ id, question });
    });
  }

  close(): void {
    this.worker.terminate();
  }
}
