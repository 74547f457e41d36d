// What the wizard's parts hand to each other, and what POST rollouts and POST rollouts/preview take and answer.

export type Unit = "s" | "min" | "h";

export interface Strategy {
  kind: "weighted" | "header" | "cookie" | "mirror" | "blue_green";
  name?: string;
  value?: string;
}

/** A step as it is asked for: what cannot be read as a number stays as it was typed, and the server says so. */
export interface Step {
  weight: number | string;
  seconds: number | string;
  requests: number | string;
  pause: boolean;
}

/** A step as it is typed. */
export interface StepRow {
  weight: string;
  amount: string;
  unit: Unit;
  requests: string;
  pause: boolean;
}

export interface Told {
  url: string;
  format: string;
}

export interface Gate {
  stage: string;
  url: string;
}

export interface QueryRow {
  name: string;
  query: string;
  least: string;
  most: string;
  looks: string;
}

/** All that is typed, as text; ratios are typed as percent. */
export interface Form {
  namespace: string;
  service: string;
  baseline: string;
  canary: string;
  strategy: { kind: Strategy["kind"]; name: string; value: string };
  steps: StepRow[];
  errors: { on: boolean; margin: string; tolerated: string };
  latency: { on: boolean; objective: string; margin: string; tolerated: string };
  queries: QueryRow[];
  on_harm: string;
  on_no_verdict: string;
  on_no_traffic: string;
  alpha: string;
  interval: string;
  notify: Told[];
  gates: Gate[];
}

/** What POST rollouts takes. */
export interface Spec {
  namespace: string;
  service: string;
  baseline: string;
  canary: string;
  strategy: Strategy;
  steps: Step[];
  guards: Record<string, any>[];
  on_harm: string;
  on_no_verdict: string;
  on_no_traffic: string;
  alpha: number | string;
  interval_seconds: number | string;
  notify: Told[];
  gates: Gate[];
}

export interface Preset {
  title: string;
  strategy: Strategy;
  steps: { weight: number; seconds: number; requests: number; pause: boolean }[];
}

export interface Version {
  version: string;
  pods: number;
  ready_pods: number;
  /** Configured share in percent; null when no rule names it. */
  weight: number | null;
  /** 0 to 1; null when not measured. */
  observed_share: number | null;
}

/** What the page knows of a service. */
export interface About {
  namespace: string;
  service: string;
  found: boolean;
  versions: Version[];
  sentence: string;
  /** Why this person can start nothing there; empty when he can. */
  refusal: string;
  /** The rollout that occupies it; without an id where this person may not see it. */
  running: { id: number | null; status: string; canary: string } | null;
}

export interface Page {
  choices: Record<string, string[]>;
  about: About;
  presets: Record<string, Preset>;
  spec: Spec;
  /** What everything besides service, versions, strategy and steps is by itself. */
  usual: Partial<Spec>;
  limits: { steps: number; guards: number; urls: number };
  service_path: string;
}

export interface Caller {
  namespace: string;
  workload: string;
  app?: string;
  requests_per_second: number;
  error_ratio: number;
}

export interface Operation {
  action: string;
  resource: { kind: string; namespace: string; name: string };
  yaml_before: string;
  yaml_after: string;
  unified_diff: string;
}

export interface Sight {
  guard: string;
  /** Times the baseline's. */
  smallest: number | null;
  /** 0 to 1 of the canary's requests. */
  smallest_ratio: number | null;
  /** 0 to 1: for which `seconds_to_harm` is told. */
  example: number;
  seconds_to_harm: number | null;
}

export interface StepAhead {
  weight: number;
  seconds: number | null;
  sentence: string;
  operations: Operation[];
  sights: Sight[];
}

export interface Problem {
  level: "error" | "warning" | "info";
  code: string;
  message: string;
  field?: string | null;
  resource?: string | null;
}

/** What POST rollouts/preview answers. */
export interface Preview {
  traffic: {
    requests_per_second: number | null;
    bad_ratio: Record<string, number | null>;
    callers: Caller[];
  };
  steps: StepAhead[];
  seconds: number | null;
  seconds_to_verdict: number | null;
  expected_end: string | null;
  warnings: { code: string; words: string }[];
  problems?: Problem[];
}

export interface FieldError {
  field: string;
  message: string;
}
