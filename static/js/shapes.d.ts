/** What the REST interface and the websocket carry. Names and units as in docs and the OpenAPI document. */

export interface FieldError {
  field: string;
  message: string;
}

export interface Source {
  name: string;
  state: "ok" | "stale" | "starting";
  since: string | null;
  message: string;
  taken_at: string | null;
  window_seconds: number;
}

export interface Problem {
  level: "error" | "warning" | "info";
  code: string;
  message: string;
  field: string | null;
  resource: string | null;
}

export interface Version {
  version: string;
  subset: string | null;
  pods: number;
  ready_pods: number;
  /** Configured share in percent; null when no rule names it. */
  weight: number | null;
  /** 0 to 1; null when not measured. */
  observed_share: number | null;
}

export interface Match {
  header: string;
  value: string;
}

export interface Fault {
  kind: "delay" | "abort";
  percentage: number;
  fixed_delay: string | null;
  http_status: number | null;
  grpc_status: string | null;
  whom: string;
  match: Match | null;
  owned: boolean;
}

export interface Service {
  namespace: string;
  name: string;
  host: string;
  ports: { name: string; number: number; protocol: string }[];
  versions: Version[];
  routing: {
    virtual_service: { namespace: string; name: string } | null;
    sentence: string;
    editable: boolean;
    reason: string;
  };
  faults: Fault[];
  problems: Problem[];
  /** Of one service only. */
  routes?: Route[];
  /** Each traffic policy in force as a rule; of one service only. */
  policies?: Record<string, any>[];
}

export interface Resource {
  kind: string;
  api_version: string;
  namespace: string;
  name: string;
}

export interface FieldDiff {
  op: "add" | "remove" | "change";
  path: string;
  old?: unknown;
  new?: unknown;
}

export interface Conflict {
  resource: Resource;
  base: string;
  theirs: string;
  yours: string;
  theirs_diff: FieldDiff[];
  yours_diff: FieldDiff[];
}

export interface Plan {
  id: string;
  hash: string;
  state: string;
  problems: Problem[];
}

export interface Change {
  id: number;
  state: "started" | "applied" | "conflict" | "partial" | "failed";
  message: string;
}

/** One http route in force, in the words of rules. */
export interface Route {
  index: number;
  name: string;
  default: boolean;
  match: Record<string, any>[];
  action: Record<string, any>;
  policies: Record<string, any>;
  /** All of it as POST plans takes it; null where no rule can say it. */
  rule: Record<string, any> | null;
  sentence: string;
  /** The fields that no rule says; they stay. */
  not_expressible: string[];
}

/** A rule with the section that shows it; `reveal` shows it there first. */
export interface Asked {
  section: HTMLElement;
  rule: Record<string, any>;
  reveal?: () => void;
}

/** A form of the service's editor: what it asks for, and how it follows what is typed elsewhere. */
export interface RuleForm {
  readonly isChanged: boolean;
  readonly sentence: string;
  /** What cannot be asked for as it stands, in words; empty when everything can. */
  readonly problem?: string;
  asked(): Asked[];
  /** Shows these rules, or (none) that nothing is asked for; tells nobody. */
  show(rules: any[]): void;
  observe?(service: Service): void;
  reset(): void;
}

export type Rule =
  | { kind: "split"; namespace: string; service: string; weights: Record<string, number> }
  | {
      kind: "fault";
      namespace: string;
      service: string;
      delay?: { percentage: number; fixed_delay: string };
      abort?: { percentage: number; http_status: number };
      match?: Match;
    }
  | { kind: "clear_fault"; namespace: string; service: string };
