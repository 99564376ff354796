const MOST_BLOCKS = 24;
const AHEAD = 2;

/** Blocks of frames that were read lately; asks for those that come next. */
export class BlockCache<B extends { begin: number; end: number }> {
  private readonly blocks = new Map<number, B>();
  private readonly asked = new Map<number, Promise<B>>();
  /** The first thing that went wrong in the background. */
  failure: Error | null = null;

  constructor(private readonly frameCount: number, private readonly blockFrames: number,
              private readonly fetch: (begin: number, end: number) => Promise<B>) {}

  /** The block of a frame if it is here; asks for it and the next ones where not. */
  peek(frame: number): B | null {
    const index = Math.floor(frame / this.blockFrames);
    for (let i = index; i <= index + AHEAD && i * this.blockFrames < this.frameCount; ++i) {
      if (!this.blocks.has(i)) this.ask(i).catch((error: Error) => (this.failure ??= error));
    }
    const block = this.blocks.get(index) ?? null;
    if (block) this.keep(index, block);
    return block;
  }

  /** The block of a frame, once it is here. */
  async get(frame: number): Promise<B> {
    const index = Math.floor(frame / this.blockFrames);
    return this.blocks.get(index) ?? this.ask(index);
  }

  private ask(index: number): Promise<B> {
    let answer = this.asked.get(index);
    if (!answer) {
      const begin = index * this.blockFrames;
      answer = this.fetch(begin, Math.min(begin + this.blockFrames, this.frameCount)).then((block) => {
        this.asked.delete(index);
        this.keep(index, block);
        return block;
      }, (error: Error) => {
        this.asked.delete(index); // so that it is tried again when it is wanted again
        throw error;
      });
      this.asked.set(index, answer);
    }
    return answer;
  }

  private keep(index: number, block: B): void {
    this.blocks.delete(index);
    this.blocks.set(index, block);
    if (this.blocks.size > MOST_BLOCKS) this.blocks.delete(this.blocks.keys().next().value as number);
  }
}
