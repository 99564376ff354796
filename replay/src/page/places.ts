import { TrialError } from '../trial/model';
import type { TrialPlace } from '../trial/protocol';

export interface NamedPlace {
  name: string;
  place: TrialPlace;
}

/** Where the trials of this page are: inside it, or at the server that it came from. */
export async function findTrials(): Promise<NamedPlace[]> {
  const inside = document.getElementById('trials');
  if (inside) return names(inside.textContent ?? '').map((name, i) => ({ name, place: { bytes: inlined(i) } }));
  if (location.protocol === 'file:') return [];
  let text: string;
  try {
    const answer = await fetch('trials.json');
    if (!answer.ok) throw new Error(String(answer.status));
    text = await answer.text();
  } catch {
    throw new TrialError('The server that this page came from does not answer.',
                         'Start medius replay again and open the address that it prints.');
  }
  // In full, since a worker of the page resolves addresses from its own.
  return names(text).map((name, i) => ({ name, place: { url: new URL(`trial/${i}`, location.href).href } }));
}

function names(json: string): string[] {
  return (JSON.parse(json) as { trials: string[] }).trials;
}

function inlined(index: number): Uint8Array {
  const element = document.getElementById(`trial-${index}`);
  if (!element) throw new TrialError('A trial of this page is missing.', 'The file is cut short; copy it again.');
  try {
    return fromBase64(element.textContent ?? '');
  } catch {
    throw new TrialError('A trial of this page is damaged.', 'Copy the file again from where it was made.');
  } finally {
    element.remove(); // its text is most of the page's memory
  }
}

/** RFC 4648, section 4, piece by piece: a text of hundreds of megabytes is not decoded at once. */
export function fromBase64(text: string): Uint8Array {
  const piece = 1 << 20; // a multiple of 4
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  if (text.length % 4 !== 0) throw new Error('not base64');
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let at = 0;
  for (let i = 0; i < text.length; i += piece) {
    const part = atob(text.slice(i, i + piece));
    for (let k = 0; k < part.length; ++k) bytes[at++] = part.charCodeAt(k);
  }
  return bytes;
}
