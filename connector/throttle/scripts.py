"""The Lua of the gate: one script to enter, one to leave, one to hold back; each is one round trip and atomic.

Both sides of the state are of one endpoint: `slots`, a sorted set token -> when its lease ends, and `state`, a hash:
`next` (GCRA: when the next request is due), `held_until` (after a 429), `failures` in a row, `failing_since`,
`open_until`, `opened` (times in a row) and `probe_until` of the breaker. All times are milliseconds of the Redis server's clock.
"""

from __future__ import annotations

from enum import IntEnum


class Word(IntEnum):
    """What the enter script says."""

    GO = 0  # a slot and a request are yours, after the named wait
    FULL = 1  # all slots are taken
    TOO_FAST = 2  # the next free request is later than you would wait
    HELD = 3  # the other side asked for a pause
    OPEN = 4  # the breaker is open


class Outcome(IntEnum):
    """What the caller says when leaving."""

    WELL = 0  # the other side answered
    FAILED = 1  # it did not answer, or with a server error
    NEITHER = 2  # says nothing about it: our process was stopped, or a bug


class Change(IntEnum):
    """What the leave script did to the breaker."""

    NONE = 0
    OPENED = 1
    CLOSED = 2


_NOW = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
"""

# ARGV: ms between requests, requests that may come at once, slots, lease ms, token, longest wait ms, state's life ms
# Returns {word, ms to wait or until it is worth asking again, 1 if this is the breaker's probe}.
ENTER = (
    _NOW
    + """
local interval, burst, places = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local lease, token, patience = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local held = redis.call('HMGET', KEYS[2], 'next', 'held_until', 'open_until', 'probe_until')
local due, held_until = tonumber(held[1] or 0), tonumber(held[2] or 0)
local open_until, probe_until = tonumber(held[3] or 0), tonumber(held[4] or 0)
if open_until > now then return {4, open_until - now, 0} end
if open_until > 0 and probe_until > now then return {4, probe_until - now, 0} end
if held_until > now then return {3, held_until - now, 0} end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= places then return {1, 0, 0} end
if due < now then due = now end
local wait = math.ceil(math.max(0, due - (burst - 1) * interval - now))
if wait > patience then return {2, wait, 0} end
redis.call('HSET', KEYS[2], 'next', string.format('%.3f', due + interval))
redis.call('ZADD', KEYS[1], now + wait + lease, token)
local probe = 0
if open_until > 0 then
  probe = 1
  redis.call('HSET', KEYS[2], 'probe_until', now + wait + lease)
end
redis.call('PEXPIRE', KEYS[1], wait + 2 * lease)
redis.call('PEXPIRE', KEYS[2], ARGV[7])
return {0, wait, probe}
"""
)

# ARGV: token, outcome, 1 if probe, failures that open, first ms open, longest ms open, ms they must go on
# Returns {change, ms the breaker stays open}.
LEAVE = (
    _NOW
    + """
local outcome, probe = tonumber(ARGV[2]), ARGV[3] == '1'
redis.call('ZREM', KEYS[1], ARGV[1])
local held = redis.call('HMGET', KEYS[2], 'failures', 'open_until', 'opened')
local failures, is_open, opened = tonumber(held[1] or 0), tonumber(held[2] or 0) > 0, tonumber(held[3] or 0)
if probe then redis.call('HDEL', KEYS[2], 'probe_until') end
if outcome == 2 or (is_open and not probe) then return {0, 0} end
if outcome == 0 then
  if is_open then
    redis.call('HDEL', KEYS[2], 'failures', 'failing_since', 'open_until', 'opened')
    return {2, 0}
  end
  if failures > 0 then redis.call('HDEL', KEYS[2], 'failures', 'failing_since') end
  return {0, 0}
end
failures = redis.call('HINCRBY', KEYS[2], 'failures', 1)
redis.call('HSETNX', KEYS[2], 'failing_since', now)
local failing = now - tonumber(redis.call('HGET', KEYS[2], 'failing_since'))
if not probe and (failures < tonumber(ARGV[4]) or failing < tonumber(ARGV[7])) then return {0, 0} end
local stay = math.min(tonumber(ARGV[5]) * 2 ^ opened, tonumber(ARGV[6]))
redis.call('HSET', KEYS[2], 'open_until', now + stay, 'opened', opened + 1)
return {1, stay}
"""
)

# ARGV: ms to hold back, state's life ms
HOLD_BACK = (
    _NOW
    + """
local until_ms = now + tonumber(ARGV[1])
if until_ms > tonumber(redis.call('HGET', KEYS[1], 'held_until') or 0) then
  redis.call('HSET', KEYS[1], 'held_until', until_ms)
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 0
"""
)
