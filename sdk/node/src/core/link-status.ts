import { ConfigError, HubError, StatusError } from "./errors.js";

const FINAL = ["INVALID_ARGUMENT", "FAILED_PRECONDITION", "PERMISSION_DENIED", "UNIMPLEMENTED", "UNAUTHENTICATED"];

/** What this process knows of a hub, or of an address at which there may be one. */
export interface HubStatus {
  /** The hub that was there last; empty when there never was one. */
  hubId: string;
  address: string;
  attached: boolean;
  /** Commands that are made outside of handlers go there. */
  home: boolean;
  /** When `attached` changed last. */
  since: Date | undefined;
  /** Why there is no stream. */
  error: HubError | undefined;
}

export function isAlias(error: HubError | undefined): boolean {
  return error?.code === "ALREADY_EXISTS";
}

/** Whether attaching again with the same hello is of no use. */
export function isFinal(error: HubError | undefined, attachedOnce: boolean): boolean {
  if (error instanceof ConfigError) return !attachedOnce;
  return error !== undefined && FINAL.includes(error.code);
}

export function hubError(error: unknown): HubError {
  if (error instanceof HubError) return error;
  return new StatusError("UNAVAILABLE", "", error instanceof Error ? error.message : String(error));
}
