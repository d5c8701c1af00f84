import { type Duration, Hello, Role, type Subscription, type Welcome } from "../pb/index.js";
import type { Attachment } from "./attachment.js";
import { newer, unknownField } from "./capability.js";
import type { Core } from "./core.js";
import { ConfigError, statusError } from "./errors.js";
import type { Link } from "./link.js";

/** A time in milliseconds as the contract has it. */
export function duration(ms: number): Duration {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1e6) };
}

export function newHello(core: Core, link: Link, resume: Attachment | undefined): Hello {
  const settings = core.settings;
  return Hello.fromPartial({
    group: settings.group,
    instanceId: settings.instanceId,
    version: settings.version,
    subscriptions: core.program.subscriptions as Subscription[],
    requiredCapabilities: settings.requiredCapabilities,
    window: { deliveries: settings.deliveries, bytes: settings.bytes, observations: settings.observations },
    weight: settings.weight,
    keepSockets: settings.keepSockets,
    attachedHubIds: core.hubs.attachedBut(link),
    anew: resume === undefined && core.hubs.isLost(link.expected),
    heartbeatInterval: settings.heartbeat > 0 ? duration(settings.heartbeat) : undefined,
    resume:
      resume === undefined ? undefined : { attachment: resume.id, hubId: resume.peer.hubId, ackEnvelopeSeq: resume.received },
  });
}

/** Says what a newer hub can do of which this version of the kit makes no use. */
export function lookAtCapabilities(core: Core, address: string, welcome: Welcome): void {
  const more = newer(welcome.capabilities);
  if (more.length === 0) return;
  const fields = { address, version: welcome.hubVersion, unused: more.join(", ").slice(0, 1000) };
  core.log.info("the hub is newer than this version of @siohub/server, which does not use all that it has", fields);
}

/** Looks at what became of each subscription: the error of one that is not in force, else warnings are logged. */
export function refusedSubscription(core: Core, welcome: Welcome): ConfigError | undefined {
  for (const [i, result] of welcome.subscriptions.entries()) {
    const asked = core.program.subscriptions[i];
    const as = asked === undefined ? "?" : `${Role[asked.role].slice("ROLE_".length).toLowerCase()} of ${asked.namespace}`;
    const error = unknownField(statusError(result.status), "Subscription");
    if (error !== undefined) {
      return new ConfigError("hub", `the subscription as ${as} is refused: ${error.code} ${error.reason}: ${error.message}`, {
        cause: error,
      });
    }
    for (const warning of result.warnings) {
      core.log.warn("subscription", { as, reason: warning.reason, message: warning.message });
    }
  }
  return undefined;
}
