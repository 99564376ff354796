import { splitSide, title } from '../run/words';
import type { Angle, Side } from '../trial/model';

/** An angle of both sides, or of the whole body: one plot. */
export interface AngleGroup {
  base: string;
  title: string;
  unit: string;
  /** As the file has it, of the first member. */
  definition: string;
  members: { name: string; side: Side | null; hasCurves: boolean }[];
}

export function angleGroups(angles: Angle[]): AngleGroup[] {
  const groups = new Map<string, AngleGroup>();
  for (const angle of angles) {
    const { side, base } = splitSide(angle.name);
    let group = groups.get(base);
    if (!group) {
      group = { base, title: title(base), unit: angle.unit, definition: angle.definition, members: [] };
      groups.set(base, group);
    }
    group.members.push({ name: angle.name, side, hasCurves: angle.hasCurves });
  }
  return [...groups.values()];
}

const FIRST = ['pelvis_obliquity', 'hip_adduction', 'knee_abduction', 'knee_adduction'];

/** The plots that are open at first: the frontal plane. */
export function firstGroups(groups: AngleGroup[]): string[] {
  const named = FIRST.filter((base) => groups.some((group) => group.base === base));
  const trunk = groups.find((group) => /trunk.*(lean|obliquity|lateral)/.test(group.base));
  const chosen = trunk ? [...named, trunk.base] : named;
  return chosen.length > 0 ? chosen : groups.slice(0, 3).map((group) => group.base);
}
