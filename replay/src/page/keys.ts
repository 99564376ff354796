/** All keys, what they do, in the order of the help. One place: the help, the buttons' hints and the page read it. */
export const KEYS = [
  { keys: [' '], shown: 'Space', does: 'play or pause', action: 'play' },
  { keys: ['ArrowLeft'], shown: '\u2190', does: 'one frame back', action: 'back' },
  { keys: ['ArrowRight'], shown: '\u2192', does: 'one frame on', action: 'forward' },
  { keys: ['Shift+ArrowLeft'], shown: 'Shift \u2190', does: 'ten frames back', action: 'back10' },
  { keys: ['Shift+ArrowRight'], shown: 'Shift \u2192', does: 'ten frames on', action: 'forward10' },
  { keys: ['PageUp', ','], shown: ', or Page up', does: 'the stride before', action: 'previous-stride' },
  { keys: ['PageDown', '.'], shown: '. or Page down', does: 'the next stride', action: 'next-stride' },
  { keys: ['Home'], shown: 'Home', does: 'to the start', action: 'start' },
  { keys: ['End'], shown: 'End', does: 'to the end', action: 'end' },
  { keys: ['l', 'L'], shown: 'L', does: 'repeat this stride', action: 'loop' },
  { keys: ['x', 'X'], shown: 'X', does: 'strides of the left or the right leg', action: 'side' },
  { keys: ['['], shown: '[', does: 'slower', action: 'slower' },
  { keys: [']'], shown: ']', does: 'faster', action: 'faster' },
  { keys: ['1'], shown: '1', does: 'view from behind', action: 'view-behind' },
  { keys: ['2'], shown: '2', does: 'view from the front', action: 'view-front' },
  { keys: ['3'], shown: '3', does: 'view from the right side', action: 'view-side' },
  { keys: ['4'], shown: '4', does: 'view from above', action: 'view-top' },
  { keys: ['5'], shown: '5', does: 'free view', action: 'view-free' },
  { keys: ['a', 'A'], shown: 'A', does: 'turn left', action: 'turn-left' },
  { keys: ['d', 'D'], shown: 'D', does: 'turn right', action: 'turn-right' },
  { keys: ['w', 'W'], shown: 'W', does: 'turn up', action: 'turn-up' },
  { keys: ['s', 'S'], shown: 'S', does: 'turn down', action: 'turn-down' },
  { keys: ['+', '='], shown: '+', does: 'nearer', action: 'nearer' },
  { keys: ['-'], shown: '\u2212', does: 'farther', action: 'farther' },
  { keys: ['k', 'K'], shown: 'K', does: 'links between markers', action: 'show-links' },
  { keys: ['b', 'B'], shown: 'B', does: 'bones', action: 'show-skeleton' },
  { keys: ['n', 'N'], shown: 'N', does: 'names of markers', action: 'show-names' },
  { keys: ['f', 'F'], shown: 'F', does: 'floor and belt', action: 'show-floor' },
  { keys: ['c', 'C'], shown: 'C', does: 'cameras', action: 'show-cameras' },
  { keys: ['r', 'R'], shown: 'R', does: 'rays of the cameras', action: 'show-rays' },
  { keys: ['e', 'E'], shown: 'E', does: 'uncertainty of the markers', action: 'show-ellipsoids' },
  { keys: ['g', 'G'], shown: 'G', does: 'the second trial: beside, as a ghost, not at all', action: 'compare' },
  { keys: ['m', 'M'], shown: 'M', does: 'curves: whole run, one stride, all strides', action: 'curve-mode' },
  { keys: ['t', 'T'], shown: 'T', does: 'curves, drift, strides, about', action: 'tab' },
  { keys: ['p', 'P'], shown: 'P', does: 'save the picture (PNG)', action: 'save-picture' },
  { keys: ['v', 'V'], shown: 'V', does: 'save this stride as a clip (WebM)', action: 'save-clip' },
  { keys: ['o', 'O'], shown: 'O', does: 'open another trial', action: 'open' },
  { keys: ['?', 'h', 'H'], shown: '?', does: 'this help', action: 'help' },
] as const;

export type Action = (typeof KEYS)[number]['action'];

/** The action of a key press; null where it is none of ours or belongs to a control that has the focus. */
export function actionOf(event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'altKey' | 'metaKey'>,
                         focus: { tagName: string } | null): Action | null {
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  const tag = focus?.tagName ?? '';
  if (tag === 'INPUT' || tag === 'TEXTAREA' || tag === 'SELECT') return null;
  if ((tag === 'BUTTON' || tag === 'SUMMARY' || tag === 'A') && event.key === ' ') return null;
  const name = event.shiftKey && event.key.startsWith('Arrow') ? `Shift+${event.key}` : event.key;
  return KEYS.find((entry) => (entry.keys as readonly string[]).includes(name))?.action ?? null;
}

export function keyHint(action: Action): string {
  return KEYS.find((entry) => entry.action === action)?.shown ?? '';
}
