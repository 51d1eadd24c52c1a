/** metav1.Condition and its older likes: one entry a type, `lastTransitionTime` moves only when the status does. */
export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  lastUpdateTime?: string;
  lastHeartbeatTime?: string;
  lastProbeTime?: string | null;
  observedGeneration?: number;
}

export function getCondition<C extends { type: string }>(conditions: readonly C[] | undefined, type: string): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** A new list with the condition set; order is kept, a new type goes last. `now` is RFC 3339. */
export function setCondition<C extends Condition>(conditions: readonly C[] | undefined, condition: C, now: string): C[] {
  const old = getCondition(conditions, condition.type);
  const lastTransitionTime = old && old.status === condition.status ? (old.lastTransitionTime ?? now) : now;
  const next = { ...condition, lastTransitionTime };
  return old ? (conditions ?? []).map((c) => (c === old ? next : c)) : [...(conditions ?? []), next];
}
