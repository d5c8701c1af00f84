/** How often each name with a prefix stands in a list, sorted by the name. */
export function countBy(names: readonly string[], prefix: string): [string, number][] {
  const counts = new Map<string, number>();
  for (const name of names) if (name.startsWith(prefix)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A JSON text after a JSON merge patch (RFC 7396). */
export function merged(text: Buffer, patch: Buffer): Buffer {
  const before = text.length === 0 ? undefined : JSON.parse(text.toString());
  return Buffer.from(JSON.stringify(apply(before, JSON.parse(patch.toString()))));
}

function apply(value: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(value) ? { ...value } : {};
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) delete result[name];
    else result[name] = apply(result[name], change);
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
