/** Types by which events and their arguments are checked: the maps that `Server<…>` and `Socket<…>` take. */

/** Names of events, with the functions that listen to them. */
// biome-ignore lint/suspicious/noExplicitAny: a map of functions of any form, as the reference has it
export type EventsMap = { [event: string]: any };

/** Any event, with any arguments: what is used when no map is given. */
export type DefaultEventsMap = {
  // biome-ignore lint/suspicious/noExplicitAny: see above
  [event: string]: (...args: any[]) => void;
};

// biome-ignore lint/suspicious/noExplicitAny: functions of any form
type Fn = (...args: any[]) => any;
// biome-ignore lint/suspicious/noExplicitAny: lists of any form
type List = any[];

type IsAny<T> = 0 extends 1 & T ? true : false;

/** The names that a map has. */
export type EventNames<Map extends EventsMap> = keyof Map & (string | symbol);

/** The arguments of an event. */
export type EventParams<Map extends EventsMap, Ev extends EventNames<Map>> = Parameters<Map[Ev]>;

/** The last type of a list. */
export type Last<T extends readonly unknown[]> = T extends readonly [...unknown[], infer L]
  ? L
  : T extends readonly [...infer _, (infer L)?]
    ? L
    : T[number];

/** A list without its last type. */
export type AllButLast<T extends List> = T extends [...infer Head, unknown] ? Head : List;

/** The arguments of a function of any form. */
type ParametersOf<F> = F extends (...args: infer P) => unknown ? P : never;

/** Whether the last argument of an event is a callback. */
type HasAck<F> =
  IsAny<F> extends true
    ? true
    : ParametersOf<F> extends []
      ? false
      : IsAny<Last<ParametersOf<F>>> extends true
        ? true
        : Last<ParametersOf<F>> extends Fn
          ? true
          : false;

/** Whether an event may be emitted without a callback at its end. */
type MayLackAck<F> =
  IsAny<F> extends true
    ? true
    : ParametersOf<F> extends []
      ? true
      : IsAny<Last<ParametersOf<F>>> extends true
        ? true
        : Last<ParametersOf<F>> extends Fn
          ? false
          : true;

/** The events whose last argument is an acknowledgement. */
export type EventNamesWithAck<Map extends EventsMap, K extends EventNames<Map> = EventNames<Map>> = K extends unknown
  ? HasAck<Map[K]> extends true
    ? K
    : never
  : never;

/** The events without an acknowledgement: those that may go to many. */
export type EventNamesWithoutAck<Map extends EventsMap, K extends EventNames<Map> = EventNames<Map>> = K extends unknown
  ? MayLackAck<Map[K]> extends true
    ? K
    : never
  : never;

/** The events whose acknowledgement begins with an error: those after `timeout()`. */
export type EventNamesWithError<Map extends EventsMap> = {
  [K in EventNames<Map>]: IsAny<Map[K]> extends true
    ? K
    : IsAny<Last<ParametersOf<Map[K]>>> extends true
      ? K
      : Last<ParametersOf<Map[K]>> extends (first: infer E, ...rest: List) => unknown
        ? E extends Error
          ? K
          : never
        : never;
}[EventNames<Map>];

/** A map without the events that are acknowledged. */
export type RemoveAcknowledgements<Map extends EventsMap> = { [K in EventNamesWithoutAck<Map>]: Map[K] };

/** What a promise of an acknowledgement gives: its first argument that is no error. */
export type FirstNonErrorArg<T> = T extends (...args: infer P) => unknown
  ? P[0] extends Error
    ? P[1]
    : P[0]
  : unknown extends T
    ? T
    : never;

/** Puts an error before the arguments of each acknowledgement: `timeout()` does. */
type WithError<P extends unknown[]> = {
  [I in keyof P]: P[I] extends (...args: infer A) => infer R ? (A[0] extends Error ? P[I] : (err: Error, ...args: A) => R) : P[I];
};

type FirstOf<P extends unknown[]> = P extends [infer F, ...unknown[]] ? [F[]] : P extends [] ? [] : P[number][][];

/** Makes the first argument of each acknowledgement a list: many answer. */
type WithMany<P extends unknown[]> = {
  [I in keyof P]: P[I] extends (...args: infer A) => infer R
    ? A extends [infer E extends Error, ...infer Rest]
      ? (err: E, ...args: FirstOf<Rest>) => R
      : (...args: FirstOf<A>) => R
    : P[I];
};

/** A map after `timeout()`. */
export type DecorateAcknowledgements<Map> = {
  [K in keyof Map]: Map[K] extends (...args: infer P) => infer R ? (...args: WithError<P>) => R : Map[K];
};

/** A map after `to()` and its like. */
export type DecorateAcknowledgementsWithMultipleResponses<Map> = {
  [K in keyof Map]: Map[K] extends (...args: infer P) => infer R ? (...args: WithMany<P>) => R : Map[K];
};

/** A map for `serverSideEmit`, whose callback gets an error or what all the others said. */
export type DecorateAcknowledgementsWithTimeoutAndMultipleResponses<Map> = {
  [K in keyof Map]: Map[K] extends (...args: infer P) => infer R ? (...args: WithMany<WithError<P>>) => R : Map[K];
};

/** Names of a map, or of the events that the kit itself has. */
export type ReservedOrUserEventNames<Reserved extends EventsMap, User extends EventsMap> =
  | EventNames<Reserved>
  | EventNames<User>;

// biome-ignore lint/suspicious/noExplicitAny: listeners of events that no map has
type Untyped = (...args: any[]) => void | Promise<void>;

/** The listener of an event. */
export type ReservedOrUserListener<Reserved extends EventsMap, User extends EventsMap, Ev> = [
  Ev extends EventNames<Reserved> ? Reserved[Ev] : Ev extends EventNames<User> ? User[Ev] : never,
] extends [never]
  ? Untyped
  : Ev extends EventNames<Reserved>
    ? Reserved[Ev]
    : Ev extends EventNames<User>
      ? User[Ev]
      : Untyped;
