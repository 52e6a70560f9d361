import { describe, expect, it } from 'vitest'
import { LiveSet } from '../../src/agent/live-set.ts'

const item = (destroyed = false) => ({ destroyed })

describe('a set of things that get destroyed', () => {
  it('counts and shows only those that live', () => {
    const set = new LiveSet<{ destroyed: boolean }>(({ destroyed }) => destroyed)
    const [first, second] = [item(), item()]
    set.add(first)
    set.add(second)
    set.add(second)
    expect(set.size).toBe(2)
    first.destroyed = true
    expect(set.all()).toEqual([second])
    expect(set.size).toBe(1)
  })

  it('does not keep the dead, also when nobody looks', async () => {
    const set = new LiveSet<{ destroyed: boolean }>(({ destroyed }) => destroyed)
    let swept = 0
    const alive = item()
    set.add(alive)
    for (let i = 0; i < 10_000; i++) {
      // How often it is asked shows how long it is kept.
      const dead = {
        get destroyed() {
          swept += 1
          return true
        },
      }
      set.add(dead)
    }
    expect(swept).toBeGreaterThan(10_000 - 64)
    // Constant cost per addition.
    expect(swept).toBeLessThan(2 * 10_000)
    expect(set.all()).toEqual([alive])
  })

  it('is swept as seldom with many that live', () => {
    const set = new LiveSet<{ destroyed: boolean }>(({ destroyed }) => destroyed)
    let asked = 0
    for (let i = 0; i < 10_000; i++) {
      set.add({
        get destroyed() {
          asked += 1
          return false
        },
      })
    }
    expect(asked).toBeLessThan(2 * 10_000)
    expect(set.size).toBe(10_000)
  })
})
