/** How two analyses differ: one line a setting, none where angles may be compared. */
export function methodDifferences(mine: unknown, other: unknown): string[] {
  if (mine === null || other === null) {
    const which = mine === null && other === null ? 'neither trial was' : 'one of the trials was never';
    return [`${which} analyzed, so nothing says how its angles were made`];
  }
  const a = flat(mine);
  const b = flat(other);
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((name) => a.get(name) !== b.get(name))
    .map((name) => `${name}: ${a.get(name) ?? 'not set'} here, ${b.get(name) ?? 'not set'} in the other`);
}

function flat(value: unknown, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  if (value !== null && typeof value === 'object') {
    for (const [key, part] of Object.entries(value)) {
      const name = prefix ? `${prefix}.${key}` : key;
      for (const [inner, text] of flat(part, name)) found.set(inner, text);
    }
  } else {
    found.set(prefix, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return found;
}
