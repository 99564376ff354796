/** What the page needs of a marker-set file: which label is which landmark, and which labels belong together. */
export interface MarkerSet {
  name: string;
  /** role -> label */
  roles: Map<string, string>;
  /** segment -> labels */
  clusters: Map<string, string[]>;
}

/**
 * Reads the part of TOML that marker sets are written in: tables, strings, arrays of strings. Other values are passed
 * over. null where it is no marker set.
 */
export function parseMarkerSet(toml: string): MarkerSet | null {
  const set: MarkerSet = { name: '', roles: new Map(), clusters: new Map() };
  let table = '';
  for (const line of logicalLines(toml)) {
    const header = /^\[([^\]]+)\]$/.exec(line);
    if (header) {
      table = header[1].trim();
      continue;
    }
    const pair = /^("?)([^"=]+)\1\s*=\s*(.*)$/s.exec(line);
    if (!pair) continue;
    const key = pair[2].trim();
    const texts = strings(pair[3]);
    if (table === '' && key === 'name') set.name = texts[0] ?? '';
    if (table === 'roles' && texts.length > 0) set.roles.set(key, texts[0]);
    if (table === 'clusters') set.clusters.set(key, texts);
  }
  return set.roles.size + set.clusters.size > 0 ? set : null;
}

// Lines without comments; an array over several lines as one.
function logicalLines(toml: string): string[] {
  const lines: string[] = [];
  let open = '';
  for (const raw of toml.split(/\r?\n/)) {
    const line = withoutComment(raw).trim();
    if (line === '' && open === '') continue;
    open = open ? `${open} ${line}` : line;
    const bare = open.replace(/"(?:[^"\\]|\\.)*"|'[^']*'/g, '');
    const unclosed = /=\s*\[/.test(bare) && !bare.includes(']');
    if (!unclosed) {
      lines.push(open);
      open = '';
    }
  }
  return lines;
}

function withoutComment(line: string): string {
  const found = /^(?:[^#"']|"(?:[^"\\]|\\.)*"|'[^']*')*/.exec(line);
  return found ? found[0] : line;
}

function strings(text: string): string[] {
  const found: string[] = [];
  for (const match of text.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g)) {
    found.push(match[2] ?? match[1].replace(/\\(.)/g, '$1'));
  }
  return found;
}

/** Pairs of marker indices to join by a line: each cluster all to all, a larger one (above 4) as a ring. */
export function links(set: MarkerSet, labels: string[]): { a: number; b: number; segment: string }[] {
  const found: { a: number; b: number; segment: string }[] = [];
  for (const [segment, members] of set.clusters) {
    const at = members.map((label) => labels.indexOf(label)).filter((index) => index >= 0);
    for (let i = 0; i < at.length; ++i) {
      for (let k = i + 1; k < at.length; ++k) {
        const inRing = k === i + 1 || (i === 0 && k === at.length - 1);
        if (at.length <= 4 || inRing) found.push({ a: at[i], b: at[k], segment });
      }
    }
  }
  return found;
}

/** Side of each marker, by the role or cluster that names it: 0 left, 1 right, null neither or not known. */
export function markerSides(set: MarkerSet | null, labels: string[]): (0 | 1 | null)[] {
  const sides = new Map<string, 0 | 1>();
  const add = (name: string, label: string) => {
    if (name.startsWith('left_')) sides.set(label, 0);
    if (name.startsWith('right_')) sides.set(label, 1);
  };
  set?.clusters.forEach((members, name) => members.forEach((label) => add(name, label)));
  set?.roles.forEach((label, name) => add(name, label));
  return labels.map((label) => sides.get(label) ?? null);
}

/** A place of the body as the mean of the markers that stand for it, the first list of which one is there. */
type Place = number[];

/** The skeleton: places (marker indices each) and the bones between them. */
export interface Skeleton {
  places: Place[];
  bones: { from: number; to: number; side: 0 | 1 | null }[];
}

/** Joint centres are not in the trial, so bones run through landmarks, or the middle of clusters where these lack. */
export function skeleton(set: MarkerSet, labels: string[]): Skeleton {
  const index = (role: string) => labels.indexOf(set.roles.get(role) ?? '');
  const roles = (...names: string[]) => names.map(index).filter((i) => i >= 0);
  const cluster = (name: string) => (set.clusters.get(name) ?? []).map((l) => labels.indexOf(l)).filter((i) => i >= 0);
  const first = (...choices: Place[]) => choices.find((place) => place.length > 0) ?? [];
  const result: Skeleton = { places: [], bones: [] };
  const chain = (places: Place[], side: 0 | 1 | null) => {
    let last = -1;
    for (const place of places) {
      if (place.length === 0) continue;
      const at = result.places.push(place) - 1;
      if (last >= 0) result.bones.push({ from: last, to: at, side });
      last = at;
    }
  };
  for (const [side, name] of [[0, 'left'], [1, 'right']] as const) {
    const knee = roles(`${name}_lateral_epicondyle`, `${name}_medial_epicondyle`);
    const ankle = roles(`${name}_lateral_malleolus`, `${name}_medial_malleolus`);
    const toe = first(roles(`${name}_toe`), roles(`${name}_first_metatarsal`, `${name}_fifth_metatarsal`));
    const hip = first(roles(`${name}_hip_centre`), roles(`${name}_asis`, `${name}_psis`), roles(`${name}_asis`));
    chain([hip, ...(knee.length ? [] : [cluster(`${name}_thigh`)]), knee,
           ...(ankle.length ? [] : [cluster(`${name}_shank`)]), ankle, roles(`${name}_heel`), toe], side);
    chain([first(roles('c7'), roles('sternum'), roles('clavicle')), roles(`${name}_acromion`)], side);
  }
  chain([roles('left_asis', 'right_asis', 'left_psis', 'right_psis', 'sacrum'),
         first(roles('c7'), roles('sternum'), roles('clavicle'), cluster('trunk'))], null);
  return result;
}
