import { Kind, Role, type Subscription } from "../pb/index.js";

const BY_ITSELF = [Kind.KIND_CONNECTED, Kind.KIND_EVENT, Kind.KIND_DISCONNECTED];

/** What an application may ask for. */
export interface Subject {
  role: Role;
  namespace: string;
  kind: Kind;
  /** Of an event. */
  event?: string;
}

/** The most specific of the subscriptions that ask for something. */
export function best(subscriptions: readonly Subscription[], subject: Subject): Subscription | undefined {
  let found: Subscription | undefined;
  let top = -1;
  for (const subscription of subscriptions) {
    const rank = rankOf(subscription, subject);
    if (rank > top) [found, top] = [subscription, rank];
  }
  return found;
}

/** How specific a subscription is; -1 when it does not ask for it. */
export function rankOf(subscription: Subscription, { role, namespace, kind, event }: Subject): number {
  if (subscription.role !== role || !matches(subscription.namespace, namespace)) return -1;
  if (role !== Role.ROLE_AUTHORIZER && !wants(subscription, kind)) return -1;
  const name = event === undefined || subscription.events.length === 0 ? 0 : fits(subscription.events, event);
  return name < 0 ? -1 : specific(subscription.namespace) * 1024 + name;
}

function wants(subscription: Subscription, kind: Kind): boolean {
  return (subscription.kinds.length === 0 ? BY_ITSELF : subscription.kinds).includes(kind);
}

function matches(pattern: string, namespace: string): boolean {
  if (pattern === namespace || pattern === "*") return true;
  const prefix = pattern.slice(0, -1);
  return pattern.endsWith("*") && namespace.startsWith(prefix) && namespace.length > prefix.length;
}

/** How specific the best of some patterns is for a name of an event or a room; -1 when none takes it. */
export function fits(patterns: readonly string[], name: string): number {
  let top = -1;
  for (const pattern of patterns) {
    const takes = pattern === name || (pattern.endsWith("*") && name.startsWith(pattern.slice(0, -1)));
    if (takes) top = Math.max(top, specific(pattern));
  }
  return top;
}

/** Longer patterns are more specific, and whole names are before all patterns. */
function specific(pattern: string): number {
  return pattern.endsWith("*") ? pattern.length : pattern.length + 512;
}
