// Where frames come from: an idle one where there is one, grown for a long pipeline. What becomes of it is frame.ts's.

import type { Action } from './call.ts'
import { Frame, idle } from './frame.ts'
import type { Bounds, Plan } from './pending.ts'

export function frameFor(plan: Plan, action: Action<unknown>): Frame {
  const frame = idle.pop() ?? new Frame()
  frame.plan = plan
  frame.action = action
  if (plan.slots > frame.slots.length) grow(frame, plan.slots)
  return frame
}

/** A branch of `parent`: its own way through the inner layers, with the same action and root. */
export function branchOf(parent: Frame, bounds: Bounds): Frame {
  const frame = frameFor(parent.plan, parent.action)
  frame.special = true
  frame.slots.fill(undefined)
  frame.parent = parent
  frame.bounds = bounds
  frame.args = parent.args
  frame.key = parent.key
  frame.priority = parent.priority
  return frame
}

function grow(frame: Frame, slots: number): void {
  while (frame.slots.length < slots) frame.slots.push(undefined)
  frame.times = new Float64Array(slots)
}
