import { blobBytes, httpBytes, MemoryBytes, type ByteSource } from './byte_source';
import { explained } from './hdf5';
import { TrialError } from './model';
import type { Answer, Question, TrialPlace } from './protocol';
import { TrialReader } from './reader';

let reader: TrialReader | null = null;

function source(place: TrialPlace): ByteSource {
  try {
    if ('url' in place) return httpBytes(place.url);
  } catch (error) {
    throw new TrialError(`The trial does not come from the server: ${(error as Error).message}.`,
                         'If medius replay has ended, start it again and open the address that it prints.');
  }
  return 'file' in place ? blobBytes(place.file) : new MemoryBytes(place.bytes);
}

async function answer(question: Question): Promise<unknown> {
  if (question.ask === 'open') {
    reader = await TrialReader.open(source(question.place), question.name);
    return reader.head;
  }
  if (!reader) throw new TrialError('No trial is open.', 'Open one first.');
  switch (question.ask) {
    case 'frames': return reader.frames(question.begin, question.end);
    case 'covariance': return reader.covariance(question.begin, question.end);
    case 'sightings': return reader.sightings(question.begin, question.end);
    case 'series': return reader.series(question.name);
    case 'curves': return reader.curves(question.name);
  }
}

// Arrays are handed over rather than copied.
function buffers(result: unknown): Transferable[] {
  const values = ArrayBuffer.isView(result) ? [result] : Object.values((result ?? {}) as object);
  const found = new Set<Transferable>();
  for (const value of values) {
    if (ArrayBuffer.isView(value) && value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  }
  return [...found];
}

self.onmessage = async (event: MessageEvent<{ id: number; question: Question }>) => {
  const { id, question } = event.data;
  let reply: Answer;
  try {
    reply = { id, result: await answer(question) };
  } catch (error) {
    const { message, advice } = explained(error, 'The trial');
    reply = { id, message, advice };
  }
  const transfer = 'result' in reply && question.ask !== 'open' ? buffers(reply.result) : [];
  self.postMessage(reply, { transfer });
};
