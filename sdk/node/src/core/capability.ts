import { CAPABILITIES, FIELDS, NEEDED_BY } from "../pb/hub/v1/contract.js";
import type { Hello, Result } from "../pb/index.js";
import { type HubError, MissingCapabilityError, StatusError, statusError } from "./errors.js";

/** What a hub can do that this version of the kit does not know. */
export function newer(capabilities: readonly string[]): string[] {
  return capabilities.filter((name) => !CAPABILITIES.includes(name)).sort();
}

/** The error of a hello, with the capability that its hub lacks. */
export function lacking(error: HubError | undefined, hello: Hello): HubError | undefined {
  if (!(error instanceof StatusError) || error.reason !== "UNKNOWN_CAPABILITY") return unknownField(error, "Hello");
  const index = /\[(\d+)\]$/.exec(error.field)?.[1];
  const asked = hello.requiredCapabilities;
  return new MissingCapabilityError(error, error.detail, error.field, asked[Number(index)] ?? asked.join(", "));
}

/**
 * The error of a message that a hub did not know all of: with the names of fields of which it knows the numbers alone, and the
 * capability that the field needs. `root` is the message that was sent.
 */
export function unknownField<E extends HubError | undefined>(error: E, root: string): E | MissingCapabilityError {
  if (!(error instanceof StatusError) || error.reason !== "UNKNOWN_FIELD") return error;
  let at: string | undefined = root;
  let capability = "";
  const path = error.field.split(".").map((part) => {
    const [, name = "", index = ""] = /^([^[]*)(.*)$/.exec(part) ?? [];
    const known = fieldOf(at, name);
    if (known === undefined) return part;
    capability = NEEDED_BY[`${at}.${known[0]}`] ?? capability;
    at = known[1];
    return known[0] + index;
  });
  const why = capability === "" ? "it is older than this version of @siohub/server" : `it lacks the capability \`${capability}\``;
  return new MissingCapabilityError(error, `the hub does not know it: ${why}`, path.join("."), capability);
}

/** The error of a command. */
export function commandError(result: Result | undefined): StatusError | undefined {
  return unknownField(statusError(result?.status), "Command");
}

function fieldOf(message: string | undefined, name: string): readonly [name: string, of?: string] | undefined {
  const fields = FIELDS[message ?? ""] ?? {};
  return /^\d+$/.test(name) ? fields[Number(name)] : Object.values(fields).find(([own]) => own === name);
}
