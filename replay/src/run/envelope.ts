/** A long series in few points: of each bucket its least and largest value, in the order in which they came. */
export function envelope(time: Float64Array, values: Float64Array, buckets: number):
    { x: number[]; y: (number | null)[] } {
  const x: number[] = [];
  const y: (number | null)[] = [];
  const add = (index: number) => {
    x.push(time[index]);
    y.push(Number.isNaN(values[index]) ? null : values[index]);
  };
  if (values.length <= 2 * buckets) {
    for (let i = 0; i < values.length; ++i) add(i);
    return { x, y };
  }
  for (let b = 0; b < buckets; ++b) {
    const begin = Math.floor((b * values.length) / buckets);
    const end = Math.floor(((b + 1) * values.length) / buckets);
    const [low, high] = extremes(values, begin, end);
    if (low < 0) {
      add(begin); // a gap stays one
    } else {
      add(Math.min(low, high));
      if (low !== high) add(Math.max(low, high));
    }
  }
  return { x, y };
}

function extremes(values: Float64Array, begin: number, end: number): [number, number] {
  let low = -1;
  let high = -1;
  for (let i = begin; i < end; ++i) {
    if (Number.isNaN(values[i])) continue;
    if (low < 0 || values[i] < values[low]) low = i;
    if (high < 0 || values[i] > values[high]) high = i;
  }
  return [low, high];
}
